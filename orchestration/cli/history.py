"""Commands on published history: releases, diff, rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.console import (
    JsonFlag,
    guarded,
    print_deliveries,
    print_json,
    print_rows,
    settings_of,
    tell,
)
from orchestration.errors import OrchestrationError
from sources.vocabulary import RELEASE_KIND_ZH, said

if TYPE_CHECKING:
    from warehouse.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    for command in (releases, diff, rollback):
        app.command()(command)


@guarded
def releases(
    thin: Annotated[
        bool, typer.Option("--thin", help="列出可以精简的较早发布；加 --yes 才真正精简")
    ] = False,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="30d",
            help="逐次保留最近多少天，此前每月保留最后一次；默认按 QIANGSHI_KEEP_RELEASES",
        ),
    ] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="确认精简")] = False,
    as_json: JsonFlag = False,
) -> None:
    """历次发布，最新的在前；也可精简较早的发布。"""
    from warehouse.queries.history import releases as asked

    if thin:
        _thin(settings_of(), keep, is_sure=is_sure, as_json=as_json)
        return
    if is_sure or keep is not None:
        raise OrchestrationError("--keep 和 --yes 只与 --thin 同用。")
    found = asked(settings_of())
    if as_json:
        print_json(found)
        return
    for row in found:
        row["kind_zh"] = said(RELEASE_KIND_ZH, row["kind"])
        row["table_count"] = len(row["tables"])
        row["small_zh"] = "、".join(one["unit_code"] for one in row.get("small_offices", ()))
        row["held_zh"] = "、".join(city["city_code"] for city in row["held_cities"])
        named = {one["release_name"]: None for one in row.get("reopenings", ())}
        row["names_zh"] = "、".join(named)
        row["thinned_zh"] = row["thinned_on"] or ""
    columns = {
        "release_id": "发布号",
        "kind_zh": "类别",
        "as_of": "截至",
        "published_at": "发布时间",
        "table_count": "表数",
        "held_zh": "被拦下的城市",
        "small_zh": "小型机构模式",
        "names_zh": "开封所入",
        "thinned_zh": "精简于",
    }
    print_rows("历次发布", found, columns, "尚未发布。")


def _thin(settings: Settings, keep: str | None, *, is_sure: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from warehouse.lease import night_lease
    from warehouse.releases.thinning import thin, thinnable
    from warehouse.settings import keep_days_of

    days = settings.keep_days if keep is None else keep_days_of("--keep", keep)
    if days is None:
        raise OrchestrationError(
            "没有说保留多久：设置 QIANGSHI_KEEP_RELEASES（如 30d），或用 --keep 30d。"
        )
    if is_sure:
        with night_lease(settings, wait_seconds=60):
            found = thin(settings, days)
    else:
        found = thinnable(settings, days)
    if as_json:
        print_json({"is_done": is_sure, "releases": [asdict(one) for one in found]})
        return
    rows = [asdict(one) | {"size_zh": f"{one.bytes / 1e6:.1f} MB"} for one in found]
    columns = {"release_id": "发布号", "as_of": "截至", "size_zh": "腾出"}
    title = f"{'已精简' if is_sure else '可以精简'} {len(rows)} 个（清单和指标定义留存）"
    print_rows(title, rows, columns, "没有可以精简的发布。")
    if rows and not is_sure:
        tell("以上尚未删除。确认请加 --yes。")


@guarded
def diff(
    first: Annotated[str, typer.Argument(help="较早的发布号")],
    second: Annotated[str, typer.Argument(help="较晚的发布号")],
    as_json: JsonFlag = False,
) -> None:
    """两次发布之间变了哪些数。"""
    from warehouse.queries.history import differences, in_words

    settings = settings_of()
    found = differences(settings, first, second)
    if as_json:
        print_json(found)
        return
    columns = {
        "table_zh": "表",
        "row_zh": "行",
        "column_zh": "列",
        "old_zh": "原值",
        "new_zh": "新值",
        "reason_zh": "原因",
    }
    told = in_words(settings, second, found) if found else []
    print_rows(f"{first} → {second}：{len(found)} 处不同", told, columns, "两次发布没有不同。")


@guarded
def rollback(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="要恢复的发布号")],
) -> None:
    """让数据集市回到较早的一次发布；各次发布都保留。"""
    from orchestration.stages.delivering import hand_on
    from orchestration.stages.exporting import city_files
    from warehouse.exports.placing import place_copies
    from warehouse.lease import night_lease
    from warehouse.queries.history import roll_back

    settings = settings_of()
    with night_lease(settings, wait_seconds=60):
        manifest = roll_back(settings, release_id)
        deliveries = hand_on(settings)
        refused = {one["target"] for one in deliveries if one["problem_zh"]}
        warnings = place_copies(settings, without=refused)
        warnings += [
            f"分城市文件 {one['part']}：{one['problem_zh']}"
            for one in city_files(settings)["failed"]
        ]
    for warning in warnings:
        tell(warning, style="yellow")
    tell(f"现在发布的是 {manifest['release_id']}，截至 {manifest['as_of']}")
    print_deliveries(deliveries)
