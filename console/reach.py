"""How far an account reaches: asked of `warehouse.access` only, in one place below the views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, select

from console.desk import Visit
from console.errors import NotHere
from sources.definitions import Unit
from warehouse.access.assignments import current
from warehouse.access.scope import Identity, Place, Scope, cities_held, may, require, scope_of
from warehouse.access.tables import accounts, posts
from warehouse.clock import technical_now
from warehouse.ledger.tables import findings, submissions

FILING = ("filings.submit", "filings.enter")
"""Of those who file: for their own unit, or on behalf of one."""


def holds(person: Identity, needs: str | tuple[str, ...]) -> bool:
    """Whether an account holds a permission anywhere at all; of several, any."""
    wanted = (needs,) if isinstance(needs, str) else needs
    return any(scope_of(person, name) for name in wanted)


def scope(visit: Visit, permission: str = "filings.read") -> Scope:
    """Where the account holds a permission."""
    return scope_of(visit.person, permission)


def place_of(row: Mapping[str, Any]) -> Place:
    """The place of a row with `city_code` and `unit_code`."""
    return Place(row["city_code"], row["unit_code"])


def submission(visit: Visit, permission: str = "filings.read") -> dict[str, Any]:
    """The submission that the address names, if the account may know of it.

    Raises:
        NotHere: there is none, or it is another unit's.
        Forbidden: it may be read, but not that be done with it.
    """
    wanted = visit.params["submission_id"]
    found = select(submissions).where(submissions.c.submission_id == wanted)
    with visit.engine.connect() as connection:
        row = next(map(dict, connection.execute(found).mappings()), None)
    if row is None or not may(visit.person, "filings.read", place_of(row)):
        raise NotHere(f"报送件“{wanted[:120]}”")
    if permission != "filings.read":
        require(visit.person, permission, place_of(row))
    return row


def allowed(visit: Visit, row: Mapping[str, Any], permission: str) -> bool:
    """Whether the account may do something at a row's place."""
    return may(visit.person, permission, place_of(row))


def unit(visit: Visit, code: str, *permissions: str) -> Unit:
    """A unit that the account reaches with any of the permissions.

    Raises:
        NotHere: there is none, or it is another's.
    """
    found = visit.definitions.unit(code)
    if found is None or not any(
        may(visit.person, name, Place(found.city_code, found.unit_code)) for name in permissions
    ):
        raise NotHere(f"单位“{code[:40]}”")
    return found


def units_within(visit: Visit, *permissions: str) -> list[Unit]:
    """The units an account reaches with any of the permissions, those that file something only."""
    filing = {one.unit.unit_code for one in visit.definitions.assignments}
    return [
        one
        for code, one in visit.definitions.units.items()
        if code in filing
        and any(may(visit.person, name, Place(one.city_code, code)) for name in permissions)
    ]


NOBODY = "-"


def assigned(visit: Visit, assignee: str) -> tuple[ColumnElement[bool], ...]:
    """The condition on findings that asks for those of one person, of nobody, or (empty) of all."""
    if not assignee:
        return ()
    standing = current("finding").subquery()
    if assignee == NOBODY:
        given = select(standing.c.subject_key).where(standing.c.login.is_not(None))
        return (findings.c.finding_id.not_in(given),)
    given = select(standing.c.subject_key).where(standing.c.login == assignee)
    return (findings.c.finding_id.in_(given),)


def assignees(visit: Visit) -> dict[str, str]:
    """Who findings can be assigned to: those that hold a post where the account may assign."""
    if not scope(visit, "findings.assign"):
        return {visit.person.login: "我", NOBODY: "未分派"}
    here = cities_held(visit.person, ["findings.assign"])
    day = technical_now().date()
    wanted = (
        select(accounts.c.login, accounts.c.name_zh)
        .join(posts, posts.c.account_id == accounts.c.account_id)
        .where(
            posts.c.city_code.in_(sorted(here)),
            posts.c.starts_on <= day,
            posts.c.ends_on.is_(None) | (posts.c.ends_on > day),
            accounts.c.is_disabled.is_(False),
        )
        .distinct()
        .order_by(accounts.c.login)
    )
    found = {visit.person.login: "我", NOBODY: "未分派"}
    with visit.engine.connect() as connection:
        for login, name_zh in connection.execute(wanted):
            found.setdefault(str(login), str(name_zh))
    return found
