"""待办: what waits for a steward, and deciding on many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from console import reach
from console.acting import Told, assign_findings, decide_each
from console.desk import Visit
from console.errors import ConsoleError
from console.routes import Act, Declared, Page
from sources.vocabulary import FINDING_STATUS_ZH, SEVERITY_ZH
from warehouse.ledger.tables import submissions
from warehouse.queries import queue as queries

FILTERS = ("city", "unit", "form", "period", "severity", "rule", "age", "status", "assignee")
"""Parameters of the queue's address; they are carried to each submission and back."""
MOST_AT_ONCE = 500
SHOWN_OF_ONE = 12
"""Findings of one submission that the list shows; the others are told of and stand on its page."""
_TO_ACCEPT = {"county": ("passed", "explained"), "city": ("accepted_county",)}


def wanted_by(visit: Visit) -> queries.Wanted:
    """The filter that the address asks for.

    Raises:
        ConsoleError: an age or a severity that there is not.
    """
    severity, age = visit.asked("severity"), visit.asked("age")
    status = visit.asked("status", "open")
    if severity and severity not in SEVERITY_ZH:
        raise ConsoleError(f"没有级别“{severity[:20]}”。")
    if status not in FINDING_STATUS_ZH:
        raise ConsoleError(f"没有状态“{status[:20]}”。")
    if age and age not in {str(days) for days in queries.AGES_DAYS}:
        raise ConsoleError(f"没有时限“{age[:20]}”。")
    scope = reach.scope(visit)
    return queries.Wanted(
        city_code=visit.asked("city") or None,
        unit_code=visit.asked("unit") or None,
        form_code=visit.asked("form") or None,
        period_code=visit.asked("period") or None,
        severity_code=severity or None,
        rule_id=visit.asked("rule") or None,
        status_code=status,
        older_than=queries.older_than(visit.desk.now(), int(age)) if age else None,
        within=scope.where(submissions.c.city_code, submissions.c.unit_code),
        and_also=reach.assigned(visit, visit.asked("assignee")),
    )


def filters_of(visit: Visit) -> dict[str, str]:
    """The filter as it stands in the address, to be carried along."""
    return {name: value for name in FILTERS if (value := visit.asked(name))}


def queue(visit: Visit) -> dict[str, Any]:
    """The findings that ask for an act, under their submissions, with filters to narrow them."""
    wanted, page = wanted_by(visit), visit.number("page", 1)
    found = queries.queue_page(visit.engine, wanted, page)
    chosen = filters_of(visit)
    groups = named(visit, found.groups)
    for group in groups:
        group["findings"] = named(
            visit, [row | {"received_at": group["received_at"]} for row in group["findings"]]
        )
    return {
        "rows": groups,
        "counts": found.counts,
        "total": found.total,
        "page": page,
        "pages": max(1, -(-found.total // queries.PAGE)),
        "shown": SHOWN_OF_ONE,
        "filters": chosen,
        "choices": _choices(visit),
        "may_decide": any(
            reach.scope(visit, name)
            for name in ("findings.explain", "submissions.return", "submissions.accept_county")
        ),
        "may_assign": bool(reach.scope(visit, "findings.assign")),
        "waiting": waiting(visit),
        "_query": urlencode(chosen),
    }


def acceptable(visit: Visit) -> dict[str, Any]:
    """What has nothing in the way and waits for an accept, at the county or the city gate."""
    level = "city" if visit.asked("level") == "city" else "county"
    wanted, page = wanted_by(visit), visit.number("page", 1)
    rows, total = queries.waiting_for_accept(visit.engine, _TO_ACCEPT[level], wanted, page)
    chosen = filters_of(visit) | {"level": level}
    return {
        "rows": named(visit, rows),
        "total": total,
        "page": page,
        "pages": max(1, -(-total // queries.PAGE)),
        "level": level,
        "filters": chosen,
        "choices": _choices(visit),
        "may_accept": bool(reach.scope(visit, f"submissions.accept_{level}")),
        "waiting": waiting(visit),
        "_query": urlencode(chosen),
    }


def bulk(visit: Visit) -> Response | Mapping[str, Any]:
    """One act on everything ticked; each submission is decided on its own and told on its own."""
    verb, back = visit.field("verb"), visit.field("back")
    finding_ids, submission_ids = visit.fields("finding"), visit.fields("submission")
    if not finding_ids and not submission_ids:
        raise ConsoleError("没有勾选任何一条，请先勾选再处理。")
    if len(finding_ids) + len(submission_ids) > MOST_AT_ONCE:
        raise ConsoleError(f"一次最多处理 {MOST_AT_ONCE} 条，请分批处理。")
    if verb == "assign":
        told = assign_findings(visit, finding_ids)
    else:
        told = decide_each(visit, verb, finding_ids, submission_ids)
    target = f"{back if back in ('/queue', '/queue/accept') else '/queue'}"
    query = dict(one for one in _pairs(visit.field("query")) if one[0] in (*FILTERS, "level"))
    if all(one.is_done for one in told):
        done = urlencode(query | {"done": f"已处理 {len(told)} 份报送件。"})
        return RedirectResponse(f"{target}?{done}", status_code=303)
    return {
        "told": told,
        "done_count": sum(one.is_done for one in told),
        "reason": visit.field("reason"),
        "back": f"{target}?{urlencode(query)}",
    }


def named(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the names of their units, forms, elements and rules."""
    definitions = visit.definitions
    units = definitions.units
    forms = {one.form_code: one.form_zh for one in definitions.form_versions}
    elements = dict(definitions.table("elements").select("element_code", "element_zh").iter_rows())
    titles = dict(definitions.table("rules").select("rule_id", "title_zh").iter_rows())
    now = visit.desk.now()
    return [
        dict(row)
        | {
            "unit_name_zh": units[row["unit_code"]].unit_name_zh
            if row["unit_code"] in units
            else row["unit_code"],
            "form_zh": forms.get(row["form_code"] or "", row["form_code"] or "未识别的报表"),
            "element_zh": elements.get(row.get("element_code") or "", ""),
            "rule_zh": titles.get(row.get("rule_id") or "", ""),
            "age_days": max(0, (now - row["received_at"]).days),
        }
        for row in rows
    ]


def _choices(visit: Visit) -> dict[str, Any]:
    definitions = visit.definitions
    units = reach.units_within(visit, "filings.read")
    cities = sorted({one.city_code for one in units} & set(definitions.units))
    rules = definitions.table("rules").select("rule_id", "title_zh").iter_rows()
    return {
        "city": {code: definitions.units[code].unit_name_zh for code in cities},
        "unit": {one.unit_code: one.unit_name_zh for one in units},
        "form": {
            one.form_code: f"{one.form_zh}（{one.form_code}）" for one in definitions.form_versions
        },
        "period": queries.periods(visit.engine),
        "rule": {code: f"{code} {title}" for code, title in rules},
        "severity": {code: zh for code, zh in SEVERITY_ZH.items() if code != "info"},
        "age": queries.AGES_DAYS,
        "assignee": reach.assignees(visit),
    }


def waiting(visit: Visit) -> dict[str, int]:
    """How much waits under each heading of the queue, within reach."""
    scope = reach.scope(visit)
    within = scope.where(submissions.c.city_code, submissions.c.unit_code)
    counts = queries.waiting_counts(visit.engine, within)
    return {
        "corrections": queries.proposed_corrections(visit.engine, within),
        "county": counts.get("passed", 0) + counts.get("explained", 0),
        "city": counts.get("accepted_county", 0),
    }


def _pairs(query: str) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl(query[:2000])


ROUTES: tuple[Declared, ...] = (
    Page("/queue", "queue.html", queue, "filings.read"),
    Page("/queue/accept", "accept.html", acceptable, "filings.read"),
    Act(
        "/queue/bulk",
        bulk,
        ("findings.explain", "submissions.return", "submissions.accept_county",
         "submissions.accept_city", "findings.assign"),
        "told.html",
    ),
)  # fmt: skip

__all__ = ["ROUTES", "Told", "named"]
