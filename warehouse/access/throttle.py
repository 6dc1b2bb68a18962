"""Failed logins, counted in the database per account and per address.

An attempt is written down before the password is looked at and struck out when it succeeds, so
that many at once cannot slip by. Unknown accounts are counted like known ones.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, delete, func, insert, select

from warehouse.access.errors import LoginThrottled
from warehouse.access.tables import login_attempts

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 40
"""More than for an account: an office shares one address."""


def begin(connection: Connection, login: str, address: str, now: datetime) -> int:
    """Number of the attempt, written down as failed until `succeed` strikes it out.

    Raises:
        LoginThrottled: the account or the address has failed too often; nothing is written.
    """
    # A clock set back leaves attempts in its future: they count, but for no longer than a window.
    connection.execute(
        delete(login_attempts).where(
            (login_attempts.c.attempted_at < now - WINDOW)
            | (login_attempts.c.attempted_at > now + WINDOW)
        )
    )
    _refuse_beyond(connection, login_attempts.c.login_sha256, _digest(login), PER_ACCOUNT, now)
    _refuse_beyond(connection, login_attempts.c.address, address, PER_ADDRESS, now)
    made = connection.execute(
        insert(login_attempts).values(
            login_sha256=_digest(login), address=address, attempted_at=now
        )
    )
    key = made.inserted_primary_key
    return int(key[0]) if key else 0


def succeed(connection: Connection, attempt_id: int, login: str) -> None:
    """Strikes out an attempt that was none, and the account's earlier failures."""
    connection.execute(
        delete(login_attempts).where(
            (login_attempts.c.attempt_id == attempt_id)
            | (login_attempts.c.login_sha256 == _digest(login))
        )
    )


def forget(connection: Connection, login: str) -> None:
    """Lifts the lock of an account, as a reset of its password does."""
    connection.execute(
        delete(login_attempts).where(login_attempts.c.login_sha256 == _digest(login))
    )


def _refuse_beyond(
    connection: Connection, column: Column[str], value: str, limit: int, now: datetime
) -> None:
    found = select(func.count(), func.min(login_attempts.c.attempted_at)).where(column == value)
    row = connection.execute(found).one()
    if int(row[0]) >= limit:
        oldest: datetime = row[1]
        left = (oldest + WINDOW - now).total_seconds()
        raise LoginThrottled(max(1, math.ceil(left / 60)))


def _digest(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()
