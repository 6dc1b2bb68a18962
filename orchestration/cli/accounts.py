"""Commands of the security administrator: accounts, posts, handovers, declared small offices."""

from __future__ import annotations

import getpass
import sys
from datetime import date
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from orchestration.cli.choosing import chosen, unit_named
from orchestration.cli.console import (
    JsonFlag,
    LimitOption,
    OffsetOption,
    Page,
    day_of,
    definitions_for,
    guarded,
    print_json,
    print_rows,
    settings_of,
    tell,
)
from orchestration.errors import OrchestrationError
from sources.definitions import Definitions
from warehouse.access.roles import ROLES
from warehouse.access.scope import Post
from warehouse.clock import technical_now
from warehouse.settings import Settings

app = typer.Typer(help="账户与岗位", no_args_is_help=True)

LoginArgument = Annotated[str, typer.Argument(metavar="账户", help="账户名")]
RoleOption = Annotated[
    str | None,
    typer.Option("--role", help="、".join(f"{one.code} {one.name_zh}" for one in ROLES.values())),
]
UnitOption = Annotated[str | None, typer.Option("--unit", help="单位代码或全称")]
CityOption = Annotated[str | None, typer.Option("--city", help="城市代码或全称")]
FromOption = Annotated[
    str | None, typer.Option("--from", help="起始日 YYYY-MM-DD，默认今天（实际日期）")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="截止日 YYYY-MM-DD，当日起不再任职")
]
AuthorOption = Annotated[str, typer.Option("--author", help="操作人，默认系统登录名")]
StdinFlag = Annotated[
    bool, typer.Option("--password-stdin", help="从标准输入读初始密码，不在屏幕上显示")
]


@app.callback()
def group() -> None:
    """账户属于个人，岗位属于单位并有起止日；每个动作都留审计记录。"""


@app.command()
@guarded
def add(
    login: LoginArgument,
    name: Annotated[str, typer.Option("--name", help="姓名")],
    role: RoleOption = None,
    unit: UnitOption = None,
    city: CityOption = None,
    first_day: FromOption = None,
    last_day: UntilOption = None,
    password_stdin: StdinFlag = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="只用统一身份登录，不设密码")
    ] = False,
    author: AuthorOption = "",
) -> None:
    """新建账户；初始密码只显示这一次，首次登录必须更改。"""
    from warehouse.access.accounts import add_account, grant_post, post_zh

    settings = settings_of()
    post = _post(settings, role, unit, city, first_day, last_day) if role else None
    engine = _engine(settings)
    given = _stdin_password() if password_stdin else None
    who, now = author or getpass.getuser(), technical_now()
    first = add_account(
        engine, login, name, author=who, now=now, password=given, has_password=not no_password
    )
    tell(f"已新建账户 {login}（{name}）")
    if first and given is None:
        tell(f"初始密码（只显示这一次）：{first}")
    if post is None:
        tell(f"该账户还没有岗位；任命：qiangshi accounts post {login} --role 岗位")
        return
    grant_post(engine, login, post, author=who, now=now)
    tell(f"任{post_zh(post)}，自 {post.starts_on} 起")


@app.command("list")
@guarded
def list_accounts(
    everything: Annotated[bool, typer.Option("--all", help="连同已停用的")] = False,
    limit: LimitOption = None,
    offset: OffsetOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """列出账户及其岗位。"""
    from warehouse.access.accounts import listed, post_zh

    rows = [row for row in listed(_engine()) if everything or not row["is_disabled"]]
    today = technical_now().date()
    page = Page.of(rows, limit, offset, as_json=as_json)
    if as_json:
        print_json([row | {"posts": [one.__dict__ for one in row["posts"]]} for row in page.rows])
        return
    shown = [
        row
        | {
            "posts_zh": "；".join(post_zh(one) for one in row["posts"] if one.holds_on(today))
            or "无在任岗位",
            "state_zh": _state_zh(row),
        }
        for row in page.rows
    ]
    columns = {"login": "账户", "name_zh": "姓名", "posts_zh": "岗位", "state_zh": "状态"}
    print_rows("账户", shown, columns, "没有账户；新建：qiangshi accounts add 账户 --name 姓名")
    page.tell_rest()


@app.command()
@guarded
def disable(login: LoginArgument, author: AuthorOption = "") -> None:
    """停用账户，立即退出其全部登录；历史记录不变。"""
    _set_disabled(login, author, is_disabled=True)
    tell(f"已停用 {login}；未办事项可用 qiangshi accounts handover 交给接手人")


@app.command()
@guarded
def enable(login: LoginArgument, author: AuthorOption = "") -> None:
    """重新启用账户。"""
    _set_disabled(login, author, is_disabled=False)
    tell(f"已启用 {login}")


@app.command()
@guarded
def reset(
    login: LoginArgument, password_stdin: StdinFlag = False, author: AuthorOption = ""
) -> None:
    """重置密码并解除登录限制；新的初始密码只显示这一次。"""
    from warehouse.access.accounts import reset_password

    given = _stdin_password() if password_stdin else None
    first = reset_password(
        _engine(), login, author=author or getpass.getuser(), now=technical_now(), password=given
    )
    tell(f"已重置 {login} 的密码，原有登录全部失效")
    if given is None:
        tell(f"初始密码（只显示这一次）：{first}")


@app.command()
@guarded
def post(
    login: LoginArgument,
    role: Annotated[str, typer.Option("--role", help="岗位代码")],
    unit: UnitOption = None,
    city: CityOption = None,
    first_day: FromOption = None,
    last_day: UntilOption = None,
    end: Annotated[
        str | None, typer.Option("--end", help="免去：自哪一天起不再任职 YYYY-MM-DD")
    ] = None,
    author: AuthorOption = "",
) -> None:
    """任命岗位，或用 --end 免去岗位。"""
    from warehouse.access.accounts import end_post, grant_post, post_zh

    settings = settings_of()
    one = _post(settings, role, unit, city, first_day, last_day)
    who, now = author or getpass.getuser(), technical_now()
    if end is not None:
        day = day_of(end)
        end_post(_engine(settings), login, one, ends_on=day, author=who, now=now)
        tell(f"{login}：自 {day} 起不再任{post_zh(one)}")
        return
    grant_post(_engine(settings), login, one, author=who, now=now)
    tell(f"{login}：任{post_zh(one)}，自 {one.starts_on} 起")


@app.command()
@guarded
def handover(
    leaving: Annotated[str, typer.Argument(metavar="交出人", help="账户名")],
    coming: Annotated[str, typer.Argument(metavar="接手人", help="账户名")],
    on: Annotated[str | None, typer.Option("--on", help="自哪一天起，默认今天")] = None,
    reason: Annotated[str, typer.Option("--reason", help="事由")] = "",
    author: AuthorOption = "",
    as_json: JsonFlag = False,
) -> None:
    """交接：岗位和未办的问题、说明、催报转给接手人，历史仍署原人。"""
    from warehouse.access.assignments import KINDS, hand_over

    settings = settings_of()
    now = technical_now()
    moved = hand_over(
        _engine(settings), leaving, coming, on=day_of(on) if on else now.date(),
        author=author or getpass.getuser(), now=now, today=settings.clock.today(), reason=reason,
    )  # fmt: skip
    if as_json:
        print_json(moved)
        return
    told = "，".join(f"{name} {moved[kind]} 项" for kind, name in {"post": "岗位", **KINDS}.items())
    tell(f"{leaving} → {coming}：{told}。此前的处理记录仍署 {leaving}")


@app.command()
@guarded
def demo(author: AuthorOption = "") -> None:
    """给演示工作区建演示账户；真实工作区拒绝。"""
    from warehouse.access.demo import PASSWORD

    settings = settings_of()
    made = make_demo(settings, definitions_for(settings), author or getpass.getuser())
    if not made:
        told = f"演示账户已经建过，密码都是 {PASSWORD}；全部用 qiangshi accounts list 列出。"
        tell(told)


@app.command()
@guarded
def office(
    unit: Annotated[str, typer.Argument(metavar="单位", help="单位代码或全称，一般是市级机构")],
    reason: Annotated[str, typer.Option("--reason", help="为何没有第二人")],
    first_day: FromOption = None,
    last_day: UntilOption = None,
    author: AuthorOption = "",
) -> None:
    """登记小型机构模式：没有第二人的机构，由填报单位的确认代替；每次发布都注明。"""
    from warehouse.access.offices import declare_small_office

    settings = settings_of()
    declared = unit_named(definitions_for(settings), unit)
    today = settings.clock.today()
    starts = day_of(first_day) if first_day else today
    declare_small_office(
        _engine(settings), declared.unit_code, author=author or getpass.getuser(),
        at=settings.clock.now(), reason=reason, starts_on=starts,
        ends_on=day_of(last_day) if last_day else None,
    )  # fmt: skip
    tell(f"{declared.unit_name_zh}：自 {starts} 起为小型机构模式")


@app.command()
@guarded
def audit(
    login: LoginArgument,
    password_stdin: StdinFlag = False,
    limit: LimitOption = None,
    offset: OffsetOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """安全审计记录；只有安全审计员以自己的密码可以查看。"""
    from warehouse.access.security_events import read
    from warehouse.access.sessions import Sessions

    settings = settings_of()
    engine = _engine(settings)
    password = _stdin_password() if password_stdin else getpass.getpass(f"{login} 的密码：")
    doors = Sessions(engine, settings.cities)
    opened = doors.authenticate(login, password, address="命令行")
    try:
        rows, _ = read(engine, opened.identity, limit=None)
    finally:
        doors.log_out(opened.token)
    page = Page.of(rows, limit, offset, as_json=as_json)
    if as_json:
        print_json(page.rows)
        return
    columns = {
        "recorded_at": "时间", "act_zh": "动作", "author": "操作人", "subject": "对象",
        "address": "地址", "detail_zh": "说明",
    }  # fmt: skip
    print_rows("安全审计记录", page.rows, columns, "没有记录。")
    page.tell_rest()


def make_demo(settings: Settings, definitions: Definitions, author: str) -> int:
    """Makes the demo accounts and says so; how many were made."""
    from warehouse.access.demo import PASSWORD, demo_accounts, make_demo_accounts

    wanted = demo_accounts(
        {one.unit.unit_code: one.unit for one in definitions.assignments}.values(),
        definitions.plan_cities,
    )
    made = make_demo_accounts(settings, wanted, author=author, now=technical_now())
    if made:
        sample = "、".join(
            next(one.login for one in wanted if one.role_code == role)
            for role in ROLES
            if any(one.role_code == role for one in wanted)
        )
        tell(
            f"演示账户 {made} 个，密码都是 {PASSWORD}，只存在于本演示工作区：{sample} 等；"
            "全部用 qiangshi accounts list 列出"
        )
    return made


def _engine(settings: Settings | None = None) -> Engine:
    from warehouse.ledger.engine import open_ledger

    return open_ledger(settings or settings_of())


def _post(
    settings: Settings,
    role: str | None,
    unit: str | None,
    city: str | None,
    first_day: str | None,
    last_day: str | None,
) -> Post:
    """The post that the options name; a unit's city is that of the definitions."""
    definitions = definitions_for(settings)
    code = chosen("岗位", role or "", {one.code: one.name_zh for one in ROLES.values()})
    starts = day_of(first_day) if first_day else technical_now().date()
    ends: date | None = day_of(last_day) if last_day else None
    if unit is not None:
        named = unit_named(definitions, unit)
        return Post(code, named.city_code, named.unit_code, starts, ends)
    if city is not None:
        units = definitions.units
        areas = {one.city_code for one in units.values()} & set(units)
        names = {area: units[area].unit_name_zh for area in sorted(areas)}
        return Post(code, chosen("城市", city, names), None, starts, ends)
    return Post(code, None, None, starts, ends)


def _stdin_password() -> str:
    text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise OrchestrationError("标准输入里没有密码")
    return text


def _set_disabled(login: str, author: str, *, is_disabled: bool) -> None:
    from warehouse.access.accounts import set_disabled

    set_disabled(
        _engine(), login, is_disabled=is_disabled, author=author or getpass.getuser(),
        now=technical_now(),
    )  # fmt: skip


def _state_zh(row: dict[str, Any]) -> str:
    if row["is_disabled"]:
        return "已停用"
    if row["is_demo"]:
        return "演示"
    return "待改初始密码" if row["must_change_password"] else "正常"
