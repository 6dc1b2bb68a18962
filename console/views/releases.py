"""发布: what was published when, how releases differ, the gate's word, going back, and 立即发布."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.reach import holds
from console.routes import Act, Declared, Page
from sources.vocabulary import RELEASE_KIND_ZH, said
from warehouse.audiences.child import start
from warehouse.ledger.tables import closings
from warehouse.queries.history import differences, in_words, releases, roll_back
from warehouse.releases.history import OFFICIAL, published_manifest

PAGE = 200
"""Differences on a page."""


def listing(visit: Visit) -> dict[str, Any]:
    """Every release kept, newest first, and the job that makes the next one."""
    found = nights(visit)
    names = _names(visit, [str(row["published_at"]) for row in found])
    standing = published_manifest(visit.settings)
    return {
        "rows": [
            {
                **{name: row.get(name) for name in (
                    "release_id", "as_of", "published_at", "software_version", "chain_head",
                    "previous_release_id", "thinned_on",
                )},
                "names": names.get(str(row["published_at"]), []),
                "kind_zh": said(RELEASE_KIND_ZH, row["kind"]),
                "held_cities": row["held_cities"],
                "row_count": sum(table["rows"] for table in row["tables"].values()),
            }
            for row in found
        ],
        "standing": standing["release_id"] if standing else None,
        "checked_as_of": standing.get("checked_as_of") if standing else None,
        "job": visit.desk.daytime.last_publication(),
        "may_publish": holds(visit.person, "releases.publish"),
        "may_roll_back": holds(visit.person, "releases.roll_back"),
    }  # fmt: skip


def nights(visit: Visit) -> list[dict[str, Any]]:
    """The releases of the nights, newest first; official ones have a page of their own."""
    return [row for row in releases(visit.settings) if row["kind"] != OFFICIAL]


def _names(visit: Visit, published: list[str]) -> dict[str, list[dict[str, str]]]:
    """By moment of publishing: the reopenings (开封) whose changes went into that release first."""
    found = select(closings).where(closings.c.verb == "reopen").order_by(closings.c.closing_order)
    with visit.engine.connect() as connection:
        reopened = [dict(row) for row in connection.execute(found).mappings()]
    told: dict[str, list[dict[str, str]]] = {}
    for row in reopened:
        # Business moments of one demo day are equal: the first release at or after it is meant.
        later = [one for one in sorted(published) if one >= row["decided_at"].isoformat()]
        if later:
            told.setdefault(later[-1] if len(set(later)) == 1 else later[0], []).append({
                "name": row["release_name"], "reason": row["reason_text"],
                "subject": f"{row['form_code']} {row['period_code']}",
            })  # fmt: skip
    return told


def difference(visit: Visit) -> dict[str, Any]:
    """Published values that differ between two releases: old, new, why."""
    first, second = visit.params["first"], visit.params["second"]
    known = [row["release_id"] for row in nights(visit)]
    for one in (first, second):
        if one not in known:
            raise NotHere(f"发布版本“{one[:60]}”")
    found = differences(visit.settings, first, second)
    page = visit.number("page", 1)
    return {
        "first": first,
        "second": second,
        "known": known,
        "rows": in_words(visit.settings, second, found[(page - 1) * PAGE : page * PAGE]),
        "total": len(found),
        "page": page,
        "pages": max(1, -(-len(found) // PAGE)),
    }


def job_state(visit: Visit) -> dict[str, Any]:
    """How the job stands that was started last; the page asks for it every few seconds."""
    return {"job": visit.desk.daytime.last_publication()}


def publish(visit: Visit) -> Response:
    """Starts a night now."""
    visit.desk.daytime.publish(visit.person)
    return RedirectResponse(f"/releases?done={quote('已启动，进展见下。')}", status_code=303)


def back(visit: Visit) -> Response:
    """Lets BI open an older release again; newer ones are kept."""
    wanted = visit.params["release_id"]
    if wanted not in {row["release_id"] for row in nights(visit)}:
        raise NotHere(f"发布版本“{wanted[:60]}”")
    if visit.field("sure") != wanted:
        raise ConsoleError("请在框中照抄要回退到的发布号，以免误按。")
    roll_back(visit.settings, wanted)
    start(visit.settings)
    return RedirectResponse(f"/releases?done={quote(f'已回退到 {wanted}。')}", status_code=303)


ROUTES: tuple[Declared, ...] = (
    Page("/releases", "releases.html", listing, "published.read"),
    Page("/releases/job", "job.html", job_state, "published.read"),
    Page("/releases/{first}/to/{second}", "difference.html", difference, "published.read"),
    Act("/releases/publish", publish, "releases.publish"),
    Act("/releases/{release_id}/back", back, "releases.roll_back"),
)
