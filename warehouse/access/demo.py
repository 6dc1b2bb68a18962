"""Accounts of a demo workspace, with one password that is printed in the open.

They are made in a demo workspace only. A workspace is demo or real for ever, so none of them can
ever open a real one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pwdlib import PasswordHash
from sqlalchemy import insert, select

from sources.definitions import Unit
from warehouse.access import security_events
from warehouse.access.errors import AccountRefused
from warehouse.access.passwords import strong
from warehouse.access.roles import ROLES
from warehouse.access.tables import accounts, posts
from warehouse.ledger.engine import open_ledger, writing
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic

PASSWORD = "yanshi-desk-2026"
_LOGINS = {
    "reporter": "reporter",
    "county_approver": "county",
    "city_steward": "steward",
    "city_approver": "approver",
    "auditor": "auditor",
    "security_administrator": "security",
    "system_administrator": "system",
}


@dataclass(frozen=True)
class DemoAccount:
    """One account to be made."""

    login: str
    name_zh: str
    role_code: str
    city_code: str | None
    unit_code: str | None


def demo_accounts(units: Iterable[Unit], city_codes: Iterable[str]) -> list[DemoAccount]:
    """A reporter and an approver of each unit, a steward and an approver of each city, 三员.

    Args:
        units: units that file.
        city_codes: cities of the workspace that have a plan.
    """
    listed = {unit.unit_code: unit for unit in units}
    found: list[DemoAccount] = []
    for role in ROLES.values():
        word = _LOGINS[role.code]
        if role.reach == "all":
            found.append(DemoAccount(word, f"{role.name_zh}（演示）", role.code, None, None))
        elif role.reach == "city":
            found += [
                DemoAccount(f"{word}-{code}", f"{role.name_zh}（演示）", role.code, code, None)
                for code in sorted(city_codes)
            ]
        else:
            found += [
                DemoAccount(
                    f"{word}-{code}".casefold(), f"{unit.unit_name_zh}{role.name_zh}（演示）",
                    role.code, unit.city_code, code,
                )
                for code, unit in sorted(listed.items())
                if unit.city_code in set(city_codes)
            ]  # fmt: skip
    return found


def make_demo_accounts(
    settings: Settings,
    wanted: Iterable[DemoAccount],
    *,
    author: str,
    now: datetime,
    hasher: PasswordHash | None = None,
) -> int:
    """How many demo accounts were made; those that are there stay as they are.

    Raises:
        AccountRefused: the workspace is not a demo workspace.
    """
    if is_synthetic(settings) is not True:
        raise AccountRefused("演示账户只能建在演示工作区；请先运行 qiangshi demo，或另建工作区。")
    engine = open_ledger(settings)
    # One hash for all: the password is public, and hashing it two hundred times is not free.
    hashed = (hasher or strong()).hash(PASSWORD)
    with writing(engine) as connection:
        known: set[str] = set(connection.execute(select(accounts.c.login)).scalars())
        made = [(secrets.token_hex(8), one) for one in wanted if one.login not in known]
        if not made:
            return 0
        connection.execute(
            insert(accounts),
            [
                {
                    "account_id": account_id,
                    "login": one.login,
                    "name_zh": one.name_zh,
                    "password_hash": hashed,
                    "must_change_password": False,
                    "is_disabled": False,
                    "is_demo": True,
                    "created_at": now,
                    "password_changed_at": now,
                }
                for account_id, one in made
            ],
        )
        connection.execute(
            insert(posts),
            [
                {
                    "account_id": account_id,
                    "role_code": one.role_code,
                    "city_code": one.city_code,
                    "unit_code": one.unit_code,
                    "starts_on": now.date(),
                    "granted_by": author,
                    "granted_at": now,
                }
                for account_id, one in made
            ],
        )
        security_events.record(
            connection, "account_added", author=author, now=now,
            detail_zh=f"演示账户 {len(made)} 个，口令公开",
        )  # fmt: skip
    engine.dispose()
    return len(made)
