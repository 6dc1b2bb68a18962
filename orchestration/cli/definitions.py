"""Commands on the definition tables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import (
    JsonFlag,
    guarded,
    out,
    print_json,
    print_rows,
    settings_of,
)

app = typer.Typer(help="定义表：检查", no_args_is_help=True)


@app.callback()
def group() -> None:
    """定义表：单位、要素、报表、指标、规划、目标、规则。"""


@app.command()
@guarded
def check(
    folder: Annotated[Path | None, typer.Argument(help="附加定义目录", file_okay=False)] = None,
    as_json: JsonFlag = False,
) -> None:
    """检查定义表，逐条指出文件、行、列；退出码 0 无问题，1 有问题。"""
    from expectations.rules import Rules
    from sources.definition_checks import check_definitions
    from sources.definitions import Definitions

    definitions = Definitions.load(folder or settings_of().definitions_overlay)
    problems = [asdict(problem) for problem in check_definitions(definitions)]
    Rules.load(definitions)
    if as_json:
        print_json(problems)
    else:
        columns = {
            "table": "定义表",
            "row": "行",
            "column": "列",
            "value": "值",
            "problem_zh": "问题",
        }
        print_rows("定义表的问题", problems, columns, "定义表没有问题。")
        if problems:
            out.print(f"共 {len(problems)} 处。")
    raise typer.Exit(1 if problems else 0)
