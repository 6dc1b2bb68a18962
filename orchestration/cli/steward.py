"""Commands of the steward: `decide`, with the verbs on submissions and on arrivals."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.cli.arrivals import ARRIVAL_VERBS, decide_on_arrival
from orchestration.cli.console import DayOption, JsonFlag, guarded, print_json, settings_of, tell
from orchestration.cli.deadlines import extend_deadline
from orchestration.cli.desk import (
    DESK_VERBS,
    PERIOD_VERBS,
    Asked,
    decide_on_period,
    decide_on_submission,
    tell_decision,
)
from orchestration.cli.standing import approve_long
from orchestration.errors import OrchestrationError
from warehouse.raw_files import store_bytes
from warehouse.settings import Settings

VERBS = (*DESK_VERBS, *PERIOD_VERBS, "extend", "standing")


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    app.command()(decide)


@guarded
def decide(
    verb: Annotated[str, typer.Argument(help="、".join((*VERBS, *ARRIVAL_VERBS)))],
    identity: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="报送件编号；approve、reject 用更正编号，confirm、undo 两者皆可，"
            "confirm-unit 和 dismiss 用来件编号，extend 用 单位.报表.报告期，"
            "close、reopen 用 城市.报表.报告期",
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="理由或说明")] = "",
    author: Annotated[str, typer.Option("--author", help="操作人账户")] = "",
    rule: Annotated[
        str | None, typer.Option("--rule", help="explain：只说明这条规则的问题；standing：哪条规则")
    ] = None,
    level: Annotated[str, typer.Option("--level", help="accept：county 或 city")] = "city",
    row: Annotated[str | None, typer.Option("--row", help="correct：表中的代码")] = None,
    column: Annotated[str, typer.Option("--column", help="correct：current 或 ytd")] = "current",
    value: Annotated[
        str | None,
        typer.Option("--value", help="correct：更正后的值；correct-arrival：实际交件时间"),
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="confirm-unit：单位代码，默认用建议的")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="依据文件", exists=True, dir_okay=False)
    ] = None,
    confirmed_by: Annotated[
        str | None, typer.Option("--confirmed-by", help="correct：盖章表上的填报单位签字人")
    ] = None,
    reason_code: Annotated[
        str, typer.Option("--reason-code", help="explain：原因代码，见 explanation_reasons.csv")
    ] = "explanation",
    until: Annotated[
        str | None, typer.Option("--until", help="extend：延期至何时；standing：长期说明截止日")
    ] = None,
    release_name: Annotated[
        str, typer.Option("--release-name", help="reopen：补报、更正所入发布的名称")
    ] = "",
    expected_version: Annotated[
        int | None,
        typer.Option(
            "--expected-version",
            help="所看到的处理版本（desk_version）；此后已有人处理的，本次不写入并告知是谁",
        ),
    ] = None,
    day: DayOption = None,
    as_json: JsonFlag = False,
) -> None:
    """对报送件作出处理；每个动作记录人、时间、理由，不覆盖、不删除。"""
    from warehouse.ledger.engine import open_ledger

    if verb not in (*VERBS, *ARRIVAL_VERBS):
        known = "、".join((*VERBS, *ARRIVAL_VERBS))
        raise OrchestrationError(f"没有“{verb}”这个动作；可用：{known}")
    settings = settings_of(day)
    engine = open_ledger(settings)
    kept = store_bytes(settings, evidence.read_bytes()) if evidence else None
    name = evidence.name if evidence else ""
    who, at = author or getpass.getuser(), _moment(settings)
    if verb in ARRIVAL_VERBS:
        told = decide_on_arrival(
            settings, engine, verb, identity, author=who, at=at, reason=reason,
            unit=unit, value=value, evidence=kept, evidence_name=name,
        )  # fmt: skip
    elif verb == "extend":
        told = extend_deadline(
            settings, engine, identity, author=who, at=at, until=until, reason=reason
        )
    elif verb == "standing":
        told = approve_long(
            engine, identity, author=who, at=at, rule=rule, until=until, reason=reason
        )
    else:
        asked = Asked(
            verb, identity, who, at, reason, reason_code, rule, level, row, column, value,
            kept, name, confirmed_by, release_name, expected_version,
        )  # fmt: skip
        if verb in DESK_VERBS:
            decided = decide_on_submission(settings, engine, asked)
            if as_json:
                print_json(decided.__dict__)
            else:
                tell_decision(decided)
            return
        told = decide_on_period(settings, engine, asked)
    _tell(told, as_json=as_json)


def _tell(done: dict[str, Any], *, as_json: bool) -> None:
    sentence = done.pop("said")
    if as_json:
        print_json(done)
    else:
        tell(sentence)


def _moment(settings: Settings):  # type: ignore[no-untyped-def]
    from warehouse.clock import decided_at
    from warehouse.releases.history import last_as_of

    return decided_at(settings.clock.now(), last_as_of(settings))
