"""The night's assets, one module a stage; each calls a plain function of `orchestration.stages`."""
