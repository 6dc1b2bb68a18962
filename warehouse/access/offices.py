"""小型机构模式: an office too small for a second person, declared for a time and in the open.

In a declared office the reporting county's own confirmation stands for the second person at the
city. The declaration is a row with dates; each further one of a unit replaces the last. Releases
print it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from warehouse.access import security_events
from warehouse.access.errors import AccountRefused
from warehouse.access.tables import small_offices
from warehouse.clock import technical_now
from warehouse.ledger.chain import insert_sealed_row
from warehouse.ledger.engine import writing


def declare_small_office(
    engine: Engine,
    unit_code: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    starts_on: date,
    ends_on: date | None = None,
) -> int:
    """The number of a unit's declaration; each further one replaces the last.

    Args:
        engine: the ledger.
        unit_code: the office, as a rule the city whose desk has no second person.
        author: the account that declares.
        at: business moment of the declaration.
        reason: why there is no second person.
        starts_on: first business day on which it holds.
        ends_on: first business day on which it does not any more; equal to `starts_on` takes the
            declaration back.

    Raises:
        AccountRefused: no reason, or days the wrong way round.
    """
    if not reason.strip():
        raise AccountRefused("登记小型机构模式须写明理由。")
    if ends_on is not None and ends_on < starts_on:
        raise AccountRefused(f"截止日 {ends_on} 早于起始日 {starts_on}。")
    with writing(engine) as connection:
        found = select(func.max(small_offices.c.declaration_order)).where(
            small_offices.c.unit_code == unit_code
        )
        number = (connection.execute(found).scalar() or 0) + 1
        insert_sealed_row(
            connection,
            small_offices,
            unit_code=unit_code,
            declaration_order=number,
            starts_on=starts_on,
            ends_on=ends_on,
            author=author,
            decided_at=at,
            recorded_at=technical_now(),
            reason_text=reason.strip(),
        )
        until = f"，至 {ends_on} 前" if ends_on else ""
        security_events.record(
            connection, "office_declared", author=author, subject=unit_code, now=technical_now(),
            detail_zh=f"自 {starts_on} 起{until}：{reason.strip()}",
        )  # fmt: skip
        return int(number)


def is_small_office(connection: Connection, unit_code: str, day: date) -> bool:
    """Whether the declaration that stands for a unit holds on a business day."""
    return any(row["unit_code"] == unit_code for row in small_offices_in(connection, day))


def small_offices_in(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The declarations that hold on a business day, by unit."""
    last = (
        select(
            small_offices.c.unit_code,
            func.max(small_offices.c.declaration_order).label("declaration_order"),
        )
        .group_by(small_offices.c.unit_code)
        .subquery()
    )
    found = (
        select(small_offices)
        .join(
            last,
            (small_offices.c.unit_code == last.c.unit_code)
            & (small_offices.c.declaration_order == last.c.declaration_order),
        )
        .where(
            small_offices.c.starts_on <= day,
            (small_offices.c.ends_on.is_(None)) | (small_offices.c.ends_on > day),
        )
        .order_by(small_offices.c.unit_code)
    )
    return [dict(row) for row in connection.execute(found).mappings()]
