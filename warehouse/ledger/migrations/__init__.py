"""Alembic's home: run by `warehouse.ledger.engine.create_ledger`, never from a command line."""
