"""账户与岗位: persons, their posts with dates, handing over; for the security administrator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError
from console.reach import holds
from console.routes import Act, Declared, Page
from warehouse.access.accounts import (
    add_account,
    end_post,
    grant_post,
    listed,
    post_zh,
    reset_password,
    set_disabled,
)
from warehouse.access.assignments import hand_over
from warehouse.access.roles import ROLES
from warehouse.access.scope import Post
from warehouse.clock import technical_now

PAGE = 60


def accounts(visit: Visit) -> dict[str, Any]:
    """Accounts with their posts."""
    wanted = visit.asked("find").casefold()
    found = [
        row
        for row in listed(visit.engine)
        if not wanted or wanted in row["login"] or wanted in row["name_zh"].casefold()
    ]
    page, today = visit.number("page", 1), technical_now().date()
    rows = found[(page - 1) * PAGE : page * PAGE]
    units = visit.definitions.units
    for row in rows:
        row["posts"] = [_post(visit, one, today) for one in row["posts"]]
    filing = {one.unit.unit_code for one in visit.definitions.assignments}
    return {
        "rows": rows,
        "total": len(found),
        "page": page,
        "pages": max(1, -(-len(found) // PAGE)),
        "find": visit.asked("find"),
        "roles": {code: role.name_zh for code, role in ROLES.items()},
        "cities": {
            code: units[code].unit_name_zh
            for code in sorted(visit.definitions.plan_cities)
            if code in units
        },
        "units": {code: units[code].unit_name_zh for code in sorted(filing) if code in units},
        "may_manage": holds(visit.person, "accounts.manage"),
        "this_day": today.isoformat(),
    }


def add(visit: Visit) -> Mapping[str, Any]:
    """A new account; its first password is shown this once."""
    login = visit.field("login")
    password = add_account(
        visit.engine, login, visit.field("name_zh"), author=author_of(visit), now=technical_now()
    )
    return {"login": login, "password": password, "what": "新建账户"}


def reset(visit: Visit) -> Mapping[str, Any]:
    """A new first password, shown this once."""
    login = visit.field("login")
    password = reset_password(visit.engine, login, author=author_of(visit), now=technical_now())
    return {"login": login, "password": password, "what": "重置密码"}


def disable(visit: Visit) -> Response:
    """Disables an account at once, or enables it again."""
    is_disabled = visit.field("disable") == "yes"
    set_disabled(
        visit.engine, visit.field("login"), is_disabled=is_disabled, author=author_of(visit),
        now=technical_now(),
    )  # fmt: skip
    return _back("账户已停用，其登录全部退出。" if is_disabled else "账户已启用。")


def post(visit: Visit) -> Response:
    """Appoints an account to a post, or ends one."""
    role = visit.field("role")
    if role not in ROLES:
        raise ConsoleError("请选择岗位。")
    reach = ROLES[role].reach
    unit = visit.definitions.unit(visit.field("unit")) if reach == "unit" else None
    city = visit.field("city") or None if reach == "city" else None
    if reach == "unit" and unit is None:
        raise ConsoleError("这个岗位须指明单位。")
    wanted = Post(
        role, unit.city_code if unit else city, unit.unit_code if unit else None,
        _day(visit, "starts_on") or technical_now().date(), _day(visit, "ends_on"),
    )  # fmt: skip
    common: dict[str, Any] = {"author": author_of(visit), "now": technical_now()}
    if visit.field("act") == "end":
        ends_on = _day(visit, "ends_on") or technical_now().date()
        end_post(visit.engine, visit.field("login"), wanted, ends_on=ends_on, **common)
        return _back("岗位已免去。")
    grant_post(visit.engine, visit.field("login"), wanted, **common)
    return _back("岗位已任命。")


def hand(visit: Visit) -> Response:
    """交接: posts and open work go to the next clerk; history keeps the name of the first."""
    moved = hand_over(
        visit.engine, visit.field("leaving"), visit.field("coming"),
        on=_day(visit, "on") or technical_now().date(), author=author_of(visit),
        now=technical_now(), today=visit.desk.now().date(), reason=visit.field("reason"),
    )  # fmt: skip
    return _back(
        f"已交接：岗位 {moved['post']} 个，问题 {moved['finding']} 条，"
        f"长期说明 {moved['explanation']} 条，催报 {moved['reminder']} 项。"
    )


def _post(visit: Visit, one: Post, today: date) -> dict[str, Any]:
    code = one.unit_code or one.city_code
    unit = visit.definitions.unit(code) if code else None
    role = ROLES.get(one.role_code)
    return {
        "role_code": one.role_code,
        "role_zh": role.name_zh if role else post_zh(one),
        "city_code": one.city_code,
        "unit_code": one.unit_code,
        "place_zh": unit.unit_name_zh if unit else (code or ""),
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "is_held": one.holds_on(today),
    }


def _day(visit: Visit, name: str) -> date | None:
    text = visit.field(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConsoleError(f"“{text[:20]}”不是 2026-01-31 形式的日期。") from error


def _back(said: str) -> Response:
    return RedirectResponse(f"/accounts?done={quote(said)}", status_code=303)


ROUTES: tuple[Declared, ...] = (
    Page("/accounts", "accounts.html", accounts, "accounts.read"),
    Act("/accounts/add", add, "accounts.manage", "first_password.html"),
    Act("/accounts/reset", reset, "accounts.manage", "first_password.html"),
    Act("/accounts/disable", disable, "accounts.manage"),
    Act("/accounts/post", post, "accounts.manage"),
    Act("/accounts/handover", hand, "accounts.manage"),
)
