"""The ledger's schema: migrations and tables say the same; events only grow."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from warehouse.ledger import engine as ledger_engine
from warehouse.ledger.engine import create_ledger, writing
from warehouse.ledger.tables import HEAD, metadata
from warehouse.settings import Settings


def test_migrations_create_exactly_the_tables_of_the_module(ledger):
    with ledger.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = set(inspect(connection).get_table_names()) - {"alembic_version"}
    assert made == set(metadata.tables)


def test_the_schema_the_software_needs_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(ledger_engine._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_writes_ahead_keeps_foreign_keys_and_waits_for_a_lock(ledger):
    with ledger.engine.connect() as connection:
        answers = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    assert answers == ["wal", 1, 30000]


@pytest.mark.parametrize("act", ["update events set author = 'x'", "delete from events"])
def test_an_event_can_neither_be_changed_nor_removed(ledger, act):
    ledger.file()
    with (
        pytest.raises(DBAPIError, match="append-only"),
        writing(ledger.engine) as connection,
    ):
        connection.exec_driver_sql(act)


def test_creating_the_ledger_again_keeps_what_is_in_it(settings: Settings, ledger):
    submission_id = ledger.passed()
    create_ledger(settings)
    assert ledger.state(submission_id) == "passed"
