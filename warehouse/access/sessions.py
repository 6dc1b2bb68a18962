"""Logging in, and what a login is worth afterwards: server-side sessions in the ledger's database.

The browser holds a random token; the table holds its hash. A session ends when idle, at its
absolute limit, by logging out, by a new password, with its account, and when the clock is set
back: then nobody can say how long it has lain there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pwdlib import PasswordHash
from sqlalchemy import Connection, Engine, insert, select, update

from warehouse.access import security_events, throttle
from warehouse.access.accounts import end_sessions, identity_in, normal_login
from warehouse.access.errors import (
    LoginFailed,
    LoginThrottled,
    PasswordRefused,
    SessionEnded,
)
from warehouse.access.passwords import MAXIMUM, checked_password, dummy_of, strong
from warehouse.access.scope import Identity
from warehouse.access.tables import accounts, sessions
from warehouse.clock import technical_now
from warehouse.ledger.engine import writing


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=10)
    """A working day; the next one begins with a login."""
    touch: timedelta = timedelta(seconds=60)
    """How stale the last sight of a session may be before it is written anew."""
    jitter: timedelta = timedelta(seconds=5)
    """Steps back of the clock that are no sign of a clock set back."""


@dataclass(frozen=True)
class Login:
    """What a successful login hands out; the token is nowhere else."""

    token: str = field(repr=False)
    identity: Identity
    csrf_secret: str = field(repr=False)
    expires_at: datetime

    @property
    def must_change_password(self) -> bool:
        """Whether nothing but a change of the password is allowed."""
        return self.identity.must_change_password


@dataclass(frozen=True)
class Sessions:
    """The sessions of one workspace: its database, its cities and a clock that is the real one."""

    engine: Engine
    cities: tuple[str, ...] = ()
    now: Callable[[], datetime] = technical_now
    limits: SessionLimits = SessionLimits()
    hasher: PasswordHash = field(default_factory=strong)

    def __post_init__(self) -> None:
        # Made before the first login, which an unknown account must not lengthen.
        dummy_of(self.hasher)

    def authenticate(self, login: str, password: str, *, address: str) -> Login:
        """A new session of an account.

        The answer to a wrong password, an unknown, a disabled and a passwordless account is the
        same and costs the same: each is checked against a hash, if only a dummy one.

        Raises:
            LoginThrottled: too many failures of the account or from the address.
            LoginFailed: anything else that is wrong.
        """
        name, now = normal_login(login), self.now()
        try:
            with writing(self.engine) as connection:
                attempt = throttle.begin(connection, name, address, now)
        except LoginThrottled:
            self._record_failure("login_throttled", name, address, now)
            raise
        row = self._account(name)
        stored = row["password_hash"] if row is not None else None
        is_right, renewed = self.hasher.verify_and_update(
            password[: MAXIMUM + 1], stored or dummy_of(self.hasher)
        )
        if row is None or stored is None or row["is_disabled"] or not is_right:
            self._record_failure("login_failed", name, address, now)
            raise LoginFailed
        with writing(self.engine) as connection:
            throttle.succeed(connection, attempt, name)
            if renewed is not None:
                _set(connection, row["account_id"], password_hash=renewed)
            return self._open(connection, row["account_id"], name, address, now)

    def open_for(self, login: str, *, address: str, detail_zh: str) -> Login:
        """A new session of an account that another authority has vouched for (OIDC).

        Raises:
            LoginFailed: there is no such account, or it is disabled.
        """
        name, now = normal_login(login), self.now()
        row = self._account(name)
        if row is None or row["is_disabled"]:
            self._record_failure("login_failed", name, address, now)
            raise LoginFailed
        with writing(self.engine) as connection:
            return self._open(connection, row["account_id"], name, address, now, detail_zh)

    def identity_of(self, token: str) -> Identity:
        """Who holds a token, with the posts of today.

        Raises:
            SessionEnded: nobody, or not any more.
        """
        return self._seen(token)[0]

    def csrf_of(self, token: str) -> str:
        """The secret that every form of this session carries.

        Raises:
            SessionEnded: there is no such session.
        """
        return self._seen(token)[1]

    def csrf_matches(self, token: str, offered: str) -> bool:
        """Whether a form was made for this session; compared in constant time.

        Raises:
            SessionEnded: there is no such session.
        """
        return hmac.compare_digest(self.csrf_of(token).encode(), offered.encode())

    def log_out(self, token: str) -> None:
        """Ends a session; harmless when it has ended."""
        with writing(self.engine) as connection:
            row = _session(connection, token)
            if row is None or row["ended_at"] is not None:
                return
            self._end(connection, row, "logged_out", self.now())

    def change_password(self, token: str, old: str, new: str) -> Login:
        """The session that takes the place of all sessions of the account after a change.

        Raises:
            SessionEnded: there is no such session.
            LoginThrottled: the old password was given wrongly too often.
            LoginFailed: the old password is wrong.
            PasswordRefused: the new one may not be used, or is the old one.
        """
        identity, _ = self._seen(token)
        now = self.now()
        with self.engine.connect() as connection:
            asked = select(accounts).where(accounts.c.account_id == identity.account_id)
            row = dict(connection.execute(asked).mappings().one())
            session = _session(connection, token)
        address = session["address"] if session else ""
        with writing(self.engine) as connection:
            attempt = throttle.begin(connection, identity.login, address, now)
        if not self.hasher.verify(
            old[: MAXIMUM + 1], row["password_hash"] or dummy_of(self.hasher)
        ):
            self._record_failure("login_failed", identity.login, address, now)
            raise LoginFailed
        if old == new:
            raise PasswordRefused("新密码不得与原密码相同。")
        checked_password(new, login=identity.login, name_zh=identity.name_zh)
        hashed = self.hasher.hash(new)
        with writing(self.engine) as connection:
            throttle.succeed(connection, attempt, identity.login)
            _set(
                connection, identity.account_id, password_hash=hashed, must_change_password=False,
                password_changed_at=now,
            )  # fmt: skip
            end_sessions(connection, identity.account_id, "password", now)
            security_events.record(
                connection, "password_changed", author=identity.login, subject=identity.login,
                address=address, now=now,
            )  # fmt: skip
            return self._open(connection, identity.account_id, identity.login, address, now)

    def record_forbidden(self, identity: Identity, address: str, detail_zh: str) -> None:
        """Keeps for the auditor that somebody asked for what is not theirs."""
        with writing(self.engine) as connection:
            security_events.record(
                connection, "forbidden", author=identity.login, address=address,
                detail_zh=detail_zh, now=self.now(),
            )  # fmt: skip

    def _account(self, login: str) -> Mapping[str, Any] | None:
        with self.engine.connect() as connection:
            found = connection.execute(select(accounts).where(accounts.c.login == login))
            row = found.mappings().first()
            return None if row is None else dict(row)

    def _open(
        self,
        connection: Connection,
        account_id: str,
        login: str,
        address: str,
        now: datetime,
        detail_zh: str = "",
    ) -> Login:
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires_at = now + self.limits.absolute
        connection.execute(
            insert(sessions).values(
                token_sha256=_digest(token),
                account_id=account_id,
                csrf_secret=csrf,
                address=address,
                started_at=now,
                last_seen_at=now,
                expires_at=expires_at,
            )
        )
        security_events.record(
            connection, "login", author=login, subject=login, address=address, now=now,
            detail_zh=detail_zh,
        )  # fmt: skip
        identity = identity_in(connection, account_id, self.cities, now.date())
        return Login(token, identity, csrf, expires_at)

    def _seen(self, token: str) -> tuple[Identity, str]:
        now = self.now()
        with self.engine.connect() as connection:
            row = _session(connection, token)
            if row is None:
                raise SessionEnded
            if row["ended_at"] is not None:
                raise SessionEnded(row["ended_how"] or "unknown")
            how = self._ending(row, now)
            identity = identity_in(connection, row["account_id"], self.cities, now.date())
        if how is not None:
            with writing(self.engine) as connection:
                self._end(connection, row, how, now)
            raise SessionEnded(how)
        if now - row["last_seen_at"] >= self.limits.touch or now < row["last_seen_at"]:
            self._touch(row, now)
        return identity, str(row["csrf_secret"])

    def _ending(self, row: Mapping[str, Any], now: datetime) -> str | None:
        """Why a session is over, or None."""
        if now < row["last_seen_at"] - self.limits.jitter:
            return "clock"
        if now >= row["expires_at"]:
            return "expired"
        if now - row["last_seen_at"] >= self.limits.idle:
            return "idle"
        return None

    def _touch(self, row: Mapping[str, Any], now: datetime) -> None:
        # A small step back brings the end nearer by as much: a clock must not lengthen a session.
        lost = max(row["last_seen_at"] - now, timedelta(0))
        with writing(self.engine) as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.token_sha256 == row["token_sha256"])
                .values(last_seen_at=now, expires_at=row["expires_at"] - lost)
            )

    def _end(self, connection: Connection, row: Mapping[str, Any], how: str, now: datetime) -> None:
        connection.execute(
            update(sessions)
            .where(sessions.c.token_sha256 == row["token_sha256"], sessions.c.ended_at.is_(None))
            .values(ended_at=now, ended_how=how)
        )
        login: str = connection.execute(
            select(accounts.c.login).where(accounts.c.account_id == row["account_id"])
        ).scalar_one()
        act = "logout" if how == "logged_out" else "session_ended"
        security_events.record(
            connection, act, author=login, subject=login, address=row["address"], now=now,
            detail_zh=_ENDED_ZH.get(how, ""),
        )  # fmt: skip

    def _record_failure(self, act: str, login: str, address: str, now: datetime) -> None:
        # What was typed for an account may be a password: only an account's own name is kept.
        row = self._account(login)
        with writing(self.engine) as connection:
            security_events.record(
                connection, act, author=login if row else "未知账户",
                subject=login if row else None, address=address, now=now,
                detail_zh="账户已停用" if row and row["is_disabled"] else "",
            )  # fmt: skip


_ENDED_ZH = {"idle": "长时间未操作", "expired": "已到时限", "clock": "服务器时钟倒退"}


def _session(connection: Connection, token: str) -> Mapping[str, Any] | None:
    found = select(sessions).where(sessions.c.token_sha256 == _digest(token))
    row = connection.execute(found).mappings().first()
    return None if row is None else dict(row)


def _set(connection: Connection, account_id: str, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.account_id == account_id).values(**values))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
