"""The stewards' queue by file: export, and import of the decisions filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from orchestration.cli.choosing import checked_filters
from orchestration.cli.console import (
    DayOption,
    JsonFlag,
    definitions_for,
    guarded,
    print_json,
    print_rows,
    settings_of,
    tell,
)
from orchestration.errors import OrchestrationError
from warehouse.clock import technical_now
from warehouse.settings import Settings

app = typer.Typer(help="待办：导出为 Excel，填好处理后导入", no_args_is_help=True)

AccountOption = Annotated[
    str, typer.Option("--as", help="以哪个账户的岗位导出或处理，见 qiangshi accounts list")
]


@app.callback()
def group() -> None:
    """待办可以不上工作台，用 Excel 处理：同样的权限、同样的检查、同样的记录。"""


@app.command("export")
@guarded
def export_queue(
    account: AccountOption,
    target: Annotated[Path, typer.Option("--out", help="写到哪里")] = Path("待办.xlsx"),
    city: Annotated[str | None, typer.Option("--city", help="城市")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="单位")] = None,
    form: Annotated[str | None, typer.Option("--form", help="报表")] = None,
    period: Annotated[str | None, typer.Option("--period", help="报告期")] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="级别")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="规则")] = None,
) -> None:
    """把该账户的待办写成 Excel；填“处理”“原因类别”“理由”三栏后导入。"""
    from warehouse.queue.rows import Filter, queue_rows
    from warehouse.queue.workbook import Made, write_queue
    from warehouse.workspace import is_synthetic

    settings = settings_of()
    definitions = definitions_for(settings)
    filters = checked_filters(
        settings,
        {"city_code": city, "unit_code": unit, "form_code": form, "period_code": period,
         "severity_code": severity, "rule_id": rule},
    )  # fmt: skip
    engine = _engine(settings)
    identity = _identity(settings, engine, account)
    rows = queue_rows(engine, definitions, identity, Filter(**filters))
    made = Made(identity.login, technical_now(), bool(is_synthetic(settings)))
    write_queue(rows, definitions, made, target)
    tell(f"待办 {len(rows)} 条已写入 {target}")


@app.command("import")
@guarded
def import_file(
    file: Annotated[Path, typer.Argument(help="填好的待办文件", exists=True, dir_okay=False)],
    account: AccountOption,
    day: DayOption = None,
    as_json: JsonFlag = False,
) -> None:
    """按填好的待办逐条处理，说明每一行的结果；退出码 0 全部处理，1 有未处理的。"""
    from sources.plain_cells import plain_cells
    from sources.readers.grid import LIMITS
    from warehouse.clock import decided_at
    from warehouse.queue.importing import import_queue
    from warehouse.queue.sheet import filled_rows
    from warehouse.queue.workbook import reason_kinds
    from warehouse.releases.history import last_as_of

    settings = settings_of(day)
    definitions = definitions_for(settings)
    if file.stat().st_size > LIMITS.file_bytes:
        raise OrchestrationError(f"文件超过 {LIMITS.file_bytes >> 20} MB，不是导出的待办")
    engine = _engine(settings)
    identity = _identity(settings, engine, account)
    filled = filled_rows(plain_cells(file.read_bytes(), file.name, definitions))
    outcomes = import_queue(
        engine, identity, filled, kinds=reason_kinds(definitions),
        at=decided_at(settings.clock.now(), last_as_of(settings)),
    )  # fmt: skip
    rows: list[dict[str, Any]] = [one.__dict__ for one in outcomes]
    done = sum(one.is_done for one in outcomes)
    if as_json:
        print_json(rows)
    else:
        columns = {"row_no": "行", "submission_id": "报送件", "decision_zh": "处理",
                   "message_zh": "结果"}  # fmt: skip
        print_rows("导入结果", rows, columns, "没有填写任何处理，未作改动。")
        if outcomes:
            left = len(outcomes) - done
            tell(f"共 {len(outcomes)} 行：已处理 {done} 行，未处理 {left} 行。")
    raise typer.Exit(0 if done == len(outcomes) else 1)


def _engine(settings: Settings) -> Engine:
    from warehouse.ledger.engine import open_ledger

    return open_ledger(settings)


def _identity(settings: Settings, engine: Engine, account: str):  # type: ignore[no-untyped-def]
    from warehouse.access.accounts import identity_of_login

    return identity_of_login(engine, account, settings.cities, technical_now().date())
