"""Security acts: written by this room, read by the auditor, never changed or removed.

The system administrator holds no permission that reads them, and the tables refuse changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from warehouse.access.scope import Identity, require
from warehouse.access.tables import security_events
from warehouse.ledger.chain import insert_sealed

ACTS: Mapping[str, str] = {
    "login": "登录",
    "login_failed": "登录失败",
    "login_throttled": "登录被限制",
    "logout": "退出",
    "session_ended": "登录失效",
    "password_changed": "更改密码",
    "password_reset": "重置密码",
    "account_added": "新建账户",
    "account_disabled": "停用账户",
    "account_enabled": "启用账户",
    "account_linked": "关联统一身份",
    "post_granted": "任命岗位",
    "post_ended": "免去岗位",
    "handover": "岗位交接",
    "office_declared": "登记小型机构模式",
    "publish_started": "立即发布",
    "forbidden": "越权访问被拒绝",
}


def record(
    connection: Connection,
    act: str,
    *,
    author: str,
    now: datetime,
    subject: str | None = None,
    address: str | None = None,
    detail_zh: str = "",
) -> None:
    """Adds an act to the record, in the transaction that does it."""
    if act not in ACTS:
        raise ValueError(f"{act} is no security act")
    row = {
        "act": act,
        "author": author[:128],
        "subject": None if subject is None else subject[:128],
        "address": address,
        "detail_zh": detail_zh,
        "recorded_at": now,
    }
    insert_sealed(connection, security_events, [row])


def read(
    engine: Engine, identity: Identity, *, limit: int | None = 200, offset: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """Security acts, newest first, and how many there are in all.

    Raises:
        Forbidden: the identity is no auditor.
    """
    require(identity, "audit.read")
    listed = select(security_events).order_by(security_events.c.event_order.desc())
    if limit is not None:
        listed = listed.limit(limit)
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(listed.offset(offset)).mappings()]
        total = connection.execute(select(func.count()).select_from(security_events)).scalar()
    return [row | {"act_zh": ACTS.get(row["act"], row["act"])} for row in rows], int(total or 0)
