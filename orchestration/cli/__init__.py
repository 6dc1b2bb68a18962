"""The `qiangshi` command, one module a group of commands."""
