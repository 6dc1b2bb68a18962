"""待纳入: what waits to take effect, with its difference; and overlays that a new version unfits.

A new version of an accepted period takes effect only by an acceptance, and one for a closed period
only after its reopening. A correction counts for the version it was made on: what became of its
cell in a newer version is told, never carried over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb
from sqlalchemy import Connection, Engine, select

from warehouse.ledger.closing import HELD_FOR_CLOSING, closed_periods
from warehouse.ledger.intake import UNCONFIRMED, newest_order
from warehouse.ledger.states import ACCEPTED, OUT
from warehouse.ledger.tables import corrections, submissions
from warehouse.ledger.versions import held_for

Cell = tuple[str, str]
"""Row code and value column."""

WAITS_ZH: Mapping[str, str] = {
    "confirmation": "待填报单位确认",
    "reopening": "待开封",
    "findings": "待改正或说明",
    "check": "待审核",
    "acceptance": "待接收",
}
KIND_ZH: Mapping[str, str] = {"late": "补报", "change": "更正"}

_COLUMNS = (
    "submission_id", "city_code", "unit_code", "form_code", "period_code", "version", "file_name",
    "received_at", "state_code",
)  # fmt: skip
_WAITING = ("received", "held", "passed", "explained", "accepted_county")


@dataclass(frozen=True)
class Difference:
    """One cell in which a waiting version differs from what is in force, in the filed unit."""

    row_code: str
    value_column: str
    element_code: str | None
    in_force: str | None
    waiting: str | None
    is_corrected: bool
    """Whether what is in force is an approved correction."""


@dataclass(frozen=True)
class Pending:
    """A version that does not count yet although its period has figures or is closed."""

    submission_id: str
    city_code: str
    unit_code: str
    form_code: str
    period_code: str
    version: int
    state_code: str
    kind: str
    """`change` of an accepted version, or `late` for a closed period without one."""
    waits_for: str
    in_force_id: str | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Overlay:
    """A correction on a version that a newer one has come after."""

    correction_id: str
    state_code: str
    row_code: str
    value_column: str
    element_code: str
    new_number_text: str
    newer_id: str
    newer_number_text: str | None
    is_taken_over: bool
    """Whether the newer version says the corrected figure itself; otherwise it no longer fits."""


def pending_versions(
    engine: Engine, warehouse: duckdb.DuckDBPyConnection, city_codes: Iterable[str] | None = None
) -> list[Pending]:
    """What waits, by unit, form and period, each with the cells that would change.

    Args:
        engine: the ledger.
        warehouse: the private warehouse, which has the filed values.
        city_codes: the cities asked about; None for all.
    """
    with engine.connect() as connection:
        closed = closed_periods(connection)
        series = _series(connection, city_codes)
        held = [
            row["submission_id"]
            for versions in series.values()
            for row in versions
            if row["state_code"] == "held"
        ]
        held_because = held_for(connection, held)
        found = []
        for key, versions in sorted(series.items()):
            standing = [row for row in versions if row["state_code"] in ACCEPTED]
            ours = standing[-1] if standing else None
            for row in versions:
                is_newer = ours is not None and newest_order(row) > newest_order(ours)
                why = held_because.get(row["submission_id"])
                is_late = ours is None and why == HELD_FOR_CLOSING
                if row["state_code"] in _WAITING and (is_newer or is_late):
                    is_closed = (row["city_code"], *key[1:]) in closed
                    found.append(_pending(row, ours, why, is_closed=is_closed))
        ids = {one.submission_id for one in found} | {one.in_force_id for one in found} - {None}
        values = _filed_values(warehouse, sorted(str(key) for key in ids))
        laid_over = _approved(connection, [str(one.in_force_id) for one in found])
    return [_with_differences(one, values, laid_over) for one in found]


def unfit_overlays(
    engine: Engine, warehouse: duckdb.DuckDBPyConnection, city_codes: Iterable[str] | None = None
) -> list[Overlay]:
    """Corrections proposed or approved on a version that is not the newest any more."""
    with engine.connect() as connection:
        newest: dict[str, str] = {}
        for versions in _series(connection, city_codes).values():
            live = [row for row in versions if row["state_code"] not in OUT]
            newest |= {row["submission_id"]: live[-1]["submission_id"] for row in live[:-1]}
        made = select(corrections).where(corrections.c.state_code.in_(("proposed", "approved")))
        rows = [
            dict(row)
            for row in connection.execute(made.order_by(corrections.c.correction_id)).mappings()
            if row["submission_id"] in newest
        ]
    values = _filed_values(warehouse, sorted({newest[row["submission_id"]] for row in rows}))
    found = []
    for row in rows:
        later = newest[row["submission_id"]]
        now = values.get(later, {}).get((row["row_code"], row["value_column"]), (None, None))[1]
        found.append(
            Overlay(
                row["correction_id"], row["state_code"], row["row_code"], row["value_column"],
                row["element_code"], row["new_number_text"], later, now,
                _is_same(now, row["new_number_text"]),
            )
        )  # fmt: skip
    return found


def _series(
    connection: Connection, city_codes: Iterable[str] | None
) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """The versions of every unit, form and period that has one, oldest first."""
    asked = select(*(submissions.c[name] for name in _COLUMNS)).where(
        submissions.c.version.is_not(None)
    )
    if city_codes is not None:
        asked = asked.where(submissions.c.city_code.in_(sorted(city_codes)))
    series: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in connection.execute(asked).mappings():
        key = (row["unit_code"], row["form_code"], row["period_code"])
        series.setdefault(key, []).append(dict(row))
    for versions in series.values():
        versions.sort(key=newest_order)
    return series


def _pending(
    row: Mapping[str, Any], ours: Mapping[str, Any] | None, why: str | None, *, is_closed: bool
) -> Pending:
    return Pending(
        submission_id=row["submission_id"],
        city_code=row["city_code"],
        unit_code=row["unit_code"],
        form_code=row["form_code"],
        period_code=row["period_code"],
        version=row["version"],
        state_code=row["state_code"],
        kind="late" if ours is None else "change",
        waits_for=_waits_for(row["state_code"], why, is_closed=is_closed),
        in_force_id=ours["submission_id"] if ours else None,
    )


def _waits_for(state: str, held_because: str | None, *, is_closed: bool) -> str:
    if state == "held":
        because = {UNCONFIRMED: "confirmation", HELD_FOR_CLOSING: "reopening"}
        return because.get(held_because or "", "findings")
    if state == "received":
        return "check"
    return "reopening" if is_closed else "acceptance"


def _filed_values(
    warehouse: duckdb.DuckDBPyConnection, submission_ids: Sequence[str]
) -> dict[str, dict[Cell, tuple[str | None, str | None]]]:
    """Element and number as filed, by submission and cell."""
    rows = warehouse.execute(
        "select submission_id, row_code, value_column, element_code,"
        " coalesce(number_text, text) from raw.reported_values"
        " where list_contains($ids, submission_id)",
        {"ids": list(submission_ids)},
    ).fetchall()
    found: dict[str, dict[Cell, tuple[str | None, str | None]]] = {}
    for submission_id, row_code, column, element, number in rows:
        found.setdefault(submission_id, {})[row_code, column] = (element, number)
    return found


def _approved(
    connection: Connection, submission_ids: Sequence[str]
) -> dict[str, dict[Cell, tuple[str, str]]]:
    made = select(corrections).where(
        corrections.c.state_code == "approved", corrections.c.submission_id.in_(submission_ids)
    )
    found: dict[str, dict[Cell, tuple[str, str]]] = {}
    ordered = made.order_by(corrections.c.approved_at, corrections.c.correction_id)
    for row in connection.execute(ordered).mappings():
        cell = (row["row_code"], row["value_column"])
        value = (row["element_code"], row["new_number_text"])
        found.setdefault(row["submission_id"], {})[cell] = value
    return found


def _with_differences(
    one: Pending,
    values: Mapping[str, Mapping[Cell, tuple[str | None, str | None]]],
    laid_over: Mapping[str, Mapping[Cell, tuple[str, str]]],
) -> Pending:
    before = dict(values.get(one.in_force_id or "", {}))
    corrected = laid_over.get(one.in_force_id or "", {})
    before |= corrected
    after = values.get(one.submission_id, {})
    differences = tuple(
        Difference(*cell, after.get(cell, before.get(cell, (None, None)))[0],
                   before.get(cell, (None, None))[1], after.get(cell, (None, None))[1],
                   cell in corrected)
        for cell in sorted(before.keys() | after.keys())
        if not _is_same(before.get(cell, (None, None))[1], after.get(cell, (None, None))[1])
    )  # fmt: skip
    return Pending(**{**one.__dict__, "differences": differences})


def _is_same(one: str | None, other: str | None) -> bool:
    """Whether two figures are the same number, however they are written."""
    try:
        return Decimal(one or "") == Decimal(other or "")
    except InvalidOperation:
        return (one or "") == (other or "")
