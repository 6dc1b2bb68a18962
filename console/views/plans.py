"""规划进度: a plan's own table, each number walked back to counties and cells, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from console import reach
from console.desk import Visit
from console.errors import NotHere
from console.routes import Declared, Page
from sources.vocabulary import STATE_ZH, said
from warehouse.access.scope import Place
from warehouse.connection import between_writers
from warehouse.errors import NoRelease, WarehouseBusy, WorkspaceMissing
from warehouse.ledger.tables import submissions
from warehouse.queries import filed
from warehouse.queries.published import ask
from warehouse.queries.tables import plan_table
from warehouse.queries.tables import plans as published_plans
from warehouse.queries.trace import trace
from warehouse.queries.trace.papers import leaves_of

PENDING = ("received", "held", "passed", "explained", "returned", "accepted_county")
"""States whose figures are not, or not for certain, in the published table."""
MOST_PENDING = 60


def plans(visit: Visit) -> dict[str, Any]:
    """The plans with how their targets stand."""
    try:
        found = _served(visit, published_plans(visit.settings))
        counted = ask(
            visit.settings,
            "select plan_code, status_code, count(*) as targets from marts.plan_table"
            " group by plan_code, status_code",
        )
    except NoRelease as error:
        return {"rows": [], "problem": error.message_zh}
    for row in found:
        mine = {
            c["status_code"]: c["targets"] for c in counted if c["plan_code"] == row["plan_code"]
        }
        row["counts"] = mine
        row["targets"] = sum(mine.values())
    return {"rows": found, "problem": ""}


def plan(visit: Visit) -> dict[str, Any]:
    """A plan's table as published; as a preview, with what has not been accepted beside it."""
    code = visit.params["plan_code"]
    known = {row["plan_code"]: row for row in _served(visit, published_plans(visit.settings))}
    if code not in known:
        raise NotHere(f"规划“{code[:60]}”")
    rows = plan_table(visit.settings, code)
    view = "preview" if visit.asked("view") == "preview" else "published"
    city = known[code]["city_code"]
    may_preview = bool(reach.scope(visit))
    pending: dict[str, list[dict[str, Any]]] = {}
    busy = False
    if view == "preview" and may_preview:
        pending, busy = _pending(visit, city, rows)
    return {
        "plan": known[code],
        "rows": rows,
        "view": view,
        "may_preview": may_preview,
        "pending": pending,
        "is_busy": busy,
        "as_of": rows[0]["as_of"] if rows else None,
    }


def target(visit: Visit) -> dict[str, Any]:
    """One published number back to terms, counties, cells and the plan's clause."""
    code, period = visit.params["target_code"], visit.asked("period") or None
    with between_writers(visit.settings):
        found = trace(visit.settings, visit.engine, code, period)
    served = {row["plan_code"] for row in _served(visit, published_plans(visit.settings))}
    if found["target"]["plan_code"] not in served:
        raise NotHere(f"目标“{code[:60]}”")
    course = ask(
        visit.settings,
        "select period_code, period_end, actual_value, actual_printed, expected_value,"
        " completion_pct, status_code from marts.plan_progress where target_code = ?"
        " order by period_end",
        [code],
    )
    known = [place for place, one in enumerate(course) if one["actual_value"] is not None]
    course = course[known[0] :] if known else course[-1:]
    readable = reach.scope(visit)
    for paper in found["submissions"].values():
        unit, city = _place_of(visit, paper["submission_id"])
        paper["is_readable"] = readable.reaches(Place(city, unit))
    _veil(found)
    return {**found, "course": course, "period": period}


def _veil(found: dict[str, Any]) -> None:
    """Takes out of a trace what was never published, where the account may not read the filing.

    Names of files and texts of cells can name a person; a correction counts once it is approved.
    """
    hidden = {key for key, paper in found["submissions"].items() if not paper["is_readable"]}
    for key in hidden:
        paper = found["submissions"][key]
        paper["file_name"] = None
        paper["corrections"] = [
            one for one in paper["corrections"] if one["state_code"] == "approved"
        ]
    for _, leaf in leaves_of(found):
        if leaf.get("submission_id") in hidden:
            leaf["file_name"] = leaf["text_as_filed"] = None


def _served(visit: Visit, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if visit.settings.serves(row["city_code"])]


def _place_of(visit: Visit, submission_id: str) -> tuple[str, str]:
    found = select(submissions.c.unit_code, submissions.c.city_code).where(
        submissions.c.submission_id == submission_id
    )
    with visit.engine.connect() as connection:
        row = connection.execute(found).first()
    return (str(row[0]), str(row[1])) if row else ("", "")


def _pending(
    visit: Visit, city: str, rows: list[dict[str, Any]]
) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """By target: figures filed for its elements that are not accepted, beside those in force."""
    scope = reach.scope(visit)
    found = (
        select(
            submissions.c.submission_id, submissions.c.unit_code, submissions.c.form_code,
            submissions.c.period_code, submissions.c.state_code,
        )
        .where(
            submissions.c.city_code == city, submissions.c.state_code.in_(PENDING),
            submissions.c.version.is_not(None),
            scope.where(submissions.c.city_code, submissions.c.unit_code),
        )
        .order_by(submissions.c.received_at.desc(), submissions.c.submission_id)
        .limit(400)
    )  # fmt: skip
    with visit.engine.connect() as connection:
        waiting = [dict(row) for row in connection.execute(found).mappings()]
    if not waiting:
        return {}, False
    terms = ask(visit.settings, "select indicator_code, element_code from marts.indicator_terms")
    wanted: dict[str, list[str]] = {}
    for row in rows:
        for term in terms:
            if term["indicator_code"] == row["indicator_code"]:
                wanted.setdefault(term["element_code"], []).append(row["target_code"])
    told: dict[str, list[dict[str, Any]]] = {}
    try:
        with between_writers(visit.settings):
            values = {
                one["submission_id"]: filed.values_of(visit.settings, one["submission_id"])
                for one in waiting
            }
    except (WarehouseBusy, WorkspaceMissing):
        return {}, True
    for one in waiting:
        for value in values[one["submission_id"]].values():
            for target_code in wanted.get(value.element_code, ()):
                told.setdefault(target_code, []).append(_told(visit, one, value))
    return {key: listed[:MOST_PENDING] for key, listed in told.items()}, False


def _told(visit: Visit, one: Mapping[str, Any], value: filed.FiledValue) -> dict[str, Any]:
    standing = ask(
        visit.settings,
        "select value from marts.unit_observations"
        " where unit_code = ? and element_code = ? and period_code = ? limit 1",
        [one["unit_code"], value.element_code, one["period_code"]],
    )
    unit = visit.definitions.unit(one["unit_code"])
    return {
        "submission_id": one["submission_id"],
        "unit_name_zh": unit.unit_name_zh if unit else one["unit_code"],
        "period_code": one["period_code"],
        "element_code": value.element_code,
        "filed": value.shown,
        "in_force": standing[0]["value"] if standing else None,
        "state_zh": said(STATE_ZH, one["state_code"]),
    }


ROUTES: tuple[Declared, ...] = (
    Page("/plans", "plans.html", plans, "published.read"),
    Page("/plans/{plan_code}", "plan.html", plan, "published.read"),
    Page("/targets/{target_code}", "target.html", target, "published.read"),
)
