"""Who gets in: every route by every role and foreign unit, and nothing that is not declared."""

from __future__ import annotations

import re

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from console import views
from console.reach import holds
from console.routes import PUBLIC, SIGNED_IN, Act, Declared, Page
from tests.console.conftest import FOREIGN, NEIGHBOUR, UNIT, Office, post_of
from tests.unit.warehouse.access_builders import CHEAP, FIRST
from warehouse.access.accounts import add_account, grant_post
from warehouse.access.roles import PERMISSIONS, ROLES
from warehouse.access.scope import Identity

ROUTES = list(views.declared())
CLOSED = [route for route in ROUTES if route.needs != PUBLIC]


def ids(route: Declared) -> str:
    return f"{route.methods[0]} {route.path}"


def filled(path: str, of: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: of.get(match[1], "x"), path)


def twin(path: str) -> str:
    return "/index.json" if path == "/" else f"{path}.json"


def test_every_route_of_the_application_is_a_declared_one(office: Office) -> None:
    known = {route.path for route in ROUTES}
    known |= {twin(route.path) for route in ROUTES if isinstance(route, Page)}
    served = {getattr(route, "path", "") for route in office.app.router.routes}
    assert served - {"/static"} == known


def test_every_need_is_a_permission_that_some_role_holds() -> None:
    granted = {name for role in ROLES.values() for name in role.permissions}
    assert granted <= set(PERMISSIONS)
    for route in ROUTES:
        needs = (route.needs,) if isinstance(route.needs, str) else route.needs
        assert {*needs} <= {*granted, PUBLIC, SIGNED_IN}, route.path


def test_a_route_added_without_a_need_is_refused_to_everybody(office: Office) -> None:
    async def added() -> dict[str, str]:
        return {"secret": "figures"}

    async def appended(request: object) -> PlainTextResponse:
        return PlainTextResponse("figures")

    office.app.add_api_route("/added", added)
    office.app.router.routes.append(Route("/appended", appended))
    for login in (None, *ROLES):
        visitor = office.as_(login) if login else office.visitor()
        for path in ("/added", "/appended"):
            answer = visitor.get(path)
            assert answer.status_code == 403, (login, path)
            assert "figures" not in answer.text


@pytest.mark.parametrize("route", CLOSED, ids=ids)
def test_nobody_gets_in_without_a_login(office: Office, route: Declared) -> None:
    path, visitor = filled(route.path, {}), office.visitor()
    if isinstance(route, Act):
        assert visitor.post(path).status_code == 401
        return
    answer = visitor.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")
    if isinstance(route, Page):
        assert visitor.get(twin(path)).status_code == 401


@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_by_each_route_and_foreign_unit(office: Office, role: str) -> None:
    """What a role may not do is 403; what lies out of its reach is 404, as if it were not there."""
    things = {
        whose: {
            "submission_id": office.file(unit, "verify"),
            "unit_code": unit,
            "city_code": f"{unit[:4]}00",
            "form_code": "IP-M1",
            "period_code": "2025-12",
        }
        for whose, unit in (("own", UNIT), ("foreign", FOREIGN))
    }
    person = Identity("x", role, "某人", (post_of(role),))
    visitor = office.as_(role)
    is_everywhere = ROLES[role].reach == "all"
    for route in CLOSED:
        if route.path == "/logout":
            continue
        is_held = route.needs == SIGNED_IN or holds(person, route.needs)
        is_placed = bool({"submission_id", "unit_code", "city_code"} & set(_names(route.path)))
        for whose, parts in things.items():
            path = filled(route.path, parts)
            answer = visitor.post(path) if isinstance(route, Act) else visitor.get(path)
            told = (role, ids(route), whose, answer.status_code)
            assert answer.status_code < 500, told
            if not is_held:
                assert answer.status_code == 403, told
            elif whose == "foreign" and is_placed and not is_everywhere:
                assert answer.status_code == 404, told
            elif isinstance(route, Page) and is_placed:
                assert answer.status_code == 200, told


def _names(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def test_what_is_anothers_looks_like_what_is_not_there(office: Office) -> None:
    foreign = office.file(FOREIGN, "verify")
    visitor = office.as_("reporter")
    there, nowhere = (
        visitor.get(f"/submissions/{key}").text.replace(key, "…")
        for key in (foreign, foreign.replace(".v1", ".v9"))
    )
    assert there == nowhere


def test_lists_hold_only_what_lies_within_reach(office: Office) -> None:
    own, neighbour, foreign = (office.file(u, "verify") for u in (UNIT, NEIGHBOUR, FOREIGN))
    expected = {
        "reporter": {own},
        "county_approver": {own},
        "city_steward": {own, neighbour},
        "foreign_steward": {foreign},
        "auditor": {own, neighbour, foreign},
    }
    for login, wanted in expected.items():
        visitor = office.as_(login)
        for path in ("/queue.json", "/submissions.json"):
            assert {row["submission_id"] for row in visitor.get(path).json()["rows"]} == wanted


def test_whoever_has_a_first_password_sees_nothing_else(office: Office) -> None:
    now = office.clock()
    add_account(office.engine, "new", "新人", author="root", now=now, password=FIRST, hasher=CHEAP)
    grant_post(office.engine, "new", post_of("city_steward"), author="root", now=now)
    visitor = office.visitor()
    assert visitor.log_in("new").headers["location"] == "/password"
    assert visitor.get("/queue").headers["location"] == "/password"
    assert visitor.get("/queue.json").status_code == 403
    new = "quiet-river-stone-7"
    changed = visitor.post("/password", {"old": FIRST, "new": new, "again": new})
    assert changed.status_code == 303
    assert visitor.get("/queue").status_code == 200


def test_names_of_persons_are_shown_where_the_right_reaches_only(office: Office) -> None:
    key = office.file(UNIT, "verify")
    assert "王某某" in office.as_("city_steward").get(f"/submissions/{key}").text
    assert "王某某" not in office.as_("city_steward").get("/submissions").text
