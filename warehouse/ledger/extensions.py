"""Deadlines put off by a recorded decision; the newest one of a unit, form and period stands.

An extension moves the moment by which lateness is judged, never the calendar's own due moment:
both are shown.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Engine, func, select

from warehouse.clock import technical_now
from warehouse.errors import DecisionRefused
from warehouse.ledger.chain import insert_sealed_row
from warehouse.ledger.changes import SYSTEM
from warehouse.ledger.decisions import required
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import extensions

EXTENSIONS: dict[str, pl.DataType] = {
    "unit_code": pl.String(),
    "form_code": pl.String(),
    "period_code": pl.String(),
    "extension_order": pl.Int32(),
    "extended_to": pl.Datetime("us"),
    "decided_at": pl.Datetime("us"),
}


def extend(
    engine: Engine,
    subject: tuple[str, str, str],
    *,
    author: str,
    at: datetime,
    until: datetime,
    due_at: datetime,
    reason: str,
) -> int:
    """The number of the extension of a unit, form and period; each further one replaces the last.

    Args:
        engine: the ledger.
        subject: unit, form and period code.
        author: the account that decides.
        at: business moment of the decision.
        until: the new last moment, Asia/Shanghai.
        due_at: the calendar's own due moment.
        reason: why; kept in the ledger only.

    Raises:
        DecisionRefused: no account, no reason, or a moment that is not after the due one.
    """
    text = required(reason, "延期须写明理由。")
    if not author.strip() or author == SYSTEM:
        raise DecisionRefused(f"操作人“{author}”无效：须是一个账户，且不得为 {SYSTEM}。")
    if until <= due_at:
        raise DecisionRefused(
            f"延期至 {until:%Y-%m-%d %H:%M} 不晚于原定的应报时间 {due_at:%Y-%m-%d %H:%M}。"
        )
    unit, form, period = subject
    with writing(engine) as connection:
        found = select(func.max(extensions.c.extension_order)).where(
            extensions.c.unit_code == unit,
            extensions.c.form_code == form,
            extensions.c.period_code == period,
        )
        number = (connection.execute(found).scalar() or 0) + 1
        insert_sealed_row(
            connection,
            extensions,
            unit_code=unit,
            form_code=form,
            period_code=period,
            extension_order=number,
            extended_to=until,
            author=author,
            decided_at=at,
            recorded_at=technical_now(),
            reason_text=text,
        )
        return number


def extensions_frame(engine: Engine) -> pl.DataFrame:
    """Every extension, the replaced ones too; who decided and why stay behind."""
    query = select(*(extensions.c[name] for name in EXTENSIONS)).order_by(
        extensions.c.unit_code,
        extensions.c.form_code,
        extensions.c.period_code,
        extensions.c.extension_order,
    )
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=EXTENSIONS, orient="row")


def extended_to(engine: Engine) -> dict[tuple[str, str, str], datetime]:
    """The last moment that stands for each extended unit, form and period."""
    return {
        (unit, form, period): until
        for unit, form, period, _, until, _ in extensions_frame(engine).iter_rows()
    }
