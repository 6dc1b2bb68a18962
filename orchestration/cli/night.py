"""Commands of the operator: init, nightly, dagster."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from orchestration.cli.console import (
    DayOption,
    JsonFlag,
    err,
    guarded,
    print_channels,
    print_deliveries,
    print_exports,
    print_json,
    print_placements,
    print_strays,
    settings_of,
    tell,
    warn,
)

STEPS_ZH: Mapping[str, str] = {
    "received_files": "接收",
    "read_submissions": "读取",
    "validate_submissions": "审核",
    "prepare_roll_up": "汇总准备",
    "validation_report": "审核报告",
    "roll_up": "汇总",
    "publish_release": "发布",
    "published__exports": "导出",
}
"""Dagster's steps as the operator reads them; a step without a word keeps its name."""


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    app.command()(init)
    app.command()(nightly)
    app.command()(dagster)
    app.command()(console)


@guarded
def init() -> None:
    """建立工作区；已有的工作区不受影响。"""
    from warehouse import workspace

    settings = settings_of()
    workspace.init(settings)
    tell(f"工作区 {settings.home}")


@guarded
def nightly(
    day: DayOption = None,
    wait: Annotated[float, typer.Option(help="另一夜正在运行时最多等多少秒")] = 600.0,
    task: Annotated[
        str | None, typer.Option("--task", help="把进度写给工作台的这项任务", hidden=True)
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """跑一夜：接收、读取、审核、汇总、发布。

    退出码 0 已发布或无变化，1 失败，3 有城市被发布关卡拦下。
    """
    from orchestration.night import run_night
    from orchestration.stages import stray_files
    from orchestration.stages.exporting import last_exports
    from orchestration.stages.reporting import reported
    from warehouse.queries.officials import changed_officials, changed_zh

    settings = settings_of(day)

    def waiting(sentence: str) -> None:
        warn(sentence, style="yellow")
        on_step(sentence)

    with (
        err.status("夜间任务开始 …") as status,
        reported(settings, task, status.update) as (on_step, finish),
    ):
        result = run_night(
            settings,
            wait_seconds=wait,
            on_wait=waiting,
            on_step=on_step,
        )
        finish(result)
    outcome = result.outcome
    exports = last_exports(settings) or {"files": 0, "failed": [], "seconds": 0.0}
    if as_json:
        print_json(
            {
                "release_id": outcome.release_id,
                "as_of": outcome.as_of,
                "is_new": outcome.is_new,
                "held_cities": list(outcome.held_cities),
                "warning": outcome.warning_zh,
                "deliveries": [dict(one) for one in outcome.deliveries],
                "officials": [dict(one) for one in outcome.officials],
                "official_changes": changed_officials(settings),
                "counts": dict(result.counts),
                "channels": list(result.channels),
                "stray_files": stray_files(settings),
                "steps": dict(result.steps),
                "exports": exports,
                "published": settings.published_db,
            }
        )
    else:
        tell(_came(result.counts))
        print_channels(result.channels)
        print_strays(stray_files(settings))
        said = "已发布" if outcome.is_new else "没有变化，仍为"
        tell(f"{said} {outcome.release_id}，截至 {outcome.as_of.isoformat()}")
        if outcome.warning_zh:
            tell(outcome.warning_zh, style="yellow")
        print_deliveries(outcome.deliveries)
        print_placements(outcome.officials)
        for row in changed_officials(settings):
            said = f"{row['city_name_zh']}：{changed_zh(row)}"
            tell(said, style="yellow")
        for city in outcome.held_cities:
            said = f"{city['city_code']} 被拦下，保留上一版：{city['reason']}"
            tell(said, style="yellow")
        print_exports(exports)
        spent_zh = (f"{STEPS_ZH.get(step, step)} {spent:.1f} 秒" for step, spent in result.steps)
        tell("用时：" + "，".join(spent_zh))
        tell(f"数据集市：{settings.published_db}")
        tell("看各规划的指标表：qiangshi table --all；取数：qiangshi query --help")
    raise typer.Exit(result.exit_code)


def _came(counts: Mapping[str, int]) -> str:
    """What came in one sentence; what needs somebody's hand is named only when there is any."""
    said = f"收到 {counts.get('files', 0)} 个文件：新报送 {counts.get('received', 0)} 件"
    for label, words in (
        ("resumed", "上次未处理完、接着处理 {} 件"),
        ("unchanged", "重复报送 {} 件"),
        ("refused", "拒收 {} 件"),
        ("held", "审核未通过扣留 {} 件"),
        ("left_alone", "尚在写入、留待下一夜 {} 个"),
        ("evidence", "扫描件等佐证 {} 个"),
        ("unsorted", "待确认单位 {} 件（qiangshi submissions --unsorted）"),
    ):
        if counts.get(label):
            said += "，" + words.format(counts[label])
    return said


@guarded
def dagster(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 3000,
) -> None:
    """打开 Dagster 自带的界面（含定时与收件箱感知）。"""
    from pathlib import Path

    from warehouse import workspace

    settings = settings_of()
    workspace.init(settings)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["QIANGSHI_HOME"] = str(settings.home)
    command = str(Path(sys.executable).parent / "dagster")
    os.execv(  # the UI takes this process over, so Ctrl-C reaches it
        command,
        [command, "dev", "-m", "orchestration.definitions", "-h", host, "-p", str(port)],
    )


@guarded
def console(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口")] = 8400,
) -> None:
    """打开统计工作台：待办、报送件、填报、进度、发布。"""
    from console.serve import serve

    settings = settings_of()
    tell(f"统计工作台：http://{host}:{port} （Ctrl-C 停止）")
    serve(settings, host, port)
