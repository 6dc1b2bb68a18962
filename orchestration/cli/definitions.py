"""Commands on the definition tables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import (
    JsonFlag,
    day_of,
    guarded,
    print_json,
    print_rows,
    settings_of,
    tell,
)

app = typer.Typer(help="定义表：检查、比较", no_args_is_help=True)


@app.callback()
def group() -> None:
    """定义表：单位、要素、报表、指标、规划、目标、规则。"""


@app.command()
@guarded
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="附加定义目录", file_okay=False, exists=True)
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """检查定义表，逐条指出文件、行、列；退出码 0 无问题，1 有问题。"""
    from orchestration.stages import problems_of
    from sources.definitions import Definitions

    definitions = Definitions.load(folder or settings_of().definitions_overlay)
    problems = [asdict(problem) for problem in problems_of(definitions)]
    if as_json:
        print_json(problems)
    else:
        columns = {
            "file": "文件",
            "row": "行",
            "column": "列",
            "value": "值",
            "problem_zh": "问题",
        }
        print_rows("定义表的问题", problems, columns, "定义表没有问题。")
        if problems:
            tell(f"共 {len(problems)} 处。")
    raise typer.Exit(1 if problems else 0)


@app.command()
@guarded
def diff(
    folder: Annotated[Path, typer.Argument(help="附加定义目录", file_okay=False, exists=True)],
    as_json: JsonFlag = False,
) -> None:
    """采用一套附加定义之前，先看哪些已公布的数会变；什么都不写入。"""
    from orchestration.stages import problems_of
    from orchestration.stages.asking import DEFINED_MARTS, build_aside
    from sources.definitions import Definitions
    from warehouse.queries.history import differences_of_files
    from warehouse.queries.published import manifest, release_file

    settings = settings_of()
    proposed = Definitions.load(folder)
    if problems_of(proposed):
        tell(f"这套定义有问题，请先运行 qiangshi definitions check {folder}")
        raise typer.Exit(1)
    standing = manifest(settings)
    answer = build_aside(
        settings,
        day_of(str(standing["as_of"])),
        proposed.serving(settings.cities),
        DEFINED_MARTS,
    )
    found = differences_of_files(
        release_file(settings), release_file(answer.settings, answer.release_id)
    )
    if as_json:
        print_json(found)
        return
    columns = {
        "table_name": "表",
        "key_text": "行",
        "column_name": "列",
        "old_value": "现值",
        "new_value": "将变为",
        "reason_zh": "原因",
    }
    title = f"与发布 {standing['release_id']} 相比会变的数"
    print_rows(title, found, columns, "采用这套定义不会改变任何已公布的数。")
