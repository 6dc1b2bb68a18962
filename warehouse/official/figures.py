"""Official figures: which values stand in official releases, and where a release differs from them.

A figure is a plan's target and period, or a city's indicator and period, that has a value. It
stands in the newest official release of its city that holds it. Where a release to be made has
another value, or none, somebody must have decided so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from warehouse.connection import scalar, transaction
from warehouse.errors import ReleaseBroken
from warehouse.ledger.officials import approved_in, revisions_in
from warehouse.releases.digest import columns_of, mart_names
from warehouse.releases.history import release_db
from warehouse.settings import PUBLISHED_FILE, Settings

Row = dict[str, Any]


@dataclass(frozen=True)
class FigureTable:
    """A mart whose values are official figures."""

    table: str
    key: tuple[str, ...]
    value: str


FIGURE_TABLES = (
    FigureTable(
        "plan_progress", ("plan_code", "target_code", "period_code", "period_type"), "actual_value"
    ),
    FigureTable(
        "city_indicators",
        ("city_code", "indicator_code", "period_code", "period_type", "plan_code"),
        "value",
    ),
)
"""The keys are spelled as the revisions of releases spell them."""

_KEYS = ("plan_code", "target_code", "indicator_code", "period_code", "period_type")
_DAYS = ("period_start", "period_end")
_COLUMNS = f"table_name, key_text, column_name, value, {', '.join((*_KEYS, *_DAYS))}"
_EMPTY = (
    "table_name varchar, key_text varchar, column_name varchar, value varchar, plan_code varchar,"
    " target_code varchar, indicator_code varchar, period_code varchar, period_type varchar,"
    " period_start date, period_end date"
)
_CHANGED = """
select standing.table_name, standing.key_text, standing.column_name,
    standing.value as old_value, now.value as new_value, standing.from_release_id
from standing
left join now on standing.table_name = now.table_name and standing.key_text = now.key_text
where now.value is distinct from standing.value
order by standing.table_name, standing.key_text
"""


def figure_changes(
    settings: Settings,
    engine: Engine,
    city_code: str,
    base_release_id: str,
    before: int | None = None,
) -> list[Row]:
    """Official figures of a city that have another value in a release, each with its decision.

    One row per figure: table_name, key_text, column_name, old_value, new_value (null where the
    figure is gone), from_release_id, and of the decision to revise it `revision_order`,
    `revision_document_number`, `revision_reason`, null while there is none.

    Args:
        settings: the workspace.
        engine: the ledger.
        city_code: the city.
        base_release_id: the release that is held against them.
        before: only the official releases approved before this one's place in their order.

    Raises:
        NoRelease: the release is not kept.
    """
    with engine.connect() as connection:
        officials = [
            row
            for row in approved_in(connection, city_code)
            if before is None or row["decision_order"] < before
        ]
        decided = revisions_in(connection, city_code)
    if not officials:
        return []
    with _standing(settings, officials) as memory:
        memory.execute(f"create temp table now ({_EMPTY})")
        with _attached(memory, release_db(settings, base_release_id)):
            _fill(memory, "now", "", city_code)
        cursor = memory.execute(_CHANGED)
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    by_figure = _decisions(decided)
    for row in found:
        decision = by_figure.get((*_place(row), row["from_release_id"]))
        # A decision counts for the value it names, and for no later one.
        is_of_it = decision is not None and decision["new_value"] == row["new_value"]
        told: Mapping[str, Any] = decision if is_of_it and decision is not None else {}
        row["revision_order"] = told.get("revision_order")
        row["revision_document_number"] = told.get("document_number")
        row["revision_reason"] = told.get("reason_text")
    return found


def undecided(changes: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The changes that nobody has decided."""
    return [dict(one) for one in changes if one["revision_order"] is None]


def visible_officials(engine: Engine, now: datetime) -> tuple[list[Row], list[Row]]:
    """The official releases whose embargo is over at a moment, newest approval first.

    With the decisions to revise figures of those.
    """
    with engine.connect() as connection:
        approved = approved_in(connection)
        decided = revisions_in(connection)
    seen = [row for row in approved if is_public(row, now)]
    known = {row["release_id"] for row in seen}
    return seen, [row for row in decided if row["from_release_id"] in known]


def is_public(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether an approved proposal's embargo is over at a business moment."""
    return row["embargo_until"] is None or row["embargo_until"] <= now


def load_official_figures(
    connection: duckdb.DuckDBPyConnection, settings: Settings, engine: Engine, now: datetime
) -> int:
    """Rows of `raw.official_figures`, taken anew: one per figure of a release not under embargo.

    Args:
        connection: the private warehouse, open for writing.
        settings: the workspace.
        engine: the ledger.
        now: business moment that embargoes are held against.
    """
    officials, decided = visible_officials(engine, now)
    with transaction(connection):
        connection.execute("delete from raw.official_figures")
    by_city: dict[str, list[Row]] = {}
    for row in officials:
        by_city.setdefault(str(row["city_code"]), []).append(row)
    latest = _decisions(decided, with_release=False)
    for city, rows in by_city.items():
        facts = {str(row["release_id"]): row for row in rows}
        with _standing(settings, rows) as memory:
            found = memory.execute(f"select {_COLUMNS}, from_release_id from standing").fetchall()
        _insert(connection, city, found, facts, latest)
    return int(scalar(connection, "select count(*) from raw.official_figures"))


def official_state(engine: Engine, now: datetime) -> list[tuple[str, ...]]:
    """What the figures shown depend on: it tells whether a night has anything new to show."""
    officials, decided = visible_officials(engine, now)
    shown = [(str(row["release_id"]),) for row in officials]
    return shown + [(str(row["from_release_id"]), str(row["revision_order"])) for row in decided]


def _insert(
    connection: duckdb.DuckDBPyConnection,
    city: str,
    found: Sequence[tuple[Any, ...]],
    facts: Mapping[str, Mapping[str, Any]],
    latest: Mapping[tuple[str, ...], Mapping[str, Any]],
) -> None:
    rows = []
    for table, key, column, value, *keys, release_id in found:
        fact = facts[release_id]
        decision = latest.get((table, key, column), {})
        rows.append(
            [release_id, city, fact["report_code"], fact["period_code"], fact["document_number"],
             fact["approved_at"], table, key, *keys, value, decision.get("document_number"),
             decision.get("reason_text"), decision.get("decided_at")]
        )  # fmt: skip
    if not rows:
        return
    marks = ", ".join("?" * len(rows[0]))
    with transaction(connection):
        connection.executemany(f"insert into raw.official_figures values ({marks})", rows)


def _decisions(
    decided: Sequence[Mapping[str, Any]], *, with_release: bool = True
) -> dict[tuple[str, ...], Row]:
    """The last decision on each figure, of each earlier release or of all."""
    found: dict[tuple[str, ...], Row] = {}
    for decision in decided:
        told = {name: decision[name] for name in ("document_number", "reason_text", "decided_at")}
        for figure in decision["figures"]:
            place = _place(figure)
            if with_release:
                place += (str(decision["from_release_id"]),)
            found[place] = dict(figure) | told
    return found


def _place(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (str(row["table_name"]), str(row["key_text"]), str(row["column_name"]))


@contextmanager
def _standing(
    settings: Settings, officials: Sequence[Mapping[str, Any]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `standing`: each figure as its newest official release has it."""
    with duckdb.connect(":memory:") as memory:
        memory.execute(f"create temp table standing ({_EMPTY}, from_release_id varchar)")
        for row in officials:
            with _attached(memory, *_files_of(settings, row)):
                _fill(memory, "standing", str(row["release_id"]), str(row["city_code"]))
        yield memory


def _files_of(settings: Settings, row: Mapping[str, Any]) -> list[Path]:
    """The file of an official release, and that of its base, which has the same rows.

    The base stands in while a release is approved but not made, and where its file is spoiled: one
    city's spoiled file must not stop the night of the others. The doctor tells of it.
    """
    paths = [settings.releases / str(row[name]) / PUBLISHED_FILE
             for name in ("release_id", "base_release_id")]  # fmt: skip
    return [path for path in paths if path.is_file()]


@contextmanager
def _attached(memory: duckdb.DuckDBPyConnection, *paths: Path) -> Iterator[None]:
    """The first of the files that can be read.

    Raises:
        ReleaseBroken: none can.
    """
    for path in paths:
        quoted = str(path).replace("'", "''")
        try:
            memory.execute(f"attach '{quoted}' as looked_at (read_only)")
            break
        except duckdb.Error:
            continue
    else:
        names = "、".join(str(path) for path in paths) or "无"
        raise ReleaseBroken(f"正式发布及其依据的文件都读不出来（{names}），请从备份恢复。")
    try:
        yield
    finally:
        memory.execute("detach looked_at")


def _fill(memory: duckdb.DuckDBPyConnection, into: str, release_id: str, city_code: str) -> None:
    """Adds the figures of the attached release that are not in the table yet."""
    marts = mart_names(memory, "looked_at")
    for one in FIGURE_TABLES:
        if one.table not in marts:
            continue
        known = columns_of(memory, one.table, "looked_at")
        keys = ", ".join(name if name in known else f"null as {name}" for name in (*_KEYS, *_DAYS))
        text = ", ".join(name for name in one.key if name in known)
        origin = ", $release" if into == "standing" else ""
        wanted = {"city": city_code} | ({"release": release_id} if origin else {})
        memory.execute(
            f"""
            insert into {into}
            select '{one.table}' as table_name, concat_ws('|', {text}) as key_text,
                '{one.value}' as column_name, cast({one.value} as varchar) as value, {keys}{origin}
            from looked_at.marts.{one.table}
            where city_code = $city and {one.value} is not null
                and concat_ws('|', {text}) not in (
                    select key_text from {into} where table_name = '{one.table}'
                )
            """,
            wanted,
        )
