"""Commands of those who file: demo, template, check, submit."""

from __future__ import annotations

import getpass
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.accounts import make_demo
from orchestration.cli.choosing import chosen, form_codes, period_named, unit_named
from orchestration.cli.console import (
    JsonFlag,
    definitions_for,
    guarded,
    out,
    print_findings,
    print_json,
    print_read,
    settings_of,
    tell,
    warn,
)
from orchestration.errors import OrchestrationError
from sources.channels.inbox import SETTLE_SECONDS
from sources.definitions import Definitions, FormVersion
from sources.periods import Period
from sources.texts import readable_name
from sources.vocabulary import PERIOD_TYPE_ZH, said


def _form(definitions: Definitions, code: str, period: Period) -> FormVersion:
    code = chosen("报表", code, form_codes(definitions))
    form = definitions.form(code, period)
    if form is None:
        raise OrchestrationError(f"报表 {code} 没有适用于 {period.label_zh} 的版本")
    if form.frequency != period.period_type:
        raise OrchestrationError(
            f"报表 {code} 是{said(PERIOD_TYPE_ZH, form.frequency)}，"
            f"{period.code} 却是{said(PERIOD_TYPE_ZH, period.period_type)}的报告期"
        )
    return form


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    app.command()(demo)
    app.command()(template)
    app.command()(check)
    app.command()(submit)


@guarded
def demo(
    first: Annotated[str, typer.Option("--from", help="首个月份")] = "2021-01",
    last: Annotated[str, typer.Option("--to", help="末个月份")] = "2025-12",
    faults: Annotated[bool, typer.Option("--faults", help="另外埋入有名字的错误，附清单")] = False,
    scale: Annotated[int, typer.Option(min=1, help="每个城市连同副本共几份，用于测规模")] = 1,
    once: Annotated[bool, typer.Option("--once", help="已写过演示数据的工作区不再写")] = False,
) -> None:
    """把演示报表写进收件箱；同一种子写出同样的内容。"""
    from sources.demo.generator import write_demo
    from sources.demo.scaling import write_copies
    from warehouse.workspace import init, lay_definitions, set_demo

    settings = settings_of()
    init(settings)
    marker = settings.work / "demo.done"
    if once and marker.exists():
        tell("演示报表已经写过，不再重写。")
        return
    set_demo(settings)
    if scale > 1:
        folder = settings.home / "definitions"
        write_copies(definitions_for(settings), scale, folder)
        lay_definitions(settings, folder)
        settings = settings_of()
    with out.status("正在写演示报表 …") as status:
        summary = write_demo(
            definitions_for(settings),
            settings.inbox,
            first,
            last,
            faults=faults,
            cities=settings.cities or None,
            manifest=settings.home / "demo_faults.csv",
            progress=lambda done, total: status.update(f"正在写演示报表 {done}/{total}"),
        )
    marker.touch()
    kinds = f"xlsx {summary.xlsx}，csv {summary.csv}"
    tell(f"演示报表 {summary.files} 份（{kinds}）已写入 {settings.inbox}")
    if summary.faults_manifest_path:
        tell(f"埋入的错误清单：{summary.faults_manifest_path}")
    make_demo(settings, definitions_for(settings), getpass.getuser())
    tell("下一步：qiangshi nightly 跑一夜，收取、审核、汇总、发布")


@guarded
def template(
    form: Annotated[str, typer.Option("--form", help="报表代码，如 IP-M1")],
    unit: Annotated[str, typer.Option("--unit", help="单位代码或全称，见 units.csv")],
    period: Annotated[str, typer.Option("--period", help="报告期，如 2025-12、2025-Q4、2025")],
    target: Annotated[Path | None, typer.Option("--out", help="写到哪里")] = None,
) -> None:
    """写出一个单位、一个报告期的空白表，带表内审核和往期数。"""
    from orchestration.stages.blank_forms import write_blank_form
    from sources.registers import register_of
    from sources.registers.template import write_register_workbook
    from warehouse.workspace import is_synthetic

    settings = settings_of()
    definitions = definitions_for(settings)
    filer, when = unit_named(definitions, unit), period_named(period)
    version = _form(definitions, form, when)
    mine = definitions.forms_of_unit(filer.unit_code)
    if version.form_code not in mine:
        listed = "、".join(mine) or "无"
        raise OrchestrationError(
            f"{filer.unit_name_zh} 不填报 {version.form_code}；它填报的是：{listed}"
        )
    path = target or Path(f"{version.form_number}_{filer.unit_name_zh}_{when.code}.xlsx")
    register = register_of(definitions, version.form_code, version.form_version)
    notes: Sequence[str] = ()
    if register is not None:
        is_demo = bool(is_synthetic(settings))
        write_register_workbook(path, register, version, filer, when, is_synthetic=is_demo)
    else:
        notes = write_blank_form(settings, definitions, version, filer, when, path)
    tell(f"空白表已写到 {path}")
    for note in notes:
        warn(note)


@guarded
def check(
    files: Annotated[list[Path], typer.Argument(help="要检查的文件", exists=True, dir_okay=False)],
    unit: Annotated[str | None, typer.Option("--unit", help="应由哪个单位填报，代码或全称")] = None,
    day: Annotated[str | None, typer.Option("--date", help="业务日期")] = None,
    as_json: JsonFlag = False,
) -> None:
    """只检查、不入库：与夜里的审核结果相同。退出码 0 通过，1 有强制性问题，2 无法读取或被拒收。"""
    from orchestration.stages.checking import check_files

    settings = settings_of(day)
    definitions = definitions_for(settings)
    filer = unit_named(definitions, unit).unit_code if unit else None
    checked = check_files(settings, definitions, files, filer)
    if as_json:
        print_json({
            "read": checked.read, "findings": checked.findings, "exit_code": checked.exit_code,
            "evidence": checked.evidence,
        })  # fmt: skip
    else:
        for row in checked.read:
            print_read(row)
        for paper in checked.evidence:
            told = f"{paper['file']}：{paper['message_zh']}。"
            tell(told)
        if len(checked.evidence) < len(files):
            print_findings(checked.findings, "没有发现问题。")
        if checked.findings:
            tell(f"共 {len(checked.findings)} 条，已全部列出。")
        for note in checked.notes:
            warn(note)
    raise typer.Exit(checked.exit_code)


@guarded
def submit(
    files: Annotated[list[Path], typer.Argument(help="要报送的文件", exists=True, dir_okay=False)],
    unit: Annotated[str, typer.Option("--unit", help="填报单位代码")],
) -> None:
    """报送文件，等同于放进该单位的收件箱。"""
    from warehouse.workspace import init

    settings = settings_of()
    init(settings)
    filer = unit_named(definitions_for(settings), unit)
    folder = settings.inbox / filer.city_code / filer.unit_code
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        target = folder / path.name
        number = 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem} ({number}){path.suffix}"
        # Copied under a name the channel leaves alone, then renamed: never taken half-written. The
        # channel waits for a file to be still; this one is whole, so its time is set that far back.
        partial = target.with_name(target.name + ".part")
        shutil.copyfile(path, partial)
        handed_in = time.time() - SETTLE_SECONDS - 1
        os.utime(partial, (handed_in, handed_in))
        partial.rename(target)
        said_to = f"{readable_name(path.name)} 已放入 {target.parent}，下一夜处理"
        tell(said_to)
