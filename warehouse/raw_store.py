"""The raw tables of the private warehouse: delete-and-insert per submission, copies, calendars.

Every function takes an open writer (`warehouse.connection.warehouse_writer`); each writes in one
transaction, so that doing it again is harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl
from sqlalchemy import Engine

from sources.periods import (
    MONTHS_IN,
    Period,
    parse_period,
    periods_between,
    previous,
    same_period_last_year,
)
from warehouse.connection import private_warehouse, transaction
from warehouse.ledger.frames import copies_for_build
from warehouse.settings import Settings

FIRST_YEAR, LAST_YEAR = 2015, 2035

_FROM_SUBMISSION = ("unit_code", "form_code", "form_version", "period_code")
_VALUES = (
    "submission_id",
    *_FROM_SUBMISSION,
    "row_code",
    "value_column",
    "element_code",
    "sheet",
    "cell",
    "text",
    "number_text",
    "issue_code",
)
_CELLS = ("file_sha256", "sheet", "row_no", "column_no", "cell", "text", "issue_code")
_AUTHORITY = (
    "submission_id",
    "authority_release_id",
    "published_on",
    "area_code",
    "area_name_zh",
    "element_code",
    "period_code",
    "period_type",
    "value_text",
    "is_derived",
    "note",
    "sheet",
    "cell",
)
_DUE = ("form_code", "form_version", "city_code", "period_code", "due_at")
_HISTORY = ("unit_code", "form_code", "period_code", "element_code", "number_text")
_HISTORY_SQL = """
with standing as (
    select
        submission_id,
        row_number() over (
            partition by unit_code, form_code, period_code
            order by received_at desc, file_name desc, version desc
        ) as place
    from raw.submissions
    where version is not null
        and state_code not in ('refused', 'held', 'returned', 'withdrawn')
),

corrected as (
    select
        submission_id, row_code, value_column,
        max_by(new_number_text, (approved_at, correction_id)) as new_number_text
    from raw.corrections
    where state_code = 'approved'
    group by submission_id, row_code, value_column
)

select
    filed.unit_code, filed.form_code, filed.period_code, filed.element_code,
    coalesce(corrected.new_number_text, filed.number_text) as number_text
from raw.reported_values as filed
inner join standing
    on filed.submission_id = standing.submission_id and standing.place = 1
left join corrected
    on filed.submission_id = corrected.submission_id
    and filed.row_code = corrected.row_code
    and filed.value_column = corrected.value_column
where coalesce(corrected.new_number_text, filed.number_text) is not null
order by filed.unit_code, filed.form_code, filed.period_code, filed.element_code
"""
_PERIODS = {
    "period_code": pl.String,
    "period_type": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "year": pl.Int32,
    "previous_code": pl.String,
    "same_period_last_year_code": pl.String,
}


_MANIFEST_ONLY = frozenset({"chain_length", "reopenings", "small_offices"})
"""What the manifest tells and no table."""


@dataclass(frozen=True)
class RunContext:
    """The one row that tells the models which release they build, and as of when."""

    as_of: date
    release_id: str
    published_at: datetime
    software_version: str
    definitions_hash: str
    is_synthetic: bool
    kind: str = "nightly"
    chain_head: str | None = None
    chain_length: int = 0
    """How many entries the chain had then."""
    reopenings: Sequence[Mapping[str, Any]] = ()
    """Periods reopened for this release: city, form, period, the release's name, reason."""
    small_offices: Sequence[Mapping[str, Any]] = ()
    """Units declared small offices on its day."""


def write_filed(
    connection: duckdb.DuckDBPyConnection,
    *,
    cells: pl.DataFrame | None = None,
    values: pl.DataFrame | None = None,
    authority: pl.DataFrame | None = None,
) -> None:
    """Replaces what the named files and submissions hold; others stay.

    Args:
        connection: the writer.
        cells: CELLS with a leading `file_sha256`.
        values: VALUES with `submission_id`, `unit_code`, `form_code`, `form_version`,
            `period_code`; further columns are left out.
        authority: AUTHORITY with `submission_id`.
    """
    with transaction(connection):
        _replace(connection, "cells", "file_sha256", cells, _CELLS)
        _replace(connection, "reported_values", "submission_id", values, _VALUES)
        _replace(connection, "authority_values", "submission_id", authority, _AUTHORITY)


def replace_ledger_copies(
    connection: duckdb.DuckDBPyConnection, ledger: Engine, known_by: datetime | None = None
) -> dict[str, int]:
    """Rows of each raw table that copies the ledger, taken anew (as known by a moment)."""
    copies = copies_for_build(ledger, known_by)
    with transaction(connection):
        for table, frame in copies.items():
            _rewrite(connection, table, frame)
    return {table: frame.height for table, frame in copies.items()}


def write_periods(connection: duckdb.DuckDBPyConnection, windows: Iterable[str] = ()) -> int:
    """Number of periods written: 2015 to 2035 of every type, year-to-date, and the odd windows."""
    frame = periods_frame(windows)
    with transaction(connection):
        _rewrite(connection, "periods", frame)
    return frame.height


def write_due_dates(connection: duckdb.DuckDBPyConnection, due_dates: pl.DataFrame) -> int:
    """Number of due dates written in place of the old ones."""
    with transaction(connection):
        _rewrite(connection, "due_dates", due_dates.select(_DUE))
    return due_dates.height


def write_run_context(connection: duckdb.DuckDBPyConnection, context: RunContext) -> None:
    """Writes the one row of the run."""
    with transaction(connection):
        connection.execute("delete from raw.run_context")
        told = [value for name, value in asdict(context).items() if name not in _MANIFEST_ONLY]
        marks = ", ".join("?" * len(told))
        connection.execute(f"insert into raw.run_context values ({marks})", told)


def history_frame(
    source: Settings | duckdb.DuckDBPyConnection | None, form_codes: Iterable[str] | None = None
) -> pl.DataFrame:
    """Numbers as filed (or as corrected) of each unit, form, period and element.

    They come from the newest version that is not refused, held, returned or withdrawn. The copies
    of the ledger must be fresh.

    Args:
        source: an open writer or reader, or the workspace to open one of; None for no history.
        form_codes: forms wanted; None for all.
    """
    if source is None:
        return pl.DataFrame(schema=dict.fromkeys(_HISTORY, pl.String))
    if isinstance(source, Settings):
        with private_warehouse(source) as connection:
            return history_frame(connection, form_codes)
    frame = source.sql(_HISTORY_SQL).pl()
    return frame if form_codes is None else frame.filter(pl.col("form_code").is_in(set(form_codes)))


def periods_frame(windows: Iterable[str] = ()) -> pl.DataFrame:
    """One row per period code and type; year-to-date rows carry their last month or quarter."""
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    rows = []
    for period_type in MONTHS_IN:
        for period in periods_between(period_type, first, last):
            neighbours = previous(period), same_period_last_year(period)
            rows.append(_period_row(period, period_type, period.start, *neighbours))
            if period_type in ("month", "quarter"):
                # A running total starts anew each year: January's has none before it.
                before = neighbours[0] if neighbours[0].start.year == period.start.year else None
                start = date(period.start.year, 1, 1)
                rows.append(_period_row(period, "ytd", start, before, neighbours[1]))
    for code in windows:
        period = parse_period(code)
        rows.append(_period_row(period, period.period_type, period.start, None, None))
    return pl.DataFrame(rows, schema=_PERIODS, orient="row").unique(
        ["period_code", "period_type"], keep="first", maintain_order=True
    )


def _period_row(
    period: Period, period_type: str, start: date, before: Period | None, year_ago: Period | None
) -> tuple[str, str, date, date, int, str | None, str | None]:
    return (
        period.code,
        period_type,
        start,
        period.end,
        period.end.year,
        before.code if before else None,
        year_ago.code if year_ago else None,
    )


def _replace(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    frame: pl.DataFrame | None,
    columns: tuple[str, ...],
) -> None:
    if frame is None or frame.is_empty():
        return
    connection.register("incoming", frame.select(columns).to_arrow())
    connection.execute(f"delete from raw.{table} where {key} in (select {key} from incoming)")
    connection.execute(f"insert into raw.{table} by name select * from incoming")
    connection.unregister("incoming")


def _rewrite(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    connection.register("incoming", frame.to_arrow())
    connection.execute(f"delete from raw.{table}")
    connection.execute(f"insert into raw.{table} by name select * from incoming")
    connection.unregister("incoming")
