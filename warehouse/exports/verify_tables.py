"""Whether a mart handed out as CSV or SDMX-CSV still holds: each cell beside what is published now.

The numbers that were handed out are those of the file itself, so that a release that is no longer
kept can be verified too. Rows that came later are no numbers of the file and are not told.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from warehouse.exports.sdmx import DATA, observation, period_type, sdmx_rows
from warehouse.exports.selection import Figure
from warehouse.exports.tables_csv import safe_columns
from warehouse.queries.published import ask, marts, rows
from warehouse.queries.row_names import NAMES, row_zh
from warehouse.releases.changes import COMPARED
from warehouse.releases.digest import columns_of, mart_names
from warehouse.settings import Settings

Pair = tuple[Figure, str | None]
"""A cell as it was handed out, and what it is now; None where it has gone."""

STAMPS = ("release_id", "as_of")
"""Columns that every release has anew."""
WHOLE_ROW = "整行"
"""Stands for the column where a row has gone."""


def table_of(name: str) -> str | None:
    """The mart that a file of a release holds, by its name there; None for any other file."""
    folder, _, file = name.rpartition("/")
    if folder == "csv" and file.endswith(".csv"):
        return file.removesuffix(".csv")
    return "city_indicators" if name == f"sdmx/{DATA}" else None


def moved_cells(settings: Settings, name: str, file: Path, release_id: str) -> list[Pair]:
    """Cells of an exported table that are other in a release.

    Args:
        settings: the workspace.
        name: name of the file in its release's exports.
        file: its bytes as they were handed out.
        release_id: the release it is compared with.

    Raises:
        NoRelease: that release is not kept.
    """
    table = str(table_of(name))
    if name.startswith("sdmx/"):
        return _moved_observations(settings, file, release_id)
    with marts(settings, release_id) as connection:
        names = {str(one["code"]): str(one["name_zh"]) for one in rows(connection, NAMES)}
        if table not in mart_names(connection):
            return [(_figure(table, table, WHOLE_ROW, "1", names, {}), None)]
        connection.execute("set preserve_insertion_order = true")
        connection.execute(
            "create temp table handed as select * from read_csv(?, header = true,"
            " all_varchar = true, nullstr = '', strict_mode = true)",
            [str(file)],
        )
        handed = [row[0] for row in connection.execute("describe handed").fetchall()]
        told = {name: name for name in columns_of(connection, table)}
        told |= _labels(connection, table)
        kept = [one for one in handed if one in columns_of(connection, table)]
        keys = _keys(connection, table, kept)
        compared = [one for one in kept if one not in keys and one not in STAMPS]
        if keys:
            found = _by_key(connection, table, keys, compared)
        else:
            found = _by_row(connection, table, compared)
        return [
            (_figure(table, key, column, old, names, told), new) for key, column, old, new in found
        ]


def _keys(connection: duckdb.DuckDBPyConnection, table: str, kept: Sequence[str]) -> list[str]:
    """What names a row of a mart, in the order in which changes name it."""
    for compared in COMPARED:
        if compared.table == table:
            return [name for name in compared.key if name in kept]
    found = connection.execute(
        "select column_name from marts.data_dictionary where table_name = ? and is_key"
        " order by column_order",
        [table],
    ).fetchall()
    return [name for (name,) in found if name in kept]


def _labels(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    found = connection.execute(
        "select column_name, column_zh from marts.data_dictionary where table_name = ?", [table]
    ).fetchall()
    return {str(name): str(word) for name, word in found}


def _now(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The mart as the file would be written from it today, every cell a text or null."""
    columns = columns_of(connection, table)
    texts = ", ".join(f'nullif("{name}"::varchar, \'\') as "{name}"' for name in columns)
    return f'select {texts} from (select {safe_columns(columns)} from marts."{table}")'


def _by_key(
    connection: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str], compared: Sequence[str]
) -> list[tuple[str, str, str | None, str | None]]:
    joined = " and ".join(f'handed."{key}" is not distinct from now."{key}"' for key in keys)
    text = "concat_ws('|', " + ", ".join(f'handed."{key}"' for key in keys) + ")"
    connection.execute(
        f"create temp table pairs as with now as ({_now(connection, table)})"
        f" select {text} as key_text, now.\"{keys[0]}\" is null as is_gone,"
        + ", ".join(f'handed."{one}" as "old_{one}", now."{one}" as "new_{one}"'
                    for one in compared)
        + f" from handed left join now on {joined}"
    )  # fmt: skip
    found: list[tuple[str, str, str | None, str | None]] = [
        (key, WHOLE_ROW, "1", None)
        for (key,) in connection.execute(
            "select key_text from pairs where is_gone order by key_text"
        ).fetchall()
    ]
    for one in compared:
        found += [
            (key, one, old, new)
            for key, old, new in connection.execute(
                f'select key_text, "old_{one}", "new_{one}" from pairs'
                f' where not is_gone and "old_{one}" is distinct from "new_{one}" order by key_text'
            ).fetchall()
        ]
    return found


def _by_row(
    connection: duckdb.DuckDBPyConnection, table: str, compared: Sequence[str]
) -> list[tuple[str, str, str | None, str | None]]:
    listed = ", ".join(f'"{one}"' for one in compared)
    gone = connection.execute(
        f"select {listed} from handed except all select {listed} from ({_now(connection, table)})"
        " order by all"
    ).fetchall()
    return [
        ("|".join([str(cell) for cell in row if cell is not None][:3]), WHOLE_ROW, "1", None)
        for row in gone
    ]


def _figure(
    table: str,
    key_text: str,
    column: str,
    value: str | None,
    names: Mapping[str, str],
    labels: Mapping[str, str],
) -> Figure:
    label = f"{row_zh(key_text, names)} {labels.get(column, column)}"
    return Figure(f"{key_text}|{column}", label, value, table, key_text, column)


def _moved_observations(settings: Settings, file: Path, release_id: str) -> list[Pair]:
    """The same of the SDMX file: its values by their dimensions."""
    now = {one[:6]: one[6] for one in map(observation, sdmx_rows(settings, release_id))}
    names = {str(one["code"]): str(one["name_zh"])
             for one in ask(settings, NAMES, (), release_id)}  # fmt: skip
    moved: list[Pair] = []
    with file.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            freq, area, indicator, span, plan, period = key = (
                row["FREQ"], row["REF_AREA"], row["INDICATOR"], row["SPAN"], row["PLAN"],
                row["TIME_PERIOD"],
            )  # fmt: skip
            new = now.get(key)
            if new == row["OBS_VALUE"]:
                continue
            parts: list[Any] = [area, indicator, period, period_type(freq, span)]
            key_text = "|".join(parts if plan == "_Z" else [*parts, plan])
            old = row["OBS_VALUE"] or None
            moved.append((_figure("city_indicators", key_text, "value", old, names,
                                  {"value": "数值"}), new or None))  # fmt: skip
    return moved
