"""Whose it is to deal with a finding, a lasting explanation or a reminder.

Each assignment is a row; the newest of a subject stands, the earlier ones are its history. Without
one a subject is everybody's whose post reaches its unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from warehouse.access import security_events
from warehouse.access.accounts import (
    account_row,
    end_in,
    grant_in,
    identity_in,
    post_zh,
    posts_in,
)
from warehouse.access.errors import AccountRefused
from warehouse.access.scope import Post
from warehouse.access.tables import assignments
from warehouse.ledger.chain import insert_sealed
from warehouse.ledger.changes import chunks
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import findings, standing_explanations

KINDS: Mapping[str, str] = {"finding": "问题", "explanation": "长期说明", "reminder": "催报"}
_OPEN = ("open", "returned")


def explanation_key(unit_code: str, form_code: str, rule_id: str, element_code: str) -> str:
    """What names a lasting explanation."""
    return ".".join((unit_code, form_code, rule_id, element_code))


def reminder_key(unit_code: str, form_code: str, period_code: str) -> str:
    """What names the reminders of one form that a unit owes."""
    return ".".join((unit_code, form_code, period_code))


def assign(
    engine: Engine,
    kind: str,
    keys: Iterable[str],
    login: str | None,
    *,
    author: str,
    now: datetime,
    reason: str = "",
) -> int:
    """How many subjects have been given to an account, or to nobody in particular (None).

    Raises:
        UnknownAccount: there is no such account.
        AccountRefused: it is disabled.
    """
    with writing(engine) as connection:
        if login is not None:
            row = account_row(connection, login)
            if row["is_disabled"]:
                raise AccountRefused(f"账户“{row['login']}”已停用，不能分派。")
            login = row["login"]
        return _assign(connection, kind, list(keys), login, author, now, reason)


def assignees(engine: Engine, kind: str) -> dict[str, str]:
    """Login by subject, where there is one."""
    with engine.connect() as connection:
        rows = connection.execute(current(kind))
        return {str(row.subject_key): str(row.login) for row in rows if row.login is not None}


def current(kind: str) -> Select[Any]:
    """A query of the assignment that stands for each subject: `subject_key, login`."""
    last = (
        select(
            assignments.c.subject_key,
            func.max(assignments.c.assignment_order).label("assignment_order"),
        )
        .where(assignments.c.subject_kind == kind)
        .group_by(assignments.c.subject_key)
        .subquery()
    )
    return (
        select(assignments.c.subject_key, assignments.c.login)
        .join(
            last,
            (assignments.c.subject_key == last.c.subject_key)
            & (assignments.c.assignment_order == last.c.assignment_order),
        )
        .where(assignments.c.subject_kind == kind)
    )


def history(engine: Engine, kind: str, key: str) -> list[dict[str, Any]]:
    """Every assignment of a subject, the first one first."""
    asked = (
        select(assignments)
        .where(assignments.c.subject_kind == kind, assignments.c.subject_key == key)
        .order_by(assignments.c.assignment_order)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(asked).mappings()]


def hand_over(
    engine: Engine,
    leaving: str,
    coming: str,
    *,
    on: date,
    author: str,
    now: datetime,
    today: date | None = None,
    reason: str = "",
) -> dict[str, int]:
    """What the next clerk takes over: how many posts, findings, lasting explanations, reminders.

    The posts of the leaving clerk end on a day and begin that day for the next one; what was
    assigned and is still open is assigned anew. What the leaving clerk decided keeps their name.

    Args:
        engine: the ledger.
        leaving: login of the clerk who leaves.
        coming: login of the next one.
        on: first day of the next clerk, by the real calendar.
        author: who hands over.
        now: the technical moment.
        today: the business day by which an explanation still stands; default that of `now`.
        reason: said to the auditor.

    Raises:
        UnknownAccount: one of the two is none.
        AccountRefused: they are one person, the next one is disabled or may not hold the posts,
            or there is nothing to hand over.
    """
    with writing(engine) as connection:
        old, new = account_row(connection, leaving), account_row(connection, coming)
        if old["account_id"] == new["account_id"]:
            raise AccountRefused("交出人与接手人是同一账户。")
        if new["is_disabled"]:
            raise AccountRefused(f"账户“{new['login']}”已停用，不能接手。")
        moved = {"post": _move_posts(connection, old, new, on=on, author=author, now=now)}
        for kind in KINDS:
            keys = _open_of(connection, kind, old["login"], today or now.date())
            moved[kind] = _assign(connection, kind, keys, new["login"], author, now, reason)
        if not any(moved.values()):
            raise AccountRefused(f"账户“{old['login']}”没有在任岗位，也没有未办事项可交接。")
        told = "、".join(
            f"{name} {moved[kind]} 项"
            for kind, name in {"post": "岗位", **KINDS}.items()
            if moved[kind]
        )
        security_events.record(
            connection, "handover", author=author, subject=old["login"], now=now,
            detail_zh=f"交给 {new['login']}，自 {on} 起：{told}"
            + (f"。{reason.strip()}" if reason.strip() else ""),
        )  # fmt: skip
        return moved


def _move_posts(
    connection: Connection,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    on: date,
    author: str,
    now: datetime,
) -> int:
    moved = 0
    held = identity_in(connection, new["account_id"], (), on).posts
    for post in posts_in(connection, old["account_id"]):
        if post.ends_on is not None and post.ends_on <= on:
            continue
        starts = max(on, post.starts_on)
        end_in(connection, old, post, ends_on=starts, author=author, now=now)
        passed_on = Post(post.role_code, post.city_code, post.unit_code, starts, post.ends_on)
        # The next clerk may have been sworn in already, to be shown the work.
        if post_zh(passed_on) not in {post_zh(one) for one in held}:
            grant_in(connection, new, passed_on, author=author, now=now)
        moved += 1
    return moved


def _open_of(connection: Connection, kind: str, login: str, today: date) -> list[str]:
    """What is assigned to an account and still to be dealt with."""
    standing = current(kind).subquery()
    rows = connection.execute(select(standing.c.subject_key).where(standing.c.login == login))
    keys = [str(row[0]) for row in rows]
    if kind == "finding":
        return _still(connection, keys, findings.c.finding_id, findings.c.status_code.in_(_OPEN))
    if kind == "explanation":
        table = standing_explanations.c
        asked = select(table.unit_code, table.form_code, table.rule_id, table.element_code).where(
            table.valid_until >= today
        )
        live = {".".join(map(str, row)) for row in connection.execute(asked).all()}
        return [key for key in keys if key in live]
    return keys


def _still(connection: Connection, keys: list[str], column: Any, condition: Any) -> list[str]:
    found: list[str] = []
    for part in chunks(keys):
        asked = select(column).where(column.in_(part), condition)
        found += [str(row[0]) for row in connection.execute(asked)]
    return found


def _assign(
    connection: Connection,
    kind: str,
    keys: list[str],
    login: str | None,
    author: str,
    now: datetime,
    reason: str,
) -> int:
    if kind not in KINDS:
        raise AccountRefused(f"不能分派“{kind}”；可分派：{'、'.join(KINDS)}。")
    last: dict[str, int] = {}
    for part in chunks(keys):
        asked = (
            select(assignments.c.subject_key, func.max(assignments.c.assignment_order))
            .where(assignments.c.subject_kind == kind, assignments.c.subject_key.in_(part))
            .group_by(assignments.c.subject_key)
        )
        last.update({str(row[0]): int(row[1]) for row in connection.execute(asked).all()})
    rows = [
        {
            "subject_kind": kind,
            "subject_key": key,
            "assignment_order": last.get(key, 0) + 1,
            "login": login,
            "author": author,
            "recorded_at": now,
            "reason_text": reason.strip() or None,
        }
        for key in dict.fromkeys(keys)
    ]
    insert_sealed(connection, assignments, rows)
    return len(rows)
