"""Whether an identity may do something somewhere: one pure function, and its filter for lists.

Every view, command and import asks here. What is not allowed by the matrix for a post that
reaches the place is refused; there is no other way to a yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl
from sqlalchemy import ColumnElement, false, or_, true

from warehouse.access.errors import FirstPasswordStands, Forbidden
from warehouse.access.roles import PERMISSIONS, PLACED, ROLES


@dataclass(frozen=True)
class Place:
    """Where something is to be done: a unit of a city, or the city itself (no unit)."""

    city_code: str
    unit_code: str | None = None


@dataclass(frozen=True)
class Post:
    """A role at a unit or a city, from a day on and before another (`[starts_on, ends_on)`)."""

    role_code: str
    city_code: str | None = None
    unit_code: str | None = None
    starts_on: date = date.min
    ends_on: date | None = None
    post_id: int | None = field(default=None, compare=False)

    def holds_on(self, day: date) -> bool:
        """Whether the post is held on a day."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True)
class Identity:
    """A person who has logged in, with the posts held today in this workspace's cities."""

    account_id: str
    login: str
    name_zh: str
    posts: tuple[Post, ...] = ()
    cities: tuple[str, ...] = ()
    """Cities this workspace serves; empty means all."""
    must_change_password: bool = False

    def on(self, day: date) -> Identity:
        """The same person with the posts held on a day."""
        return replace(self, posts=tuple(post for post in self.posts if post.holds_on(day)))


@dataclass(frozen=True)
class Scope:
    """Where a permission holds: everywhere served, or some cities and some units."""

    is_everywhere: bool = False
    cities: frozenset[str] = frozenset()
    """Cities wholly within reach; where `is_everywhere`, the cities served (empty: all)."""
    units: frozenset[tuple[str, str]] = frozenset()
    """Single units within reach, as (city code, unit code)."""

    def __bool__(self) -> bool:
        return self.is_everywhere or bool(self.cities or self.units)

    def reaches(self, place: Place) -> bool:
        """Whether the place lies within."""
        if self.is_everywhere and not self.cities:
            return True
        if place.city_code in self.cities:
            return True
        return place.unit_code is not None and (place.city_code, place.unit_code) in self.units

    def where(
        self, city_column: ColumnElement[str], unit_column: ColumnElement[str] | None
    ) -> ColumnElement[bool]:
        """The scope as a condition of a query; without a unit column single units see nothing."""
        if self.is_everywhere and not self.cities:
            return true()
        parts: list[ColumnElement[bool]] = []
        if self.cities:
            parts.append(city_column.in_(sorted(self.cities)))
        if self.units and unit_column is not None:
            for city in sorted({city for city, _ in self.units}):
                units = sorted(unit for own, unit in self.units if own == city)
                parts.append((city_column == city) & unit_column.in_(units))
        return or_(*parts) if parts else false()

    def expression(self, city_column: str = "city_code", unit_column: str | None = None) -> pl.Expr:
        """The scope as a filter of a frame, by the same rule."""
        if self.is_everywhere and not self.cities:
            return pl.lit(True)
        found = pl.col(city_column).is_in(sorted(self.cities))
        if self.units and unit_column is not None:
            for city, unit in sorted(self.units):
                found = found | ((pl.col(city_column) == city) & (pl.col(unit_column) == unit))
        return found.fill_null(False)


NOWHERE = Scope()


def scope_of(identity: Identity, permission: str) -> Scope:
    """Where an identity holds a permission; nowhere for a permission that does not exist.

    Whoever must change a first password holds none until that is done.
    """
    if permission not in PERMISSIONS or identity.must_change_password:
        return NOWHERE
    served = frozenset(identity.cities)
    is_everywhere = False
    cities: set[str] = set()
    units: set[tuple[str, str]] = set()
    for post in identity.posts:
        role = ROLES.get(post.role_code)
        if role is None or permission not in role.permissions:
            continue
        if role.reach == "all":
            is_everywhere = True
        elif post.city_code is None or (served and post.city_code not in served):
            continue
        elif role.reach == "city":
            cities.add(post.city_code)
        elif post.unit_code is not None:
            units.add((post.city_code, post.unit_code))
    if is_everywhere:
        return Scope(is_everywhere=True, cities=served)
    return Scope(cities=frozenset(cities), units=frozenset(units))


def may(identity: Identity, permission: str, place: Place | None = None) -> bool:
    """Whether an identity may do something at a place; no unless the matrix says yes.

    A permission that holds in places needs one; one of the workspace as a whole takes none into
    account.
    """
    scope = scope_of(identity, permission)
    if permission not in PLACED:
        return bool(scope)
    return place is not None and scope.reaches(place)


def require(
    identity: Identity, permission: str, place: Place | None = None, place_zh: str = ""
) -> None:
    """Passes when the identity may.

    Raises:
        FirstPasswordStands: it may nothing yet.
        Forbidden: it may not.
    """
    if identity.must_change_password:
        raise FirstPasswordStands(identity.login)
    if not may(identity, permission, place):
        raise Forbidden(
            identity.login, permission, PERMISSIONS.get(permission, permission), place_zh
        )


def cities_held(identity: Identity, permissions: Iterable[str]) -> frozenset[str]:
    """Cities in which the identity holds any of the permissions, wholly or for a unit."""
    found: set[str] = set()
    for permission in permissions:
        scope = scope_of(identity, permission)
        found |= scope.cities | {city for city, _ in scope.units}
    return frozenset(found)
