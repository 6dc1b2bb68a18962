"""Opening the ledger: SQLite (WAL) or PostgreSQL by address, and its migrations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError

import warehouse.access.tables  # noqa: F401  # its tables belong to the ledger's schema
from warehouse.errors import LedgerBusy, LedgerOutdated, WorkspaceMissing
from warehouse.ledger.tables import HEAD
from warehouse.settings import Settings

_MIGRATIONS = Path(__file__).parent / "migrations"
_WRITER_LOCK = (
    7_103_611  # PostgreSQL advisory lock: one writing transaction at a time, as in SQLite
)
_WAIT_SECONDS = 30
"""How long a writer waits for the one before: an act takes milliseconds, a batch seconds."""
_LOCK_NOT_AVAILABLE = "55P03"
_turns: dict[str, threading.Lock] = {}
_turns_guard = threading.Lock()


def open_ledger(settings: Settings) -> Engine:
    """The workspace's ledger, at the schema this software needs.

    Raises:
        WorkspaceMissing: there is no ledger yet.
        LedgerOutdated: it has another schema revision.
    """
    engine = _engine(settings.ledger_url)
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).is_file():
        raise WorkspaceMissing(settings.home)
    found = schema_revision(engine)
    if found is None:
        raise WorkspaceMissing(settings.home)
    if found != HEAD:
        raise LedgerOutdated(found, HEAD)
    return engine


def create_ledger(settings: Settings) -> Engine:
    """The ledger, created or upgraded to this software's schema; harmless when it is there."""
    engine = _engine(settings.ledger_url)
    if schema_revision(engine) != HEAD:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return engine


def schema_revision(engine: Engine) -> str | None:
    """The ledger's schema revision; None when it has none."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("select version_num from alembic_version")).scalar()
        return None if found is None else str(found)


@contextmanager
def writing(engine: Engine | Connection) -> Iterator[Connection]:
    """One writing transaction, alone from its first read to its commit.

    Within another (a connection that `writing` gave), a part of it: what it raises takes back the
    part alone, and nothing counts before the whole is committed.

    Raises:
        LedgerBusy: another writer held the ledger for too long; nothing was written.
    """
    if isinstance(engine, Connection):
        with engine.begin_nested():
            yield engine
        return
    with _turn(engine), _opened(engine) as connection:
        yield connection


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Threads of one process take turns before SQLite's own lock, where waiting is a lottery."""
    if engine.dialect.name != "sqlite":
        yield
        return
    with _turns_guard:
        turn = _turns.setdefault(str(engine.url), threading.Lock())
    if not turn.acquire(timeout=_WAIT_SECONDS):
        raise LedgerBusy(_WAIT_SECONDS)
    try:
        yield
    finally:
        turn.release()


@contextmanager
def _opened(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.execution_options(is_writing=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"set local lock_timeout = '{_WAIT_SECONDS}s'"))
                lock = text("select pg_advisory_xact_lock(:key)")
                connection.execute(lock, {"key": _WRITER_LOCK})
            yield connection
    except OperationalError as error:
        if _is_busy(error):
            raise LedgerBusy(_WAIT_SECONDS) from error
        raise


def _is_busy(error: OperationalError) -> bool:
    said = str(error.orig)
    is_lock = getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
    return is_lock or "database is locked" in said or "database table is locked" in said


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling would read before it locks; we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    wait = f"busy_timeout={_WAIT_SECONDS * 1000}"
    for pragma in (wait, "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("begin immediate" if is_writing else "begin")
