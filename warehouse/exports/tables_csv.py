"""The marts as CSV that Excel opens: UTF-8 with its mark, no text a formula, no row lost."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from warehouse.connection import scalar
from warehouse.exports.bundle import Source, Written
from warehouse.queries.published import marts
from warehouse.releases.digest import columns_of, mart_names

MOST_ROWS = 50_000
"""Larger tables are left to Parquet: nobody reads them in a spreadsheet."""
BOM = b"\xef\xbb\xbf"

# A text that a spreadsheet would take for a formula is led by an apostrophe; a number, or a sign by
# itself, is none.
_SAFE = """
case when regexp_matches({0}, '^[=+\\-@\\t\\r\\n＝＋－＠]')
    and not regexp_full_match({0}, '.|[+\\-][0-9][0-9,.]*%?') then '''' || {0} else {0} end as {0}
"""


def write_tables(source: Source, folder: Path) -> Sequence[Written]:
    """Every mart of at most `MOST_ROWS` rows as `csv/<table>.csv`."""
    target = folder / "csv"
    target.mkdir()
    found = []
    with marts(source.settings, source.release_id) as connection:
        for table in mart_names(connection):
            rows = int(scalar(connection, f'select count(*) from marts."{table}"'))
            if rows <= MOST_ROWS:
                path = target / f"{table}.csv"
                found.append(Written(path, rows, write_table(connection, table, path)))
    return found


def safe_columns(columns: Mapping[str, str]) -> str:
    """SQL of a mart's columns as they are written: every text safe in a spreadsheet."""
    return ", ".join(
        _SAFE.format(f'"{name}"') if kind == "VARCHAR" else f'"{name}"'
        for name, kind in columns.items()
    )


def write_table(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> int:
    """Rows of a mart as read back from the CSV it was written to."""
    told = safe_columns(columns_of(connection, table))
    aside = path.with_suffix(".rows")
    place = str(aside).replace("'", "''")
    connection.execute(
        f"copy (select {told} from marts.\"{table}\" order by all) to '{place}'"
        " (format csv, header true)"
    )
    with path.open("wb") as handle, aside.open("rb") as rows:
        handle.write(BOM)
        shutil.copyfileobj(rows, handle)
    aside.unlink()
    written = "select count(*) from read_csv(?, header = true, all_varchar = true)"
    return int(scalar(connection, written, [str(path)]))
