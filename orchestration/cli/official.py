"""正式发布: a city's 季报, 年报 and evaluations proposed, approved, revised, and what there is."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from orchestration.cli.choosing import checked_filters, chosen
from orchestration.cli.console import (
    DayOption,
    JsonFlag,
    guarded,
    print_json,
    print_placements,
    print_rows,
    settings_of,
    tell,
)
from orchestration.errors import OrchestrationError
from sources.vocabulary import OFFICIAL_REPORT_ZH
from warehouse.settings import Settings

app = typer.Typer(help="正式发布：季报、年报、中期和终期评估", no_args_is_help=True)

AuthorOption = Annotated[str, typer.Option("--author", help="操作人账户")]
NumberOption = Annotated[str, typer.Option("--document-number", help="文号")]
BaseOption = Annotated[
    str | None, typer.Option("--base", help="依据的夜间发布的发布号，默认当前发布")
]
SHOWN = 20
"""Figures listed for a person; a program gets all."""
_MOMENTS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_FIGURES = {
    "row_zh": "数",
    "old_zh": "正式发布的值",
    "new_zh": "现值",
    "from_release_id": "所出正式发布",
    "decided_zh": "修订决定",
}


@app.callback()
def group() -> None:
    """一市一期一份，一人提请、另一人批准；发布后不改，改数须有修订决定。"""


@app.command()
@guarded
def propose(
    city: Annotated[str, typer.Argument(help="城市代码或全称")],
    report: Annotated[str, typer.Argument(help="报告种类：quarterly、annual、midterm、final")],
    period: Annotated[str, typer.Argument(help="报告期：季报写 2025-Q4，其他写 2025")],
    document_number: NumberOption = "",
    scan: Annotated[
        Path | None, typer.Option("--scan", help="盖章表的扫描件", exists=True, dir_okay=False)
    ] = None,
    embargo: Annotated[
        str | None,
        typer.Option("--embargo", help="何时起对外公开：YYYY-MM-DD 或 'YYYY-MM-DD HH:MM'"),
    ] = None,
    base: BaseOption = None,
    note: Annotated[str, typer.Option("--note", help="告诉审批人的话")] = "",
    author: AuthorOption = "",
    day: DayOption = None,
    as_json: JsonFlag = False,
) -> None:
    """提请正式发布；文号和盖章扫描件可以后补（重新提请），但批准前须齐。"""
    from warehouse.official import verbs

    settings, engine = _opened(day)
    proposed = verbs.propose(
        settings, engine, city_code=_city(settings, city),
        report_code=chosen("报告种类", report, OFFICIAL_REPORT_ZH), period_code=period,
        author=_author(author), at=_decided_at(settings), base_release_id=base,
        document_number=document_number, embargo_until=_moment(embargo),
        scan=scan.read_bytes() if scan else None, scan_name=scan.name if scan else "", note=note,
    )  # fmt: skip
    if as_json:
        print_json(asdict(proposed))
        return
    tell(f"已提请：{proposed.proposal_id}，依据发布 {proposed.base_release_id}")
    _tell(settings, asdict(proposed))
    said = (
        "下一步：补齐后重新提请"
        if proposed.missing_zh
        else f"下一步：由另一人批准：qiangshi official approve {proposed.proposal_id} --author 账户"
    )
    tell(said)


@app.command()
@guarded
def approve(
    proposal_id: Annotated[str, typer.Argument(metavar="ID", help="提请编号")],
    note: Annotated[str, typer.Option("--note", help="批准时要记下的话")] = "",
    author: AuthorOption = "",
    day: DayOption = None,
    as_json: JsonFlag = False,
) -> None:
    """批准正式发布（须另一人）：制成不再改动的发布，保密期后对外公开。"""
    from warehouse.official import verbs

    settings, engine = _opened(day)
    done = verbs.approve(
        settings, engine, proposal_id, author=_author(author), at=_decided_at(settings), note=note
    )
    if as_json:
        print_json(asdict(done))
        return
    told = done.manifest["official"]
    tell(f"已批准：正式发布 {done.release_id}（{told['document_number']}）")
    print_placements(asdict(one) for one in done.placements if one.release_id == done.release_id)
    if told["embargo_until"] and not any(one.audience == "public" for one in done.placements):
        tell(f"保密至 {told['embargo_until'].replace('T', ' ')[:16]}，此后的夜间运行对外公开")


@app.command()
@guarded
def reject(
    proposal_id: Annotated[str, typer.Argument(metavar="ID", help="提请编号")],
    reason: Annotated[str, typer.Option("--reason", help="理由")] = "",
    author: AuthorOption = "",
    day: DayOption = None,
) -> None:
    """不批准；可以重新提请。"""
    from warehouse.official import verbs

    settings, engine = _opened(day)
    verbs.reject(
        engine, proposal_id, author=_author(author), at=_decided_at(settings), reason=reason
    )
    tell(f"{proposal_id}：未予批准")


@app.command()
@guarded
def revise(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="所改的数出自哪次正式发布")],
    reason: Annotated[str, typer.Option("--reason", help="为什么改")] = "",
    document_number: NumberOption = "",
    key: Annotated[
        list[str] | None, typer.Option("--key", help="只改这一个数（key_text），可写多个；默认全部")
    ] = None,
    base: BaseOption = None,
    author: AuthorOption = "",
    day: DayOption = None,
    as_json: JsonFlag = False,
) -> None:
    """记录修订决定：哪些已正式发布的数改成什么、为什么、依据哪个文号。"""
    from warehouse.official import verbs

    settings, engine = _opened(day)
    done = verbs.revise(
        settings, engine, release_id, author=_author(author), at=_decided_at(settings),
        reason=reason, document_number=document_number, base_release_id=base, keys=key or None,
    )  # fmt: skip
    if as_json:
        print_json(asdict(done))
        return
    tell(f"已记录修订决定：正式发布 {release_id} 的 {len(done.figures)} 个数")
    decided = [one | {"revision_document_number": document_number} for one in done.figures]
    _print_figures(settings, release_id, decided)
    said = "下一步：批准含这些新值的正式发布（qiangshi official approve 提请编号）"
    tell(said)


@app.command("list")
@guarded
def list_all(
    city: Annotated[str | None, typer.Option("--city", help="城市代码或全称")] = None,
    as_json: JsonFlag = False,
) -> None:
    """所有提请及其结果，最新的在前。"""
    from warehouse.official.verbs import official_releases

    settings, engine = _opened()
    wanted = checked_filters(settings, {"city_code": city})["city_code"]
    found = official_releases(settings, engine, city_code=wanted)
    if as_json:
        print_json(found)
        return
    for row in found:
        row["embargo_zh"] = f"{row['embargo_until']:%Y-%m-%d %H:%M}" if row["embargo_until"] else ""
        row["public_zh"] = ("已到" if row["is_public"] else "未到") if row["release_id"] else ""
    columns = {
        "proposal_id": "提请编号",
        "report_zh": "报告",
        "state_zh": "状态",
        "release_id": "发布号",
        "document_number": "文号",
        "author": "提请人",
        "decided_by": "审批人",
        "embargo_zh": "保密至",
        "public_zh": "公开时间",
    }
    print_rows("正式发布", found, columns, "还没有提请过正式发布。")


@app.command()
@guarded
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="提请编号或正式发布的发布号")],
    as_json: JsonFlag = False,
) -> None:
    """一次正式发布的全部：谁提请谁批准、改了哪些已发布的数、哪些报表未封库、修订决定。"""
    from warehouse.official import verbs

    settings, engine = _opened()
    row = verbs.find(engine, identity)
    told = asdict(verbs.told_of(settings, engine, str(row["proposal_id"])))
    decisions = [
        one
        for one in verbs.revision_decisions(engine, city_code=str(row["city_code"]))
        if row["release_id"] is not None and one["from_release_id"] == row["release_id"]
    ]
    if as_json:
        print_json(row | told | {"revision_decisions": decisions})
        return
    report = OFFICIAL_REPORT_ZH.get(row["report_code"], row["report_code"])
    lines = {
        "提请": f"{row['proposal_id']}（{report} {row['period_code']}），"
        f"{row['author']} 于 {row['decided_at']:%Y-%m-%d %H:%M}",
        "依据": row["base_release_id"],
        "文号": row["document_number"],
        "扫描件": row["scan_name"],
        "保密至": f"{row['embargo_until']:%Y-%m-%d %H:%M}" if row["embargo_until"] else None,
        "审批": f"{row['decided_by']} 于 {row['approved_at']:%Y-%m-%d %H:%M}"
        if row["decided_by"]
        else None,
        "发布号": row["release_id"],
        "说明": row["reason_text"],
        "审批意见": row["decision_reason"],
    }
    for name, value in lines.items():
        if value is not None:
            tell(f"{name}：{value}")
    _tell(settings, told)
    for one in decisions:
        said = (
            f"修订决定 {one['revision_order']}（{one['document_number']}，{one['author']}）："
            f"{len(one['figures'])} 个数；{one['reason_text']}"
        )
        tell(said)


@app.command()
@guarded
def publish(day: DayOption = None, as_json: JsonFlag = False) -> None:
    """把保密期已过的对外公开，补做中断的；夜间运行也会做。退出码 1：有没做成的。"""
    from warehouse.official.verbs import publish_due

    settings, engine = _opened(day)
    problems, placements = publish_due(settings, engine)
    rows = [asdict(one) for one in placements]
    if as_json:
        print_json({"problems": problems, "placements": rows})
    else:
        print_placements(rows)
        for said in problems:
            tell(said, style="yellow")
        if not any(one["is_new"] for one in rows) and not problems:
            tell("没有到期未公开的正式发布。")
    if problems or any(one["problem_zh"] for one in rows):
        raise typer.Exit(1)


def _tell(settings: Settings, told: Mapping[str, Any]) -> None:
    """What an approver should know of a proposal."""
    if told["missing_zh"]:
        tell(f"批准前须补齐：{'、'.join(told['missing_zh'])}", style="yellow")
    if told["is_held"]:
        tell("本市在依据的发布中被拦下，数是更早一版的。", style="yellow")
    forms: dict[str, list[str]] = {}
    for one in told["open_forms"]:
        forms.setdefault(one["form_code"], []).append(one["period_code"])
    if forms:
        listed = "；".join(f"{form} {'、'.join(periods)}" for form, periods in forms.items())
        said = f"未封库的报表：{listed}"
        tell(said, style="yellow")
    if told["changes"]:
        left = sum(one["revision_order"] is None for one in told["changes"])
        said = f"与已正式发布的数不同的有 {len(told['changes'])} 个，其中 {left} 个还没有修订决定"
        tell(said, style="yellow" if left else "")
        _print_figures(settings, told["base_release_id"], told["changes"])


def _print_figures(
    settings: Settings, release_id: str, figures: Sequence[Mapping[str, Any]]
) -> None:
    from warehouse.queries.history import in_words

    rows = in_words(settings, release_id, [dict(one) for one in figures[:SHOWN]])
    for row in rows:
        row["new_zh"] = row["new_zh"] or "无"
        row["decided_zh"] = row["revision_document_number"] or ""
    print_rows("已正式发布而现值不同的数", rows, _FIGURES, "")
    if len(figures) > SHOWN:
        tell(f"……共 {len(figures)} 个，全部列出用 --json")


def _opened(day: str | None = None) -> tuple[Settings, Engine]:
    from warehouse.ledger.engine import open_ledger

    settings = settings_of(day)
    return settings, open_ledger(settings)


def _author(given: str) -> str:
    return given or getpass.getuser()


def _decided_at(settings: Settings) -> datetime:
    """The business moment of an act: never within what a release has taken already."""
    from warehouse.clock import decided_at
    from warehouse.releases.history import last_as_of

    return decided_at(settings.clock.now(), last_as_of(settings))


def _city(settings: Settings, text: str) -> str:
    return str(checked_filters(settings, {"city_code": text})["city_code"])


def _moment(text: str | None) -> datetime | None:
    """The first moment at which the public may read: of a day alone, its beginning."""
    if text is None:
        return None
    for form in _MOMENTS:
        try:
            return datetime.strptime(text.strip(), form)  # business time is naive
        except ValueError:
            continue
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time.min)
    except ValueError as error:
        raise OrchestrationError(
            f"“{text}”不是时间；写 YYYY-MM-DD 或 'YYYY-MM-DD HH:MM'"
        ) from error
