"""Commands that read: status, coverage, findings, submissions, table."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestration.cli.arrivals import list_arrivals, print_arrivals
from orchestration.cli.choosing import checked_filters
from orchestration.cli.console import (
    JsonFlag,
    LimitOption,
    OffsetOption,
    Page,
    day_of,
    definitions_for,
    guarded,
    print_channels,
    print_findings,
    print_json,
    print_rows,
    print_strays,
    settings_of,
    tell,
)
from orchestration.cli.deadlines import list_owed
from orchestration.cli.pending import list_pending
from orchestration.cli.plan_tables import print_plan
from orchestration.cli.standing import list_standing
from orchestration.errors import OrchestrationError
from sources.vocabulary import SEVERITY_ZH, STATE_ZH, said, tally

CityOption = Annotated[str | None, typer.Option("--city", help="城市代码或全称")]
UnitOption = Annotated[str | None, typer.Option("--unit", help="单位代码或全称")]
FormOption = Annotated[str | None, typer.Option("--form", help="报表代码")]
PeriodOption = Annotated[str | None, typer.Option("--period", help="报告期")]
ReleaseOption = Annotated[str | None, typer.Option("--release", help="发布号，默认当前发布")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    for command in (status, coverage, findings, submissions, table):
        app.command()(command)


@guarded
def status(
    city: CityOption = None,
    limit: LimitOption = None,
    offset: OffsetOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """来了什么、欠什么、错在哪里。"""
    from orchestration.stages import arrivals_in, channel_reports, last_failure, stray_files
    from warehouse.errors import NoRelease
    from warehouse.ledger.arrivals import arrival_counts
    from warehouse.ledger.engine import open_ledger
    from warehouse.queries import ledger
    from warehouse.queries.published import manifest
    from warehouse.queries.tables import owed

    settings = settings_of()
    city = checked_filters(settings, {"city_code": city})["city_code"]
    engine = open_ledger(settings)
    found: dict[str, Any] = {
        "home": settings.home,
        "last_failure": last_failure(settings),
        "waiting_files": len(arrivals_in(settings)),
        "stray_files": stray_files(settings),
        "submissions": ledger.state_counts(engine),
        "arrivals": arrival_counts(engine),
        "channels": channel_reports(settings),
        "open_findings": ledger.waiting_for_a_steward(engine),
        "release": None,
        "owed": [],
    }
    try:
        found["release"] = dict(manifest(settings))
        page = Page.of(owed(settings, city_code=city), limit, offset, as_json=as_json)
        found["owed"] = page.rows
    except NoRelease as error:
        found["note"] = error.message_zh
    if as_json:
        print_json(found)
        return
    tell(f"工作区 {found['home']}，收件箱待收 {found['waiting_files']} 个文件")
    print_strays(found["stray_files"])
    if found["last_failure"]:
        failure = found["last_failure"]
        tell(f"上次运行失败（{failure['at']}）：{failure['message']}", style="red")
    tell("报送件：" + (tally(found["submissions"], STATE_ZH) or "无"))
    print_arrivals(found["arrivals"])
    print_channels(found["channels"])
    tell("待处理问题：" + (tally(found["open_findings"], SEVERITY_ZH) or "无"))
    if found["release"] is None:
        tell(found["note"])
        return
    release = found["release"]
    days = f"截至 {release['as_of']}，核对至 {release['checked_as_of']}"
    tell(f"当前发布 {release['release_id']}，{days}")
    columns = {
        "unit_name_zh": "单位",
        "unit_code": "代码",
        "form_code": "报表",
        "period_code": "报告期",
        "due_at": "应报时间",
        "state_zh": "状态",
    }
    for row in page.rows:
        row["state_zh"] = said(STATE_ZH, row["state_code"]) or "未报送"
    if page.rows or not page.total:
        title = f"到期未报（{page.total} 份）"
        print_rows(title, page.rows, columns, "到期报表全部报齐。")
    page.tell_rest()


@guarded
def coverage(
    city: CityOption = None,
    period: PeriodOption = None,
    owed: Annotated[
        bool, typer.Option("--owed", help="改列谁欠什么、逾期几天，附催报文字")
    ] = False,
    unit: Annotated[str | None, typer.Option("--unit", help="--owed：只看一个单位")] = None,
    as_json: JsonFlag = False,
) -> None:
    """各市各表的报送率、及时率、接收率；默认各表最近到期的一期。"""
    from warehouse.queries.tables import coverage as asked

    settings = settings_of()
    given = {"city_code": city, "unit_code": unit, "period_code": period}
    wanted = checked_filters(settings, given)
    city, unit, period = wanted["city_code"], wanted["unit_code"], wanted["period_code"]
    if owed:
        list_owed(city, unit, period, as_json=as_json)
        return
    if unit is not None:
        raise OrchestrationError("--unit 只与 --owed 同用")
    found = asked(settings, city_code=city, period_code=period)
    if as_json:
        print_json(found)
        return
    columns = {
        "city_code": "城市",
        "form_code": "报表",
        "period_code": "报告期",
        "expected_units": "应报",
        "received_units": "已报",
        "on_time_units": "按时",
        "accepted_units": "已接收",
        "expected_cells": "应填",
        "filled_cells": "已填",
    }
    print_rows("报送情况", found, columns, "没有到期的报表。")


@guarded
def findings(
    city: CityOption = None,
    unit: UnitOption = None,
    form: FormOption = None,
    period: PeriodOption = None,
    severity: Annotated[str | None, typer.Option("--severity", help="级别代码")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="规则编号")] = None,
    every: Annotated[bool, typer.Option("--all", help="包括提示和已处理的")] = False,
    limit: LimitOption = None,
    offset: OffsetOption = 0,
    standing: Annotated[bool, typer.Option("--standing", help="只列长期说明")] = False,
    as_json: JsonFlag = False,
) -> None:
    """审核问题：哪个文件、哪个单元格、什么值、违反哪条规则、怎么办。"""
    from warehouse.ledger.engine import open_ledger
    from warehouse.queries.ledger import finding_rows

    filters = {
        "city_code": city,
        "unit_code": unit,
        "form_code": form,
        "period_code": period,
        "severity_code": severity,
        "rule_id": rule,
    }
    settings = settings_of()
    wanted = checked_filters(settings, filters)
    if standing:
        list_standing(wanted["city_code"], wanted["unit_code"], as_json=as_json)
        return
    rows = finding_rows(open_ledger(settings), wanted, is_open=not every)
    found = Page.of(rows, limit, offset, as_json=as_json)
    if as_json:
        print_json(found.rows)
        return
    if found.rows or not found.total:
        print_findings(found.rows, "没有待处理的问题。", found.first)
    found.tell_rest()


@guarded
def submissions(
    city: CityOption = None,
    unit: UnitOption = None,
    form: FormOption = None,
    period: PeriodOption = None,
    state: Annotated[str | None, typer.Option("--state", help="状态代码")] = None,
    unsorted: Annotated[
        bool, typer.Option("--unsorted", help="改列待确认单位的来件及其建议单位")
    ] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="改列扫描件、照片等佐证及所属报送件")
    ] = False,
    pending: Annotated[
        bool, typer.Option("--pending", help="改列待纳入的补报、更正及其差异，和不再适用的更正")
    ] = False,
    limit: LimitOption = None,
    offset: OffsetOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """报送件及其状态，最近到达的在前。"""
    from warehouse.ledger.arrivals import evidence_of
    from warehouse.ledger.engine import open_ledger
    from warehouse.queries.ledger import submission_rows

    filters = {
        "city_code": city,
        "unit_code": unit,
        "form_code": form,
        "period_code": period,
        "state_code": state,
    }
    settings = settings_of()
    wanted = checked_filters(settings, filters)
    if unsorted or evidence:
        which = "unsorted" if unsorted else "evidence"
        list_arrivals(which, wanted["city_code"], wanted["unit_code"], as_json=as_json)
        return
    engine = open_ledger(settings)
    if pending:
        list_pending(settings, engine, wanted["city_code"], as_json=as_json)
        return
    found = Page.of(submission_rows(engine, wanted), limit, offset, as_json=as_json)
    papers = evidence_of(engine, [row["submission_id"] for row in found.rows])
    for row in found.rows:
        row["evidence"] = papers.get(row["submission_id"], [])
    if as_json:
        print_json(found.rows)
        return
    for row in found.rows:
        row["state_zh"] = said(STATE_ZH, row["state_code"])
        row["evidence_zh"] = "、".join(row["evidence"])
    columns = {
        "submission_id": "报送件",
        "file_name": "文件",
        "received_at": "到达",
        "state_zh": "状态",
        "version": "版本",
        "evidence_zh": "佐证",
    }
    if found.rows or not found.total:
        print_rows(f"报送件（{found.total} 件）", found.rows, columns, "没有报送件。")
    found.tell_rest()


@guarded
def table(
    plan: Annotated[str | None, typer.Argument(help="规划代码")] = None,
    every: Annotated[bool, typer.Option("--all", help="所有规划")] = False,
    release: ReleaseOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="某日终了时所知，按当时的定义重新计算")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """规划自己的指标表，附实际值、状态和覆盖率。"""
    from orchestration.stages.asking import as_of as known_on
    from warehouse.queries import tables
    from warehouse.queries.published import manifest

    settings, note = settings_of(), None
    if (plan is None) == (not every):
        raise OrchestrationError("请写明一个规划代码，或用 --all 列出所有规划")
    if as_of is not None and release is not None:
        raise OrchestrationError("--as-of 与 --release 只能写一个")
    if as_of is not None:
        answer = known_on(settings, day_of(as_of), definitions_for(settings))
        settings, release, note = answer.settings, answer.release_id, answer.note_zh
    known = tables.plans(settings, release)
    wanted = [row for row in known if every or row["plan_code"] == plan]
    if not wanted:
        codes = "、".join(row["plan_code"] for row in known)
        raise OrchestrationError(f"没有规划“{plan}”；现有：{codes or '无'}")
    printed = {
        row["plan_code"]: tables.plan_table(settings, row["plan_code"], release) for row in wanted
    }
    links = {code: tables.plan_links(settings, code, release) for code in printed}
    for code, rows in printed.items():
        for target in rows:
            own = target["target_code"]
            target["links"] = [link for link in links[code] if link["target_code"] == own]
    if as_json:
        print_json(printed if every else printed[str(plan)])
        return
    shown_release = release or str(manifest(settings)["release_id"])
    for row in wanted:
        print_plan(row, printed[row["plan_code"]], links[row["plan_code"]], shown_release)
    if as_of is not None:
        tell(f"按 {as_of} 终了时所知重新计算。" + (note or ""))
    else:
        tell(f"数据集市：{settings.published_db}")
