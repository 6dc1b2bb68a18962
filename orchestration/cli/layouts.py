"""Commands on layouts: a file's header beside those its form has had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.cli.console import (
    JsonFlag,
    definitions_for,
    guarded,
    print_json,
    print_rows,
    settings_of,
    tell,
    warn,
)
from sources.layout_difference import LayoutDifference
from sources.texts import readable_name

app = typer.Typer(help="版式：与文件的表头比较", no_args_is_help=True)

STATUS_ZH: Mapping[str, str] = {
    "same": "一致",
    "alias": "另一列名，可收",
    "moved": "位置不同，可收",
    "missing": "缺少",
    "left_out": "未列，可不填",
    "unknown": "无法识别",
    "repeated": "重复",
}


@app.callback()
def group() -> None:
    """版式：各版报表的表头。"""


@app.command()
@guarded
def diff(
    files: Annotated[list[Path], typer.Argument(help="要比较的文件", exists=True, dir_okay=False)],
    as_json: JsonFlag = False,
) -> None:
    """文件的表头与所报报表各版版式逐列比较。退出码 0 与当期版式相符，1 不相符，2 无法读取。"""
    from orchestration.stages.layouts import compare_files

    compared = compare_files(definitions_for(settings_of()), files)
    if as_json:
        print_json({
            "layouts": [
                {"file": readable_name(path.name), "fits": one.fits, **asdict(one)}
                for path, found in compared.differences.items()
                for one in found
            ],
            "refused": [error.message_zh for error in compared.refused],
            "exit_code": compared.exit_code,
        })  # fmt: skip
    else:
        for path, found in compared.differences.items():
            if not found:
                tell(f"{readable_name(path.name)}：没有可比较的版式")
            for one in found:
                _print_difference(path, one)
    for error in compared.refused:
        warn(error.message_zh)
    raise typer.Exit(compared.exit_code)


def _print_difference(path: Path, one: LayoutDifference) -> None:
    period = f"，报告期 {one.period_code}" if one.period_code else "，未写报告期"
    place = f"{readable_name(path.name)}，工作表“{one.sheet}”{period}"
    until = f"{one.valid_to}（不含）" if one.valid_to else "今"
    force = {True: "适用于本期", False: "不适用于本期", None: "未与报告期比较"}[one.is_in_force]
    verdict = "相符" if one.fits else "不相符"
    tell(place)
    tell(f"版式 {one.layout_code}：{one.form_code} {one.form_zh}第 {one.form_version} 版，"
        f"适用期 {one.valid_from} 至 {until}，{force}；表头{verdict}")  # fmt: skip
    same = "相同" if one.fingerprint == one.file_fingerprint else "不同"
    tell(f"表头指纹：版式 {one.fingerprint}，文件 {one.file_fingerprint}（{same}）")
    rows: list[dict[str, Any]] = [
        {**asdict(column), "status_zh": STATUS_ZH[column.status_code]} for column in one.columns
    ]
    columns = {
        "header_zh": "版式的列",
        "text": "文件的列",
        "cell": "单元格",
        "status_zh": "比较",
        "likely_zh": "可能是（仅供参考）",
    }
    print_rows("", rows, columns, "版式没有列。")
