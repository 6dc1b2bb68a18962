"""Role by permission by place: every cell, from the matrix itself and beside a written-out one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import polars as pl
import pytest
from sqlalchemy import select

from tests.unit.warehouse.access_builders import (
    CITY,
    FOREIGN_UNIT,
    OTHER_CITY,
    OTHER_UNIT,
    UNIT,
    person,
)
from warehouse.access.errors import Forbidden
from warehouse.access.roles import PERMISSIONS, PLACED, ROLES, THREE_OFFICES
from warehouse.access.scope import Identity, Place, Post, Scope, may, require, scope_of
from warehouse.ledger.tables import submissions

PLACES = {
    "own unit": Place(CITY, UNIT),
    "other unit of the city": Place(CITY, OTHER_UNIT),
    "own city": Place(CITY),
    "foreign city": Place(OTHER_CITY),
    "foreign unit": Place(OTHER_CITY, FOREIGN_UNIT),
    "own unit's code in a foreign city": Place(OTHER_CITY, UNIT),
}
WITHIN = {
    "unit": {"own unit"},
    "city": {"own unit", "other unit of the city", "own city"},
    "all": set(PLACES),
}
# Written out by hand: what each role may change. A right that moves shows here.
CHANGES = {
    "reporter": {"filings.submit", "filings.confirm", "filings.withdraw", "findings.explain"},
    "county_approver": {
        "filings.confirm", "filings.withdraw", "findings.explain", "submissions.return",
        "submissions.accept_county",
    },
    "city_steward": {
        "filings.enter", "filings.withdraw", "findings.explain", "findings.assign",
        "submissions.return", "submissions.accept_county", "submissions.accept_city",
        "corrections.propose", "deadlines.extend", "arrivals.decide", "arrivals.correct",
        "reminders.write", "releases.publish", "official.propose",
    },
    "city_approver": {
        "filings.withdraw", "findings.explain", "findings.assign", "submissions.return",
        "submissions.accept_county", "submissions.accept_city", "corrections.approve",
        "standing.approve", "deadlines.extend", "arrivals.decide", "arrivals.correct",
        "reminders.write", "periods.close", "periods.reopen", "releases.publish",
        "releases.roll_back", "official.propose", "official.approve", "official.revise",
    },
    "auditor": set(),
    "security_administrator": {"accounts.manage", "offices.declare"},
    "system_administrator": {"releases.publish", "releases.roll_back", "system.operate"},
}  # fmt: skip
READS = {
    "reporter": {"filings.read", "people.read", "published.read"},
    "county_approver": {"filings.read", "people.read", "published.read"},
    "city_steward": {"filings.read", "people.read", "published.read"},
    "city_approver": {"filings.read", "people.read", "published.read"},
    "auditor": {"filings.read", "people.read", "published.read", "accounts.read", "audit.read"},
    "security_administrator": {"accounts.read"},
    "system_administrator": {"published.read"},
}


@pytest.mark.parametrize(("role", "permission"), list(product(ROLES, PERMISSIONS)))
def test_a_role_may_what_is_written_out_and_only_where_its_post_reaches(
    role: str, permission: str
) -> None:
    holds = permission in CHANGES[role] | READS[role]
    for name, place in PLACES.items():
        expected = holds and (permission not in PLACED or name in WITHIN[ROLES[role].reach])
        assert may(person(role), permission, place) is expected, name
    assert may(person(role), permission) is (holds and permission not in PLACED)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_nobody_without_a_post_may_anything(permission: str) -> None:
    nobody = person()
    assert not scope_of(nobody, permission)
    assert not any(may(nobody, permission, place) for place in [None, *PLACES.values()])


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_in_the_matrix_is_refused(role: str) -> None:
    assert not may(person(role), "figures.edit", PLACES["own unit"])
    assert not may(replace(person(role), posts=(Post("owner", CITY, UNIT),)), "filings.read")


@pytest.mark.parametrize(("role", "permission"), list(product(ROLES, PERMISSIONS)))
def test_a_first_password_opens_nothing(role: str, permission: str) -> None:
    newcomer = person(role, must_change=True)
    assert not any(may(newcomer, permission, place) for place in [None, *PLACES.values()])


@pytest.mark.parametrize(("role", "permission"), list(product(ROLES, sorted(PLACED))))
def test_a_workspace_bound_to_other_cities_shows_nothing_of_ones_own(
    role: str, permission: str
) -> None:
    bound = person(role, cities=(OTHER_CITY,))
    reaches_all = ROLES[role].reach == "all" and permission in ROLES[role].permissions
    assert not may(bound, permission, PLACES["own unit"])
    assert may(bound, permission, PLACES["foreign unit"]) is reaches_all


def test_the_three_offices_hold_no_right_in_common_that_would_join_them() -> None:
    system, security, auditor = (ROLES[code].permissions for code in THREE_OFFICES)
    assert "audit.read" not in system | security
    assert "accounts.manage" not in system | auditor
    assert not (security & PLACED)
    assert not (auditor - {name for name in PERMISSIONS if name.endswith(".read")})


def test_a_refusal_names_the_right_and_nothing_of_what_lies_there() -> None:
    with pytest.raises(Forbidden, match="没有“批准更正”的权限") as refused:
        require(person("city_steward"), "corrections.approve", PLACES["own unit"])
    assert UNIT not in refused.value.message_zh


def test_a_post_holds_from_its_first_day_and_not_on_the_day_it_ends() -> None:
    held = Post("city_steward", CITY, None, date(2026, 3, 1), date(2026, 4, 1))
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)]
    someone = Identity("a1", "li", "李某", (held,))
    assert [may(someone.on(day), "filings.read", Place(CITY)) for day in days] == [
        False, True, True, False,
    ]  # fmt: skip


SCOPES = {
    "nowhere": Scope(),
    "everywhere": Scope(is_everywhere=True),
    "the cities served": Scope(is_everywhere=True, cities=frozenset({CITY})),
    "a city": Scope(cities=frozenset({CITY})),
    "a unit": Scope(units=frozenset({(CITY, UNIT)})),
    "a unit and another city": Scope(
        cities=frozenset({OTHER_CITY}), units=frozenset({(CITY, UNIT)})
    ),
}


@pytest.mark.parametrize("name", SCOPES)
def test_a_list_is_cut_by_the_same_rule_in_frames_and_in_queries(name: str, ledger) -> None:
    scope = SCOPES[name]
    for number, (city, unit) in enumerate(
        [(CITY, UNIT), (CITY, OTHER_UNIT), (OTHER_CITY, FOREIGN_UNIT)]
    ):
        ledger.file(f"a{number}", unit=unit)
        assert unit.startswith(city[:4])
    with ledger.engine.connect() as connection:
        query = select(submissions.c.city_code, submissions.c.unit_code)
        rows = connection.execute(query).all()
        where = scope.where(submissions.c.city_code, submissions.c.unit_code)
        queried = connection.execute(query.where(where)).all()
    expected = {(city, unit) for city, unit in rows if scope.reaches(Place(city, unit))}
    frame = pl.DataFrame(rows, schema=["city_code", "unit_code"], orient="row")
    framed = frame.filter(scope.expression("city_code", "unit_code"))
    assert len(rows) == 3
    assert {tuple(row) for row in queried} == expected == set(framed.iter_rows())
