"""Commands of the steward: `decide`, with the verbs on submissions and on arrivals."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from orchestration.cli.arrivals import ARRIVAL_VERBS, decide_on_arrival
from orchestration.cli.console import (
    DayOption,
    JsonFlag,
    definitions_for,
    guarded,
    out,
    print_json,
    settings_of,
)
from orchestration.cli.deadlines import extend_deadline
from orchestration.errors import OrchestrationError
from sources.definitions import Definitions
from sources.vocabulary import STATE_ZH, said
from warehouse.ledger.verbs import Decision
from warehouse.raw_files import StoredFile, store_bytes
from warehouse.settings import Settings

VERBS = ("explain", "return", "correct", "approve", "accept", "withdraw", "extend")


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
            help="报送件编号；approve 用更正编号，confirm-unit 和 dismiss 用来件编号，"
            "extend 用 单位.报表.报告期",
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="理由或说明")] = "",
    author: Annotated[str, typer.Option("--author", help="操作人账户")] = "",
    rule: Annotated[
        str | None, typer.Option("--rule", help="explain：只说明这条规则的问题")
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
        str | None, typer.Option("--confirmed-by", help="correct：填报单位确认人")
    ] = None,
    reason_code: Annotated[
        str, typer.Option("--reason-code", help="explain：原因代码，见 explanation_reasons.csv")
    ] = "explanation",
    until: Annotated[str | None, typer.Option("--until", help="extend：延期至何时")] = None,
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
    who = author or getpass.getuser()
    if verb in ARRIVAL_VERBS:
        done = decide_on_arrival(
            settings, engine, verb, identity, author=who, at=_moment(settings), reason=reason,
            unit=unit, value=value, evidence=kept, evidence_name=evidence.name if evidence else "",
        )  # fmt: skip
        _tell(done, as_json=as_json)
        return
    if verb == "extend":
        told = extend_deadline(
            settings, engine, identity,
            author=who, at=_moment(settings), until=until, reason=reason,
        )  # fmt: skip
        _tell(told, as_json=as_json)
        return
    _known_reason(definitions_for(settings), reason_code)
    decided = _decide(
        settings, engine, verb, identity, who, reason, reason_code, rule, level, row, column, value,
        kept, evidence.name if evidence else "", confirmed_by,
    )  # fmt: skip
    if as_json:
        print_json(decided.__dict__)
        return
    before, after = said(STATE_ZH, decided.from_state), said(STATE_ZH, decided.to_state)
    moved = f"{before} → {after}" if before != after else f"已记录，状态不变（{after}）"
    out.print(f"{decided.submission_id}：{moved}", highlight=False)
    if decided.correction_id:
        out.print(f"更正编号 {decided.correction_id}，须由另一人 approve 后生效")


def _decide(
    settings: Settings,
    engine: Engine,
    verb: str,
    identity: str,
    author: str,
    reason: str,
    reason_code: str,
    rule: str | None,
    level: str,
    row: str | None,
    column: str,
    value: str | None,
    evidence: StoredFile | None,
    evidence_name: str,
    confirmed_by: str | None,
) -> Decision:
    from warehouse.ledger import verbs
    from warehouse.queries.ledger import finding_ids_of, submission_key

    at = _moment(settings)
    if verb == "explain":
        wanted = finding_ids_of(engine, identity, rule) if rule else None
        return verbs.explain(
            engine, identity, author=author, at=at, text=reason, finding_ids=wanted,
            evidence=evidence, reason_code=reason_code,
        )  # fmt: skip
    if verb == "return":
        return verbs.return_(engine, identity, author=author, at=at, reason=reason)
    if verb == "approve":
        return verbs.approve(engine, identity, author=author, at=at)
    if verb == "withdraw":
        return verbs.withdraw(engine, identity, author=author, at=at, reason=reason)
    if verb == "accept":
        if level not in ("county", "city"):
            raise OrchestrationError("--level 只能是 county 或 city")
        return verbs.accept(
            engine, identity, author=author, at=at, level="county" if level == "county" else "city"
        )
    if row is None or value is None or evidence is None or confirmed_by is None:
        raise OrchestrationError(
            "更正需要 --row 行代码、--value 新值、--evidence 依据文件、"
            "--confirmed-by 填报单位确认人和 --reason 理由"
        )
    key = submission_key(engine, identity)
    return verbs.correct(
        engine,
        identity,
        author=author,
        at=at,
        row_code=row,
        value_column=column,
        element_code=_element(definitions_for(settings), key, row, column),
        new_number_text=value,
        reason=reason,
        evidence=evidence,
        evidence_name=evidence_name,
        confirmed_by=confirmed_by,
    )


def _tell(done: dict[str, Any], *, as_json: bool) -> None:
    sentence = done.pop("said")
    if as_json:
        print_json(done)
    else:
        out.print(sentence, highlight=False)


def _known_reason(definitions: Definitions, code: str) -> None:
    known = definitions.table("explanation_reasons")["reason_code"].to_list()
    if code not in known:
        raise OrchestrationError(f"没有原因代码“{code}”；现有：{'、'.join(known)}")


def _moment(settings: Settings):  # type: ignore[no-untyped-def]
    from warehouse.clock import decided_at
    from warehouse.releases.history import last_as_of

    return decided_at(settings.clock.now(), last_as_of(settings))


def _element(
    definitions: Definitions, key: tuple[str | None, str | None], row: str, column: str
) -> str:
    """The element of a form's cell.

    Raises:
        OrchestrationError: the form has no such cell.
    """
    form_code, form_version = key
    for cell in definitions.form_elements(form_code or "", form_version or ""):
        if cell.row_code == row and cell.value_column == column:
            return cell.element_code
    raise OrchestrationError(f"报表 {form_code} 没有代码为“{row}”、栏为“{column}”的单元格")
