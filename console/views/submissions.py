"""报送件: a form as it was filed, what is wrong with it, its past, and deciding on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select
from starlette.responses import FileResponse, Response

from console import reach
from console.acting import (
    VERB_PERMISSIONS,
    author_of,
    back_to,
    decide_one,
    kept_evidence,
    permissions_to_undo,
    policies_of,
    recorded,
    seen,
    told_who_was_first,
)
from console.desk import Visit
from console.errors import ConsoleError, NotAllowed, NotHere
from console.routes import Act, Declared, Download, Page
from console.sheet import numbered, sheet_of
from console.views.corrections import CORRECTING, may_decide
from console.views.queue import filters_of, named, wanted_by
from sources.periods import PeriodError, parse_period
from sources.vocabulary import HOLD_REASON_ZH, STATE_ZH, gravity_of
from warehouse.access.scope import require
from warehouse.connection import between_writers
from warehouse.errors import WarehouseBusy, WorkspaceMissing
from warehouse.ledger.changes import SYSTEM
from warehouse.ledger.states import REVERSIBLE
from warehouse.ledger.tables import events, submissions
from warehouse.ledger.undoing import standing_acts
from warehouse.queries import filed
from warehouse.queries.explanations import explained_before
from warehouse.queries.queue import neighbours
from warehouse.queue.acting import permission_of
from warehouse.raw_files import raw_path

PAGE = 50
_SHOWN = (
    "submission_id", "city_code", "unit_code", "form_code", "period_code", "version",
    "state_code", "received_at", "file_name",
)  # fmt: skip
_DECISIONS = (
    "findings.explain", "submissions.return", "submissions.accept_county",
    "submissions.accept_city", "filings.withdraw", "filings.confirm",
)  # fmt: skip


def listing(visit: Visit) -> dict[str, Any]:
    """Submissions within reach, newest arrival first."""
    scope = reach.scope(visit)
    tests = [scope.where(submissions.c.city_code, submissions.c.unit_code)]
    chosen = {}
    for name, column in (
        ("city", "city_code"), ("unit", "unit_code"), ("form", "form_code"),
        ("period", "period_code"), ("state", "state_code"),
    ):  # fmt: skip
        if value := visit.asked(name):
            chosen[name] = value
            tests.append(submissions.c[column] == value)
    page = visit.number("page", 1)
    found = (
        select(*(submissions.c[name] for name in _SHOWN))
        .where(*tests)
        .order_by(submissions.c.received_at.desc(), submissions.c.submission_id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    with visit.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(found).mappings()]
        counted = select(func.count()).select_from(submissions).where(*tests)
        total = int(connection.execute(counted).scalar() or 0)
    units = reach.units_within(visit, "filings.read")
    definitions = visit.definitions
    cities = sorted({one.city_code for one in units})
    return {
        "rows": named(visit, rows),
        "total": total,
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "filters": chosen,
        "choices": {
            "city": {c: definitions.units[c].unit_name_zh for c in cities},
            "unit": {one.unit_code: one.unit_name_zh for one in units},
            "form": {one.form_code: one.form_zh for one in definitions.form_versions},
            "state": STATE_ZH,
        },
        "_query": urlencode(chosen),
    }


def submission(visit: Visit) -> dict[str, Any]:
    """One submission with everything that is needed to decide on it."""
    row = reach.submission(visit)
    found = sorted(filed.findings_of(visit.engine, row["submission_id"]), key=gravity_of)
    found = numbered(named(visit, [one | {"received_at": row["received_at"]} for one in found]))
    with visit.engine.connect() as connection:
        earlier = explained_before(connection, found)
    for one in found:
        before = earlier.get(one["finding_id"])
        one["earlier_zh"] = before.beside(one["period_code"]) if before else None
    history = filed.events_of(visit.engine, [row["submission_id"]])
    corrections = filed.corrections_of(visit.engine, row["submission_id"])
    values, beside, busy = _filed(visit, row)
    versions = filed.versions_of(visit.engine, row)
    wanted = wanted_by(visit)
    back, forth, place, total = neighbours(visit.engine, wanted, row["submission_id"])
    people = reach.allowed(visit, row, "people.read")
    return {
        "row": named(visit, [{k: v for k, v in row.items() if k != "people_json"}])[0],
        "people": _people(row) if people else {},
        "findings": found,
        "open_count": sum(one["status_code"] == "open" for one in found),
        "corrections": [
            one | {"may": may_decide(visit, one | {
                "city_code": row["city_code"], "unit_code": row["unit_code"],
            })}
            for one in corrections
        ],
        "versions": versions,
        "history": history,
        "hold_zh": _held_because(row, history),
        "counter": max((one["event_order"] for one in history), default=0),
        "is_busy": busy,
        "may": _may(visit, row, history),
        "before": back,
        "after": forth,
        "place": place,
        "queue_total": total,
        "reasons": _reasons(visit),
        "tasks": visit.desk.daytime.under_way(),
        "_sheet": sheet_of(
            visit.definitions, (row["form_code"] or "", row["form_version"] or ""), values, beside,
            found, corrections,
        ),
        "values": [value.__dict__ for value in values.values()],
        "_query": urlencode(filters_of(visit)),
        "system": SYSTEM,
        "me": author_of(visit),
    }  # fmt: skip


def versions(visit: Visit) -> dict[str, Any]:
    """版本对比: what a version changed of the one before it, and since what was accepted."""
    row = reach.submission(visit)
    listed = filed.versions_of(visit.engine, row)
    ids = [one["submission_id"] for one in listed]
    place = ids.index(row["submission_id"])
    against = visit.asked("against") or (ids[place - 1] if place else "")
    if against and against not in ids:
        raise NotHere(f"同一报表的版本“{against[:120]}”")
    accepted = _accepted_before(visit, ids, row["submission_id"])
    return {
        "row": named(visit, [{k: v for k, v in row.items() if k != "people_json"}])[0],
        "versions": listed,
        "against": against,
        "accepted": accepted,
        "differences": _differences(visit, row, against),
        "since_accepted": _differences(visit, row, accepted) if accepted else [],
    }


def decide(visit: Visit) -> Response:
    """One decision, recorded with who, when and why; a second click of it is no second act."""
    row = reach.submission(visit)
    verb, submission_id = visit.field("verb"), row["submission_id"]
    if verb not in VERB_PERMISSIONS:
        raise ConsoleError("请选择要做的处理。")
    needed = permission_of(verb, VERB_PERMISSIONS[verb], row["state_code"])
    require(visit.person, needed, reach.place_of(row))
    evidence = kept_evidence(visit)
    ids = visit.fields("finding")
    with told_who_was_first(visit, submission_id, verb):
        decide_one(
            visit, verb, submission_id, visit.field("reason"), finding_ids=ids or None,
            evidence=evidence[0] if evidence else None, expected=seen(visit),
            reason_code=visit.field("reason_code") or "explanation",
        )  # fmt: skip
    if verb == "confirm":  # what was entered on the unit's behalf is checked now
        visit.desk.daytime.take_in(author_of(visit))
    return back_to(visit, submission_id, recorded(verb))


def take_back(visit: Visit) -> Response:
    """Undoes the last act, by whoever might do it."""
    row = reach.submission(visit)
    submission_id = row["submission_id"]
    with visit.engine.connect() as connection:
        acts = standing_acts(connection, submission_id)
    wanted = permissions_to_undo(acts[-1]) if acts else ()
    if not any(reach.allowed(visit, row, name) for name in wanted):
        raise NotAllowed("最后一步不是你的岗位能作的处理，不能由你撤销。")
    undone = None
    with told_who_was_first(visit, submission_id, "undo"):
        done = decide_one(visit, "undo", submission_id, visit.field("reason"), expected=seen(visit))
        undone = done.undone_verb
    if undone == "approve":  # the figure as filed is judged again
        visit.desk.daytime.revalidate([submission_id], author_of(visit))
    return back_to(visit, submission_id, recorded("undo"))


def original(visit: Visit) -> Response:
    """The file as it was filed, byte for byte."""
    row = reach.submission(visit)
    path = raw_path(visit.settings, row["file_sha256"])
    if not path.is_file():
        raise NotHere("这份原件")
    return FileResponse(
        path, filename=row["file_name"], media_type="application/octet-stream",
        content_disposition_type="attachment",
    )  # fmt: skip


def _held_because(row: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str:
    """Why a submission is held that has no blocking finding; empty for any other."""
    holds = [one for one in history if one["verb"] == "hold"]
    if row["state_code"] != "held" or not holds:
        return ""
    return HOLD_REASON_ZH.get(holds[-1]["reason_code"] or "", "")


def _may(
    visit: Visit, row: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
) -> dict[str, bool]:
    """What the account may do with a submission, by verb."""
    asked = {**VERB_PERMISSIONS, "correct": "corrections.propose", "approve": "corrections.approve"}
    found = {
        verb: reach.allowed(visit, row, permission_of(verb, permission, row["state_code"]))
        for verb, permission in asked.items()
    }
    with visit.engine.connect() as connection:
        acts = standing_acts(connection, row["submission_id"])
    last = acts[-1] if acts else None
    is_persons = last is not None and last["author"] != SYSTEM and last["verb"] in REVERSIBLE
    found["undo"] = bool(
        last and is_persons
        and any(reach.allowed(visit, row, name) for name in permissions_to_undo(last))
    )  # fmt: skip
    found["correct"] = found["correct"] and policies_of(visit).allows_corrections(
        row["city_code"], row["form_code"] or "", visit.desk.now().date()
    )
    return found


def _filed(visit: Visit, row: Mapping[str, Any]) -> tuple[Any, Any, bool]:
    """Cells and their past; empty, and said so, while a night writes the private warehouse."""
    if not row["form_code"] or not row["period_code"]:
        return {}, {}, False
    try:
        with between_writers(visit.settings):
            values = filed.values_of(visit.settings, row["submission_id"])
            beside = filed.beside_values(
                visit.settings, row["unit_code"], row["form_code"], row["period_code"],
                row["submission_id"],
            )  # fmt: skip
    except (WarehouseBusy, WorkspaceMissing):
        return {}, {}, True
    return values, beside, False


def _differences(visit: Visit, row: Mapping[str, Any], other: str) -> list[dict[str, Any]]:
    """Cells whose value is another than in the other version, in the order of the form."""
    if not other or other == row["submission_id"]:
        return []
    with between_writers(visit.settings):
        now = filed.values_of(visit.settings, row["submission_id"])
        then = filed.values_of(visit.settings, other)
    words = {
        (one.row_code, one.value_column): one
        for one in visit.definitions.form_elements(row["form_code"], row["form_version"])
    }
    keys = [key for key in words if key in now or key in then]
    keys += sorted((now.keys() | then.keys()) - set(keys))
    told = []
    for key in keys:
        new, old = now.get(key), then.get(key)
        if (new.shown if new else None) == (old.shown if old else None):
            continue
        first, second = (
            filed.exact(old.shown if old else None),
            filed.exact(new.shown if new else None),
        )
        told.append({
            "row_code": key[0], "value_column": key[1],
            "item_zh": words[key].item_zh.strip() if key in words else key[0],
            "unit_zh": words[key].unit_zh if key in words else "",
            "cell": new.cell if new else None,
            "old": old.shown if old else None,
            "new": new.shown if new else None,
            "difference": second - first if first is not None and second is not None else None,
        })  # fmt: skip
    return told


def _accepted_before(visit: Visit, ids: list[str], itself: str) -> str:
    """The newest other version that was accepted at the city gate; empty when none was."""
    found = (
        select(events.c.submission_id)
        .where(
            events.c.submission_id.in_(ids),
            events.c.submission_id != itself,
            events.c.to_state == "accepted_city",
        )
        .order_by(
            events.c.effective_at.desc(), events.c.recorded_at.desc(), events.c.submission_id.desc()
        )
        .limit(1)
    )
    with visit.engine.connect() as connection:
        return str(connection.execute(found).scalar() or "")


def _people(row: Mapping[str, Any]) -> dict[str, str]:
    import json

    try:
        found = json.loads(row["people_json"] or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items() if value}


def _reasons(visit: Visit) -> dict[str, str]:
    table = visit.definitions.table("explanation_reasons")
    return dict(table.select("reason_code", "reason_zh").iter_rows())


def period_or_none(code: str | None) -> Any:
    """A period; None for a code that is none."""
    try:
        return parse_period(code) if code else None
    except PeriodError:
        return None


ROUTES: tuple[Declared, ...] = (
    Page("/submissions", "submissions.html", listing, "filings.read"),
    Page("/submissions/{submission_id}/versions", "versions.html", versions, "filings.read"),
    Page("/submissions/{submission_id}", "submission.html", submission, "filings.read"),
    Act("/submissions/{submission_id}/decide", decide, _DECISIONS),
    Act("/submissions/{submission_id}/undo", take_back, (*_DECISIONS, *CORRECTING)),
    Download("/submissions/{submission_id}/original", original, "filings.read"),
)
