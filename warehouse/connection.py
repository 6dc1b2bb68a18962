"""Opening the private warehouse: one writer under an operating-system lock, short sessions.

dbt opens the same file in its own way: whoever runs dbt holds `warehouse_lock` meanwhile.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from warehouse.errors import WarehouseBusy, WorkspaceMissing
from warehouse.settings import Settings

_DDL = Path(__file__).parent / "schema" / "raw.sql"


@contextmanager
def warehouse_lock(settings: Settings, wait_seconds: float = 120) -> Iterator[None]:
    """Holds the right to write `work/warehouse.duckdb`.

    Raises:
        WarehouseBusy: another process kept it for longer than `wait_seconds`.
    """
    if not settings.work.is_dir():
        raise WorkspaceMissing(settings.home)
    lock = FileLock(str(settings.work / "warehouse.lock"))
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise WarehouseBusy(settings.warehouse_db, wait_seconds) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def warehouse_writer(
    settings: Settings, wait_seconds: float = 120
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The private warehouse, open for writing, with all raw tables; checkpointed and closed after.

    Raises:
        WarehouseBusy: another process of ours writes it.
    """
    with warehouse_lock(settings, wait_seconds):
        prepare_warehouse(settings)
        connection = _opened_for_writing(settings.warehouse_db, wait_seconds)
        try:
            yield connection
            connection.execute("checkpoint")
        finally:
            connection.close()


def _opened_for_writing(path: Path, wait_seconds: float) -> duckdb.DuckDBPyConnection:
    """The file open for writing, once whoever reads it has ended: readings last for a moment."""
    until = time.monotonic() + wait_seconds
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            if time.monotonic() > until:
                raise WarehouseBusy(path, wait_seconds) from error
            time.sleep(0.1)


@contextmanager
def between_writers(settings: Settings, wait_seconds: float = 3) -> Iterator[None]:
    """Lets a reading of the private warehouse meet no writer, and no writer meet it.

    For those who read at any hour, as the desk does: a file that one process has open for reading
    cannot be opened for writing by another.

    Raises:
        WarehouseBusy: a night, or the day's checker, writes for longer than `wait_seconds`.
    """
    with warehouse_lock(settings, wait_seconds):
        yield


@contextmanager
def private_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The private warehouse, read-only, for the length of one question.

    Raises:
        WarehouseBusy: a night is writing it.
    """
    if not settings.warehouse_db.is_file():
        raise WorkspaceMissing(settings.home)
    try:
        connection = duckdb.connect(str(settings.warehouse_db), read_only=True)
    except (duckdb.IOException, duckdb.ConnectionException) as error:
        raise WarehouseBusy(settings.warehouse_db, 0) from error
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def scratch_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty raw tables in memory, gone when the question is answered."""
    with duckdb.connect() as connection:
        connection.execute(_DDL.read_text(encoding="utf-8"))
        yield connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("begin transaction")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def scalar(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()) -> Any:
    """The first value of the answer, None when there is no row.

    All rows are fetched: DuckDB 2 refuses other work while an answer is half read.
    """
    rows = connection.execute(sql, list(parameters)).fetchall()
    return rows[0][0] if rows else None


def prepare_warehouse(settings: Settings) -> bool:
    """Whether the file was made or made anew because the raw tables have changed.

    Changed tables are not altered in place (DuckDB's log is weakest there): a new file takes over
    the rows of the columns that both know. Tables of the models are left out; dbt rebuilds them.
    """
    ddl = _DDL.read_text(encoding="utf-8")
    mark = hashlib.sha256(ddl.encode()).hexdigest()
    path = settings.warehouse_db
    _set_aside_if_broken(path)
    if path.is_file() and _mark(path) == mark:
        return False
    aside = path.with_suffix(".building")
    aside.unlink(missing_ok=True)
    with duckdb.connect(str(aside)) as connection:
        connection.execute(ddl)
        connection.execute("insert into raw.schema_mark values (?)", [mark])
        if path.is_file():
            _take_over(connection, path)
        connection.execute("checkpoint")
    aside.replace(path)
    return True


def _set_aside_if_broken(path: Path) -> None:
    """Moves a file that DuckDB cannot read out of the way: all in it can be made anew.

    Submissions without rows are read again from their stored bytes by the next reading stage.
    """
    if not path.is_file():
        return
    try:
        duckdb.connect(str(path), read_only=True).close()
    except (duckdb.IOException, duckdb.SerializationException) as error:
        if "lock" in str(error).lower():
            raise WarehouseBusy(path, 0) from error
        path.replace(path.with_name("warehouse.broken.duckdb"))


def _mark(path: Path) -> str | None:
    with duckdb.connect(str(path), read_only=True) as connection:
        try:
            found = scalar(connection, "select ddl_sha256 from raw.schema_mark")
        except duckdb.CatalogException:
            return None
    return None if found is None else str(found)


def _take_over(connection: duckdb.DuckDBPyConnection, old: Path) -> None:
    quoted = str(old).replace("'", "''")
    connection.execute(f"attach '{quoted}' as old_file (read_only)")
    rows = connection.execute(
        """
        select new_columns.table_name, string_agg(new_columns.column_name, ', ')
        from duckdb_columns() as new_columns
        inner join duckdb_columns() as old_columns
            on new_columns.table_name = old_columns.table_name
            and new_columns.column_name = old_columns.column_name
        where new_columns.database_name = current_database()
            and new_columns.schema_name = 'raw'
            and old_columns.database_name = 'old_file'
            and old_columns.schema_name = 'raw'
            and new_columns.table_name <> 'schema_mark'
        group by new_columns.table_name
        """
    ).fetchall()
    for table, columns in rows:
        connection.execute(
            f"insert into raw.{table} ({columns}) select {columns} from old_file.raw.{table}"
        )
    connection.execute("detach old_file")
