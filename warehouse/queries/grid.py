"""What is expected of whom, beside what has come: unit by period of one form, by day's ledger.

The published marts know who owes what by when; the ledger knows what has come since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, select

from warehouse.ledger.intake import newest_order
from warehouse.ledger.tables import submissions
from warehouse.queries.published import ask
from warehouse.settings import Settings

Rows = list[dict[str, Any]]
_COUNTED = frozenset(
    {"received", "passed", "explained", "accepted_county", "accepted_city", "published"}
)


def expected_cells(settings: Settings, city_code: str, form_code: str, last: int) -> Rows:
    """Who was expected to file a form for its last periods that have begun, and by when.

    Raises:
        NoRelease: nothing has been released yet, so nobody knows the grid.
    """
    sql = """
        with periods as (
            select distinct period_code, period_end from marts.reporting_rates
            where city_code = $city and form_code = $form and is_expected
                and period_end <= (select as_of from marts.release)
            order by period_end desc limit $last
        )
        select unit_code, unit_name_zh, period_code, rates.period_end, due_at, received_at,
            is_on_time
        from marts.reporting_rates as rates
        inner join periods using (period_code)
        where city_code = $city and form_code = $form and is_expected
        order by unit_code, rates.period_end
    """
    return ask(settings, sql, {"city": city_code, "form": form_code, "last": last})


def newest_of(
    engine: Engine, form_code: str, periods: Sequence[str], within: ColumnElement[bool]
) -> dict[tuple[str, str], dict[str, Any]]:
    """The version that tells how each unit and period stands: one that counts, else the newest."""
    names = (
        "submission_id", "unit_code", "period_code", "version", "received_at", "file_name",
        "state_code",
    )  # fmt: skip
    found = select(*(submissions.c[name] for name in names)).where(
        submissions.c.form_code == form_code,
        submissions.c.period_code.in_(list(periods)),
        submissions.c.version.is_not(None),
        submissions.c.state_code.not_in(("withdrawn", "superseded")),
        within,
    )
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(found).mappings()]
    stands: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=newest_order):
        key = (row["unit_code"], row["period_code"])
        before = stands.get(key)
        if before is None or row["state_code"] in _COUNTED or (
            before["state_code"] not in _COUNTED
        ):  # fmt: skip
            stands[key] = row
    return stands


def matrix(
    expected: Rows,
    newest: dict[tuple[str, str], dict[str, Any]],
    now: datetime,
) -> tuple[list[str], Rows, Rows]:
    """Periods, oldest first; a row per unit with a cell per period; rates per period."""
    periods = list(dict.fromkeys(
        row["period_code"] for row in sorted(expected, key=lambda row: row["period_end"])
    ))  # fmt: skip
    units: dict[str, dict[str, Any]] = {}
    rates = {
        code: {"period_code": code, "expected": 0, "received": 0, "on_time": 0, "accepted": 0}
        for code in periods
    }
    for row in expected:
        one = newest.get((row["unit_code"], row["period_code"]))
        state = one["state_code"] if one else None
        is_received = state in _COUNTED
        is_late = not is_received and row["due_at"] is not None and row["due_at"] < now
        rate = rates[row["period_code"]]
        rate["expected"] += 1
        rate["received"] += is_received
        rate["on_time"] += bool(row["is_on_time"]) and is_received
        rate["accepted"] += state in ("accepted_city", "published")
        unit = units.setdefault(
            row["unit_code"],
            {"unit_code": row["unit_code"], "unit_name_zh": row["unit_name_zh"], "cells": {}},
        )
        unit["cells"][row["period_code"]] = {
            "submission_id": one["submission_id"] if one else None,
            "state_code": state,
            "due_at": row["due_at"],
            "is_late": is_late,
        }
    return periods, list(units.values()), list(rates.values())
