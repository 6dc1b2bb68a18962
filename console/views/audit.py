"""审计: every act in the ledger with its seal, security acts, and whether the chain holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from console.desk import Visit
from console.routes import Declared, Page
from warehouse.access import security_events
from warehouse.ledger.chain_check import chain_damage
from warehouse.ledger.tables import chain, events, submissions
from warehouse.releases.seals import kept_heads

PAGE = 100


def audit(visit: Visit) -> dict[str, Any]:
    """Acts on submissions, newest first, each beside its place in the chain."""
    page, author, verb = visit.number("page", 1), visit.asked("author"), visit.asked("verb")
    tests = []
    if author:
        tests.append(events.c.author == author)
    if verb:
        tests.append(events.c.verb == verb)
    found = (
        select(
            events.c.submission_id, events.c.event_order, events.c.verb, events.c.from_state,
            events.c.to_state, events.c.author, events.c.recorded_at, events.c.reason_text,
            submissions.c.unit_code,
        )
        .join(submissions, events.c.submission_id == submissions.c.submission_id)
        .where(*tests)
        .order_by(events.c.recorded_at.desc(), events.c.submission_id, events.c.event_order.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )  # fmt: skip
    counted = select(func.count()).select_from(events).where(*tests)
    last = select(chain.c.chain_order, chain.c.entry_hash).order_by(chain.c.chain_order.desc())
    with visit.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(found).mappings()]
        total = int(connection.execute(counted).scalar() or 0)
        head = connection.execute(last.limit(1)).first()
    return {
        "rows": rows,
        "total": total,
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "author": author,
        "verb": verb,
        "head": {"length": head[0], "hash": head[1]} if head else None,
        "seals": [
            {"place_zh": seal.place_zh, "length": seal.length, "hash": seal.entry_hash}
            for seal in kept_heads(visit.settings)
        ],
    }


def verified(visit: Visit) -> dict[str, Any]:
    """Whether every entry, every row and every kept head fit together."""
    seals = kept_heads(visit.settings)
    damage = chain_damage(visit.engine, seals)
    return {
        "damage": [
            {"kind": one.kind, "place_zh": one.place_zh, "message_zh": one.message_zh}
            for one in damage
        ],
        "seal_count": len(seals),
    }


def security(visit: Visit) -> dict[str, Any]:
    """Logins, accounts, posts and refusals, newest first."""
    page = visit.number("page", 1)
    rows, total = security_events.read(
        visit.engine, visit.person, limit=PAGE, offset=(page - 1) * PAGE
    )
    return {"rows": rows, "total": total, "page": page, "pages": max(1, -(-total // PAGE))}


ROUTES: tuple[Declared, ...] = (
    Page("/audit", "audit.html", audit, "audit.read"),
    Page("/audit/chain", "chain.html", verified, "audit.read"),
    Page("/audit/security", "security.html", security, "audit.read"),
)
