"""Names and texts written into SQL that is put together, for DuckDB and PostgreSQL alike."""

from __future__ import annotations


def quoted(name: str) -> str:
    """An identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of SQL."""
    return "'" + text.replace("'", "''") + "'"
