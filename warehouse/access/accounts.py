"""Accounts of persons and their posts.

An account is never deleted and a post never rewritten: a post ends on a day, an account is
disabled, and every act is told to the auditor. Who may call this is asked at the door
(`require(identity, "accounts.manage")`) or is whoever has the server's command line.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pwdlib import PasswordHash
from sqlalchemy import Connection, Engine, insert, select, update

from warehouse.access import security_events, throttle
from warehouse.access.errors import AccountRefused, UnknownAccount
from warehouse.access.passwords import checked_password, first_password, strong
from warehouse.access.roles import HANDLING, ROLES, THREE_OFFICES
from warehouse.access.scope import Identity, Post
from warehouse.access.tables import accounts, posts, sessions
from warehouse.ledger.engine import writing

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


def normal_login(login: str) -> str:
    """A login as it is stored: without blanks around, in small letters."""
    return login.strip().casefold()[:200]


def add_account(
    engine: Engine,
    login: str,
    name_zh: str,
    *,
    author: str,
    now: datetime,
    password: str | None = None,
    is_demo: bool = False,
    has_password: bool = True,
    hasher: PasswordHash | None = None,
) -> str | None:
    """The first password of a new account, to be handed over once; None when it has none.

    Args:
        engine: the ledger.
        login: 2 to 64 letters, digits or `._@-`; case does not count.
        name_zh: the person.
        author: who adds it.
        now: the technical moment.
        password: the first password; made up when None. It must be changed at the first login.
        is_demo: a demo account, whose password is printed in the open.
        has_password: False for a person who only comes by the city's own identity provider.
        hasher: how passwords are kept; argon2id.

    Raises:
        AccountRefused: the login is malformed or taken, or there is no name.
        PasswordRefused: the password given may not be used.
    """
    name = normal_login(login)
    if not _LOGIN.fullmatch(name):
        raise AccountRefused(
            f"账户名“{login}”不能用：2～64 个小写字母、数字或 . _ @ -，以字母或数字开头。"
        )
    if not name_zh.strip():
        raise AccountRefused("账户属于个人，须写明姓名。")
    first, hashed = None, None
    if has_password:
        first = password or first_password()
        checked_password(first, login=name, name_zh=name_zh.strip())
        hashed = (hasher or strong()).hash(first)
    with writing(engine) as connection:
        taken = select(accounts.c.login).where(accounts.c.login == name)
        if connection.execute(taken).first() is not None:
            raise AccountRefused(f"账户名“{name}”已被使用。")
        connection.execute(
            insert(accounts).values(
                account_id=secrets.token_hex(8),
                login=name,
                name_zh=name_zh.strip(),
                password_hash=hashed,
                must_change_password=has_password and not is_demo,
                is_disabled=False,
                is_demo=is_demo,
                created_at=now,
                password_changed_at=now if has_password else None,
            )
        )
        security_events.record(
            connection, "account_added", author=author, subject=name, now=now,
            detail_zh=f"{name_zh.strip()}{'（演示账户）' if is_demo else ''}",
        )  # fmt: skip
    return first


def reset_password(
    engine: Engine,
    login: str,
    *,
    author: str,
    now: datetime,
    password: str | None = None,
    hasher: PasswordHash | None = None,
) -> str:
    """A new first password; sessions end, a lock by failed logins is lifted.

    Raises:
        UnknownAccount: there is no such account.
        PasswordRefused: the password given may not be used.
    """
    first = password or first_password()
    with engine.connect() as connection:
        row = account_row(connection, login)
    checked_password(first, login=row["login"], name_zh=row["name_zh"])
    hashed = (hasher or strong()).hash(first)
    with writing(engine) as connection:
        connection.execute(
            update(accounts)
            .where(accounts.c.account_id == row["account_id"])
            .values(password_hash=hashed, must_change_password=True, password_changed_at=now)
        )
        end_sessions(connection, row["account_id"], "password", now)
        throttle.forget(connection, row["login"])
        security_events.record(
            connection, "password_reset", author=author, subject=row["login"], now=now
        )
    return first


def set_disabled(
    engine: Engine, login: str, *, is_disabled: bool, author: str, now: datetime
) -> None:
    """Disables an account at once, sessions included, or enables it again.

    Raises:
        UnknownAccount: there is no such account.
    """
    with writing(engine) as connection:
        row = account_row(connection, login)
        connection.execute(
            update(accounts)
            .where(accounts.c.account_id == row["account_id"])
            .values(is_disabled=is_disabled)
        )
        if is_disabled:
            end_sessions(connection, row["account_id"], "disabled", now)
        act = "account_disabled" if is_disabled else "account_enabled"
        security_events.record(connection, act, author=author, subject=row["login"], now=now)


def grant_post(engine: Engine, login: str, post: Post, *, author: str, now: datetime) -> int:
    """Number of a new post of an account.

    Raises:
        UnknownAccount: there is no such account.
        AccountRefused: the role or its place is wrong, or 三员分立 forbids it.
    """
    with writing(engine) as connection:
        return grant_in(connection, account_row(connection, login), post, author=author, now=now)


def grant_in(
    connection: Connection, account: Mapping[str, Any], post: Post, *, author: str, now: datetime
) -> int:
    """`grant_post` within a transaction."""
    _check_place(post)
    if post.ends_on is not None and post.ends_on <= post.starts_on:
        raise AccountRefused(f"岗位的截止日 {post.ends_on} 不晚于起始日 {post.starts_on}。")
    held = posts_in(connection, account["account_id"])
    for other in held:
        if not _overlap(post, other):
            continue
        if other.role_code == post.role_code and _where(other) == _where(post):
            raise AccountRefused(f"账户“{account['login']}”已任{post_zh(post)}。")
        _check_offices(account["login"], post, other)
    made = connection.execute(
        insert(posts).values(
            account_id=account["account_id"],
            role_code=post.role_code,
            city_code=post.city_code,
            unit_code=post.unit_code,
            starts_on=post.starts_on,
            ends_on=post.ends_on,
            granted_by=author,
            granted_at=now,
        )
    )
    until = f"至 {post.ends_on} 前" if post.ends_on else ""
    security_events.record(
        connection, "post_granted", author=author, subject=account["login"], now=now,
        detail_zh=f"{post_zh(post)}，自 {post.starts_on} 起{until}",
    )  # fmt: skip
    key = made.inserted_primary_key
    return int(key[0]) if key else 0


def end_post(
    engine: Engine, login: str, post: Post, *, ends_on: date, author: str, now: datetime
) -> None:
    """Ends a post on a day; that day is the first without it.

    Raises:
        UnknownAccount: there is no such account.
        AccountRefused: the account does not hold that post.
    """
    with writing(engine) as connection:
        row = account_row(connection, login)
        end_in(connection, row, post, ends_on=ends_on, author=author, now=now)


def end_in(
    connection: Connection,
    account: Mapping[str, Any],
    post: Post,
    *,
    ends_on: date,
    author: str,
    now: datetime,
) -> None:
    """`end_post` within a transaction."""
    held = [
        other
        for other in posts_in(connection, account["account_id"])
        if other.role_code == post.role_code
        and _where(other) == _where(post)
        and (other.ends_on is None or other.ends_on > ends_on)
    ]
    if not held:
        raise AccountRefused(f"账户“{account['login']}”没有在任的岗位：{post_zh(post)}。")
    for other in held:
        connection.execute(
            update(posts)
            .where(posts.c.post_id == other.post_id)
            .values(ends_on=max(ends_on, other.starts_on), ended_by=author, ended_at=now)
        )
    security_events.record(
        connection, "post_ended", author=author, subject=account["login"], now=now,
        detail_zh=f"{post_zh(post)}，自 {ends_on} 起",
    )  # fmt: skip


def post_zh(post: Post) -> str:
    """A post in words, with the codes of its place."""
    role = ROLES.get(post.role_code)
    place = post.unit_code or post.city_code
    return f"{role.name_zh if role else post.role_code}{f'（{place}）' if place else ''}"


def account_row(connection: Connection, login: str) -> Mapping[str, Any]:
    """An account by its login.

    Raises:
        UnknownAccount: there is none.
    """
    found = select(accounts).where(accounts.c.login == normal_login(login))
    row = connection.execute(found).mappings().first()
    if row is None:
        raise UnknownAccount(login)
    return dict(row)


def posts_in(connection: Connection, account_id: str) -> list[Post]:
    """Every post an account has held, holds or will hold."""
    found = select(posts).where(posts.c.account_id == account_id).order_by(posts.c.post_id)
    return [_post(dict(row)) for row in connection.execute(found).mappings()]


def identity_in(
    connection: Connection, account_id: str, cities: tuple[str, ...], day: date
) -> Identity:
    """An account as an identity, with the posts of a day."""
    found = select(accounts).where(accounts.c.account_id == account_id)
    row = connection.execute(found).mappings().one()
    return Identity(
        account_id=row["account_id"],
        login=row["login"],
        name_zh=row["name_zh"],
        posts=tuple(posts_in(connection, account_id)),
        cities=cities,
        must_change_password=row["must_change_password"],
    ).on(day)


def identity_of_login(engine: Engine, login: str, cities: tuple[str, ...], day: date) -> Identity:
    """An account as an identity by its login, as the command line and imports act.

    Raises:
        UnknownAccount: there is no such account.
        AccountRefused: it is disabled.
    """
    with engine.connect() as connection:
        row = account_row(connection, login)
        if row["is_disabled"]:
            raise AccountRefused(f"账户“{row['login']}”已停用。")
        return identity_in(connection, row["account_id"], cities, day)


def listed(engine: Engine) -> list[dict[str, Any]]:
    """Every account with its posts, by login; no hashes."""
    shown = (
        "account_id", "login", "name_zh", "is_disabled", "is_demo", "must_change_password",
        "created_at", "oidc_issuer",
    )  # fmt: skip
    with engine.connect() as connection:
        rows = connection.execute(
            select(*(accounts.c[name] for name in shown)).order_by(accounts.c.login)
        )
        found = [dict(row) for row in rows.mappings()]
        return [row | {"posts": posts_in(connection, row["account_id"])} for row in found]


def end_sessions(connection: Connection, account_id: str, how: str, now: datetime) -> None:
    """Ends every session of an account."""
    connection.execute(
        update(sessions)
        .where(sessions.c.account_id == account_id, sessions.c.ended_at.is_(None))
        .values(ended_at=now, ended_how=how)
    )


def _check_place(post: Post) -> None:
    role = ROLES.get(post.role_code)
    if role is None:
        known = "、".join(f"{one.code}（{one.name_zh}）" for one in ROLES.values())
        raise AccountRefused(f"没有“{post.role_code}”这个岗位；可用：{known}。")
    needed = {"unit": (True, True), "city": (True, False), "all": (False, False)}[role.reach]
    if (post.city_code is not None, post.unit_code is not None) != needed:
        needed_zh = {
            "unit": "须指明单位",
            "city": "须指明城市，不指明单位",
            "all": "不分城市和单位",
        }[role.reach]
        raise AccountRefused(f"岗位“{role.name_zh}”{needed_zh}。")


def _check_offices(login: str, post: Post, other: Post) -> None:
    pair = {post.role_code, other.role_code}
    offices = pair & set(THREE_OFFICES)
    if len(offices) == 2 or (offices and pair & set(HANDLING)):
        names = "、".join(ROLES[code].name_zh for code in sorted(pair))
        raise AccountRefused(
            f"三员分立：同一账户不得兼任{names}（“{login}”已任{post_zh(other)}）；请另建账户。"
        )


def _overlap(one: Post, other: Post) -> bool:
    return (other.ends_on is None or one.starts_on < other.ends_on) and (
        one.ends_on is None or other.starts_on < one.ends_on
    )


def _where(post: Post) -> tuple[str | None, str | None]:
    return post.city_code, post.unit_code


def _post(row: Mapping[str, Any]) -> Post:
    return Post(
        row["role_code"], row["city_code"], row["unit_code"], row["starts_on"], row["ends_on"],
        row["post_id"],
    )  # fmt: skip
