"""封库 and 开封: a city closes a form's period; what comes after waits for a reopening.

A filing that arrives for a closed period is taken in and checked like any other, but held: a first
one is 补报, a further one 更正. A reopening says why and which named release it enters; what was
held for the closing is then checked anew and takes its usual way. Closing and reopening are rows
that are only added, each the other's reverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select

from sources.vocabulary import VERB_ZH, said
from warehouse.clock import technical_now
from warehouse.errors import DecisionConflict, DecisionRefused, PeriodClosed
from warehouse.ledger.chain import insert_sealed_row
from warehouse.ledger.changes import SYSTEM, Change, apply_changes
from warehouse.ledger.decisions import checked_author, required
from warehouse.ledger.engine import writing
from warehouse.ledger.states import PERIOD_TRANSITIONS
from warehouse.ledger.tables import closings, events, submissions

Key = tuple[str, str, str]
"""City, form and period."""

HELD_FOR_CLOSING = "closed"
"""Reason code of a hold that a reopening lifts."""


@dataclass(frozen=True)
class Closing:
    """What closing or reopening came to."""

    city_code: str
    form_code: str
    period_code: str
    verb: str
    version: int
    """Its number among the closings and reopenings: what the next one expects."""
    waiting: tuple[str, ...] = ()
    """Submissions not yet accepted at the closing; at a reopening, those it lets go on."""


def close(
    engine: Engine | Connection,
    subject: Key,
    *,
    author: str,
    at: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> Closing:
    """Closes a city's form and period; its figures stand as they are until a reopening.

    Args:
        engine: the ledger.
        subject: city, form and period code.
        author: the account that decides.
        at: business moment.
        reason: why, where there is something to say.
        expected_version: number of the last closing or reopening they had before their eyes.

    Raises:
        DecisionConflict: somebody closed or reopened it since.
        DecisionRefused: it is closed already.
    """
    with writing(engine) as connection:
        number = _next(connection, subject, "close", author, expected_version)
        _insert(connection, subject, number, "close", author, at, reason.strip() or None, None)
        live = select(submissions.c.submission_id).where(
            _is_of(subject),
            submissions.c.state_code.in_(("passed", "explained", "accepted_county")),
        )
        left: tuple[str, ...] = tuple(
            connection.execute(live.order_by(submissions.c.submission_id)).scalars()
        )
        return Closing(*subject, "close", number, left)


def reopen(
    engine: Engine | Connection,
    subject: Key,
    *,
    author: str,
    at: datetime,
    reason: str,
    release_name: str,
    expected_version: int | None = None,
) -> Closing:
    """Reopens a closed period for a 补报 or 更正; what waited for it is checked anew.

    Args:
        engine: the ledger.
        subject: city, form and period code.
        author: the account that decides.
        at: business moment.
        reason: why; it goes with every figure that changes.
        release_name: the named release the change enters.
        expected_version: number of the last closing or reopening they had before their eyes.

    Raises:
        DecisionConflict: somebody closed or reopened it since.
        DecisionRefused: it is not closed, or no reason or name is given.
    """
    text = required(reason, "开封须写明理由（--reason）。")
    name = required(release_name, "开封须写明所入发布的名称（--release-name）。")
    with writing(engine) as connection:
        number = _next(connection, subject, "reopen", author, expected_version)
        _insert(connection, subject, number, "reopen", author, at, text, name)
        waiting = _held_for_closing(connection, subject)
        apply_changes(
            connection,
            [
                Change(
                    key, "reread", "held", SYSTEM, at,
                    reason_code="reopened", reason_text=f"{'.'.join(subject)}.{number}",
                )
                for key in waiting
            ],
        )  # fmt: skip
        return Closing(*subject, "reopen", number, tuple(waiting))


def closed_periods(connection: Connection) -> dict[Key, Mapping[str, Any]]:
    """Every city, form and period that is closed now, with its closing."""
    return {key: row for key, row in _last(connection).items() if row["verb"] == "close"}


def closing_versions(connection: Connection) -> dict[Key, int]:
    """By city, form and period: the number of its last closing or reopening."""
    return {key: int(row["closing_order"]) for key, row in _last(connection).items()}


def reopenings(connection: Connection) -> list[dict[str, Any]]:
    """Every reopening with the release it enters, in order, and whether its period is still open.

    Who decided stays behind: what is told here goes into manifests.
    """
    found = select(closings).where(closings.c.verb == "reopen")
    last = closing_versions(connection)
    ordered = found.order_by(
        closings.c.decided_at, closings.c.city_code, closings.c.form_code, closings.c.period_code,
        closings.c.closing_order,
    )  # fmt: skip
    told = []
    for row in connection.execute(ordered).mappings():
        key = (row["city_code"], row["form_code"], row["period_code"])
        names = ("city_code", "form_code", "period_code", "closing_order", "release_name")
        told.append(
            {name: row[name] for name in names}
            | {
                "reopened_at": row["decided_at"].isoformat(),
                "reason_zh": row["reason_text"],
                "is_open": last[key] == row["closing_order"],
            }
        )
    return told


def refuse_if_closed(connection: Connection, row: Mapping[str, Any]) -> None:
    """Refuses an act that would change a figure of a closed period.

    Raises:
        PeriodClosed: the submission's period is closed.
    """
    if row["form_code"] is None or row["period_code"] is None:
        return
    key = (row["city_code"], row["form_code"], row["period_code"])
    last = _last_of(connection, key)
    if last is not None and last["verb"] == "close":
        raise PeriodClosed(*key)


def _next(
    connection: Connection, subject: Key, verb: str, author: str, expected: int | None
) -> int:
    checked_author(author)
    if not all(part.strip() for part in subject):
        raise DecisionRefused("封库、开封须指明城市、报表和报告期。")
    last = _last_of(connection, subject)
    name = f"{subject[0]} 的报表 {subject[1]} {subject[2]} "
    number = int(last["closing_order"]) if last else 0
    if last is not None and expected is not None and number > expected:
        raise DecisionConflict(
            name, last["verb"], last["author"], last["recorded_at"], number - expected - 1
        )
    state = "closed" if last is not None and last["verb"] == "close" else "open"
    if state not in PERIOD_TRANSITIONS[verb]:
        if last is not None:
            who = f"（“{last['author']}”于 {last['recorded_at']:%Y-%m-%d %H:%M} {_word(last)}）"
        else:
            who = "（从未封库）"
        raise DecisionRefused(f"{name}不能{said(VERB_ZH, verb)}{who}。")
    return number + 1


def _word(row: Mapping[str, Any]) -> str:
    return said(VERB_ZH, row["verb"])


def _insert(
    connection: Connection,
    subject: Key,
    number: int,
    verb: str,
    author: str,
    at: datetime,
    reason: str | None,
    release_name: str | None,
) -> None:
    city, form, period = subject
    insert_sealed_row(
        connection, closings,
        city_code=city, form_code=form, period_code=period, closing_order=number, verb=verb,
        author=author, decided_at=at, recorded_at=technical_now(), reason_text=reason,
        release_name=release_name,
    )  # fmt: skip


def _is_of(subject: Key) -> Any:
    city, form, period = subject
    return and_(
        submissions.c.city_code == city,
        submissions.c.form_code == form,
        submissions.c.period_code == period,
    )


def _held_for_closing(connection: Connection, subject: Key) -> list[str]:
    held = select(submissions.c.submission_id).where(
        _is_of(subject), submissions.c.state_code == "held"
    )
    found = []
    keys: list[str] = list(connection.execute(held.order_by(submissions.c.submission_id)).scalars())
    for key in keys:
        last = select(events.c.reason_code).where(events.c.submission_id == key)
        why = connection.execute(last.order_by(events.c.event_order.desc()).limit(1)).scalar()
        if why == HELD_FOR_CLOSING:
            found.append(str(key))
    return found


def _last_of(connection: Connection, subject: Key) -> Mapping[str, Any] | None:
    city, form, period = subject
    found = (
        select(closings)
        .where(
            closings.c.city_code == city,
            closings.c.form_code == form,
            closings.c.period_code == period,
        )
        .order_by(closings.c.closing_order.desc())
        .limit(1)
    )
    row = connection.execute(found).mappings().first()
    return None if row is None else dict(row)


def _last(connection: Connection) -> dict[Key, Mapping[str, Any]]:
    key = (closings.c.city_code, closings.c.form_code, closings.c.period_code)
    newest = (
        select(*key, func.max(closings.c.closing_order).label("closing_order"))
        .group_by(*key)
        .subquery()
    )
    found = select(closings).join(
        newest,
        and_(
            closings.c.city_code == newest.c.city_code,
            closings.c.form_code == newest.c.form_code,
            closings.c.period_code == newest.c.period_code,
            closings.c.closing_order == newest.c.closing_order,
        ),
    )
    rows = connection.execute(found).mappings().all()
    return {(row["city_code"], row["form_code"], row["period_code"]): dict(row) for row in rows}
