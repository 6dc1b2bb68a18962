"""Accounts, clocks and a cheap hasher that the tests of access speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from warehouse.access.accounts import add_account, grant_post
from warehouse.access.roles import ROLES
from warehouse.access.scope import Identity, Post
from warehouse.access.sessions import Sessions

CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
"""argon2id as in the product, at a cost that a test can pay many times."""

MORNING = datetime(2026, 3, 2, 8, 30)
FIRST = "correct-horse-42"
SECOND = "battery-staple-43"
CITY, OTHER_CITY = "150400", "150600"
UNIT, OTHER_UNIT, FOREIGN_UNIT = "150402", "150403", "150602"


@dataclass
class Clock:
    """A technical clock that a test moves by hand."""

    moment: datetime = MORNING

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **words: float) -> None:
        """Moves it on, or back."""
        self.moment += timedelta(**words)


@dataclass
class Office:
    """A ledger with accounts, and short words for logging in."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)

    def add(self, login: str, *given: Post, password: str = FIRST, settled: bool = True) -> None:
        """An account; its first password has been changed unless said otherwise."""
        add_account(
            self.engine, login, "某人", author="root", now=self.clock(), password=password,
            is_demo=settled, hasher=CHEAP,
        )  # fmt: skip
        for one in given:
            grant_post(self.engine, login, one, author="root", now=self.clock())

    @property
    def sessions(self) -> Sessions:
        """The sessions of a workspace that serves every city."""
        return self.serving()

    def serving(self, *cities: str) -> Sessions:
        """The sessions of a workspace that serves some cities."""
        return Sessions(self.engine, cities, now=self.clock, hasher=CHEAP)


def post(role: str, *, starts_on: date = date(2026, 1, 1), ends_on: date | None = None) -> Post:
    """A post of a role at the unit or city of these tests."""
    reach = ROLES[role].reach
    return Post(
        role,
        None if reach == "all" else CITY,
        UNIT if reach == "unit" else None,
        starts_on,
        ends_on,
    )


def person(*roles: str, cities: tuple[str, ...] = (), must_change: bool = False) -> Identity:
    """An identity that holds posts of some roles."""
    return Identity("a1", "li", "李某", tuple(post(role) for role in roles), cities, must_change)
