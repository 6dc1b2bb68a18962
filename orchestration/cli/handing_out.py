"""Commands that hand tables out, and tell of a table handed out whether it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.cli.choosing import chosen, period_with_measures, unit_named
from orchestration.cli.console import (
    JsonFlag,
    definitions_for,
    guarded,
    print_exports,
    print_json,
    print_rows,
    settings_of,
    tell,
    warn,
)
from orchestration.cli.reading import ReleaseOption
from orchestration.errors import OrchestrationError

CURRENT, CHANGED, UNKNOWN = 0, 1, 2


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    for command in (query, verify, report):
        app.command()(command)


@guarded
def query(
    indicator: Annotated[
        list[str], typer.Option("--indicator", help="指标代码或名称；可写多次，或用逗号隔开")
    ],
    period: Annotated[
        list[str], typer.Option("--period", help="报告期，如 2025-12、2025年四季度；可写多个")
    ],
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="单位代码或全称；可写多个")
    ] = None,
    city: Annotated[
        list[str] | None, typer.Option("--city", help="城市：该市和所辖各旗县区；可写多个")
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", help="本期、累计、同比、位次、占比，默认全部；可写多个"),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="写成 .xlsx、.docx 或 .csv，附核验码")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="表题")] = None,
    release: ReleaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """取数：单位 × 指标 × 报告期，附本期、累计、同比、位次、占比，可直接打印。"""
    from warehouse.exports.page import page_of
    from warehouse.exports.query import query as asked
    from warehouse.exports.query_files import export_query

    settings = settings_of()
    selection = _selection(settings, unit, city, indicator, period, measure)
    table = asked(settings, selection, release)
    record = export_query(settings, table, target, title) if target else None
    if as_json:
        print_json(table.as_json() | {"code": record.code if record else None})
        return
    page = page_of(table, record.code if record else "", title)
    if record and target:
        # A line of the CSV is one period; on paper the periods stand side by side.
        lines = page.rows if target.suffix.lower() != ".csv" else list(table.cells())
        tell(f"已写入 {target}：{page.title}，{len(lines)} 行；{page.code_line}")
        return
    headings = [*page.fixed, *(f"{label} {one}" for label, below in page.groups for one in below)]
    shown = [dict(zip(headings, (one.text for one in row), strict=True)) for row in page.rows]
    print_rows(page.title, shown, dict(zip(headings, headings, strict=True)), "没有选到数。")
    for line in (page.subtitle, *page.notes):
        tell(line)


@guarded
def verify(
    what: Annotated[str, typer.Argument(metavar="CODE|FILE", help="核验码，或导出的文件")],
    as_json: JsonFlag = False,
) -> None:
    """核验一张导出表：现在是否仍然有效，哪些数变了，为什么。

    退出码 0 没有变化，1 有数变了，2 没有这个核验码，或文件由几张表合成。
    """
    from warehouse.exports.records import (
        SeveralCodes,
        UnknownExport,
        record_named,
        record_of_file,
    )
    from warehouse.exports.verify import verify as verified

    settings = settings_of()
    try:
        if not Path(what).is_file() and Path(what).suffix:
            said = f"没有文件“{what}”，请核对路径；也可以只写表上印的核验码"
            warn(said, style="red")
            raise typer.Exit(UNKNOWN)
        if Path(what).is_file():
            record, is_untouched = record_of_file(settings, Path(what))
        else:
            record, is_untouched = record_named(settings, what), None
    except (UnknownExport, SeveralCodes) as error:
        warn(error.message_zh, style="red")
        raise typer.Exit(UNKNOWN) from error
    verdict = verified(settings, record)
    if as_json:
        print_json(verdict.as_json() | {"is_file_untouched": is_untouched})
    else:
        _tell(verdict, is_untouched)
    raise typer.Exit(CURRENT if verdict.is_current else CHANGED)


@guarded
def report(
    plan: Annotated[str | None, typer.Option("--plan", help="只取一个规划的简报")] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="把报告页、工作簿和简报复制到这个目录")
    ] = None,
    pdf: Annotated[
        bool,
        typer.Option("--pdf", help="另存 PDF：简报（LibreOffice）、报告页（Chromium）；须写 --out"),
    ] = False,
    release: ReleaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """一次发布的报告：报告页（可打印）、工作簿、各规划的 Word 简报；没有写过的现在写。"""
    from orchestration.stages.exporting import ensured
    from warehouse.exports.taking import take
    from warehouse.queries.published import manifest

    if pdf and target is None:
        raise OrchestrationError("--pdf 要与 --out 同用：写明放在哪个目录")
    settings = settings_of()
    release_id = release or str(manifest(settings)["release_id"])
    folder, failed = ensured(settings, release_id)
    taken = take(settings, release_id, target or folder, plan, with_pdf=pdf)
    if as_json:
        print_json({"release_id": release_id, "files": taken, "failed": failed})
    else:
        print_exports({"files": 0, "seconds": 0.0, "failed": failed})
        for path in taken:
            tell(str(path))
    raise typer.Exit(1 if failed else 0)


def _tell(verdict: Any, is_untouched: bool | None) -> None:
    from warehouse.queries.row_names import without_needless_digits

    record = verdict.record
    tell(
        f"核验码 {record.code}：{record.made_at[:10]} 导出，发布号 {record.release_id}，"
        f"截至 {record.as_of}，"
        + (f"表 {record.table_file[0]}" if record.table_file else f"共 {len(record.figures)} 个数")
    )
    if is_untouched is False:
        tell("此文件导出后被改动或另存过；以下按导出时的数核对。", style="yellow")
    if verdict.thinned_zh:
        tell(verdict.thinned_zh, style="yellow")
    if verdict.is_current and is_untouched is False:
        tell(
            f"导出时的数与当前发布 {verdict.release_id} 一致；"
            "文件里现在写的是不是这些数没有核对，要用请重新取数。",
            style="yellow",
        )
        return
    if verdict.is_current:
        tell(f"与当前发布 {verdict.release_id} 一致，没有变化。", style="green")
        return
    columns = {
        "label_zh": "项目", "old_value": "导出时", "new_value": "现在", "reason_zh": "原因",
    }  # fmt: skip
    title = (
        f"当前发布 {verdict.release_id}（截至 {verdict.as_of}）中变了 {len(verdict.changes)} 个数"
    )
    changes = [
        change | {one: without_needless_digits(change[one]) for one in ("old_value", "new_value")}
        for change in verdict.changes
    ]
    print_rows(title, changes, columns, "")


def _selection(
    settings: Any,
    units: list[str] | None,
    cities: list[str] | None,
    indicators: list[str],
    periods: list[str],
    measures: list[str] | None,
) -> Any:
    from warehouse.exports.selection import MEASURES, Selection, city_and_areas

    definitions = definitions_for(settings)
    codes = [unit_named(definitions, text).unit_code for text in _parts(units)]
    for text in _parts(cities):
        codes += city_and_areas(definitions, unit_named(definitions, text).unit_code)
    if not codes:
        raise OrchestrationError("请用 --unit 写明单位，或用 --city 写明城市（含所辖旗县区）")
    names = {
        row["indicator_code"]: row["indicator_zh"]
        for row in definitions.table("indicators").iter_rows(named=True)
    }
    words = {code: word.removesuffix("（%）") for code, word in MEASURES.items()}
    told = tuple(chosen("数", text, words) for text in _parts(measures)) or tuple(MEASURES)
    return Selection(
        tuple(dict.fromkeys(codes)),
        tuple(dict.fromkeys(chosen("指标", text, names) for text in _parts(indicators))),
        tuple(dict.fromkeys(period_with_measures(text, told).code for text in _parts(periods))),
        told,
    )


def _parts(texts: list[str] | None) -> list[str]:
    return [
        part.strip()
        for text in texts or ()
        for part in text.replace("，", ",").replace("、", ",").split(",")
        if part.strip()
    ]
