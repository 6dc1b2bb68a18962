"""The desk's verbs at the command line: what each needs, and what it did in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine

from orchestration.cli.console import definitions_for, tell
from orchestration.errors import OrchestrationError
from sources.definitions import Definitions
from sources.periods import PeriodError, parse_period
from sources.vocabulary import STATE_ZH, VERB_ZH, said
from warehouse.ledger.verbs import Decision
from warehouse.raw_files import StoredFile
from warehouse.settings import Settings

DESK_VERBS = (
    "explain", "return", "correct", "confirm", "approve", "reject", "accept", "withdraw", "undo",
)  # fmt: skip
PERIOD_VERBS = ("close", "reopen")


@dataclass(frozen=True)
class Asked:
    """What a `decide` was called with."""

    verb: str
    identity: str
    author: str
    at: datetime
    reason: str
    reason_code: str
    rule: str | None
    level: str
    row: str | None
    column: str
    value: str | None
    evidence: StoredFile | None
    evidence_name: str
    confirmed_by: str | None
    release_name: str
    expected_version: int | None

    @property
    def common(self) -> dict[str, Any]:
        """What every verb takes."""
        return {"author": self.author, "at": self.at, "expected_version": self.expected_version}


def decide_on_submission(settings: Settings, engine: Engine, asked: Asked) -> Decision:
    """What a verb on a submission or a correction did.

    Raises:
        OrchestrationError: something the verb needs was not given.
        WarehouseError: the ledger does not allow it.
    """
    from warehouse.ledger import verbs
    from warehouse.queries.ledger import finding_ids_of

    _known_reason(definitions_for(settings), asked.reason_code)
    key, words = asked.identity, asked.common
    if asked.verb == "explain":
        wanted = finding_ids_of(engine, key, asked.rule) if asked.rule else None
        return verbs.explain(
            engine, key, text=asked.reason, finding_ids=wanted, evidence=asked.evidence,
            reason_code=asked.reason_code, **words,
        )  # fmt: skip
    if asked.verb == "accept":
        return verbs.accept(engine, key, level=_level(asked.level), **words)
    if asked.verb == "correct":
        return _correct(settings, engine, asked)
    if asked.verb == "confirm":
        return verbs.confirm(engine, key, note=asked.reason, **words)
    if asked.verb == "approve":
        return verbs.approve(engine, key, **words)
    with_reason: dict[str, Any] = {
        "return": verbs.return_,
        "withdraw": verbs.withdraw,
        "reject": verbs.reject,
        "undo": verbs.undo,
    }
    done: Decision = with_reason[asked.verb](engine, key, reason=asked.reason, **words)
    return done


def tell_decision(decided: Decision) -> None:
    """Prints whither a submission moved, and what a correction still waits for."""
    before, after = said(STATE_ZH, decided.from_state), said(STATE_ZH, decided.to_state)
    moved = f"{before} → {after}" if before != after else f"已记录，状态不变（{after}）"
    if decided.undone_verb:
        moved = f"已撤销“{said(VERB_ZH, decided.undone_verb)}”，{moved}"
    tell(f"{decided.submission_id}：{moved}")
    if decided.correction_id and decided.verb == "correct":
        tell(
            f"更正编号 {decided.correction_id}：须经填报单位确认（盖章表即为确认）、"
            "由另一人 approve 后生效"
        )
    elif decided.verb == "confirm" and decided.correction_id is None:
        tell("已由填报单位确认，下一夜按其自行报送审核")


def decide_on_period(settings: Settings, engine: Engine, asked: Asked) -> dict[str, Any]:
    """What closing or reopening a city's form and period did, with a sentence to print.

    Raises:
        OrchestrationError: the city, form or period is none.
        WarehouseError: the ledger does not allow it.
    """
    from warehouse.ledger import verbs

    subject = _subject(definitions_for(settings), asked.identity)
    if asked.verb == "close":
        done = verbs.close(engine, subject, reason=asked.reason, **asked.common)
        sentence = f"{asked.identity}：已封库；此后到达的报送作补报、更正，须开封后才生效"
        if done.waiting:
            sentence += f"。尚有 {len(done.waiting)} 件未市级接收：{'、'.join(done.waiting[:5])}"
    else:
        done = verbs.reopen(
            engine, subject, reason=asked.reason, release_name=asked.release_name, **asked.common
        )
        sentence = f"{asked.identity}：已开封，{len(done.waiting)} 件补报、更正下一夜重新审核"
    return {**done.__dict__, "verb_zh": VERB_ZH[asked.verb], "said": sentence}


def _correct(settings: Settings, engine: Engine, asked: Asked) -> Decision:
    from warehouse.ledger import verbs
    from warehouse.ledger.policies import AcceptancePolicies
    from warehouse.queries.ledger import submission_key

    if asked.row is None or asked.value is None or asked.evidence is None:
        raise OrchestrationError(
            "更正需要 --row 行代码、--value 新值、--evidence 依据文件和 --reason 理由；"
            "依据是填报单位盖章表的，另写 --confirmed-by 签字人"
        )
    definitions = definitions_for(settings)
    key = submission_key(engine, asked.identity)
    return verbs.correct(
        engine,
        asked.identity,
        row_code=asked.row,
        value_column=asked.column,
        element_code=_element(definitions, key, asked.row, asked.column),
        new_number_text=asked.value,
        reason=asked.reason,
        evidence=asked.evidence,
        evidence_name=asked.evidence_name,
        confirmed_by=asked.confirmed_by,
        policies=AcceptancePolicies.from_frame(definitions.table("acceptance_policies")),
        **asked.common,
    )


def _level(text: str) -> Literal["county", "city"]:
    if text == "county":
        return "county"
    if text == "city":
        return "city"
    raise OrchestrationError("--level 只能是 county 或 city")


def _subject(definitions: Definitions, identity: str) -> tuple[str, str, str]:
    city, _, rest = identity.partition(".")
    form, _, code = rest.partition(".")
    try:
        period = parse_period(code)
    except PeriodError as error:
        raise OrchestrationError(
            f"“{identity}”不是 城市.报表.报告期，如 城市代码.IP-M1.2025-12"
        ) from error
    unit = definitions.unit(city)
    if unit is None or unit.city_code != city:
        raise OrchestrationError(f"没有城市“{city}”")
    if definitions.form(form, period) is None:
        raise OrchestrationError(f"{period.label_zh} 没有报表“{form}”")
    return city, form, period.code


def _known_reason(definitions: Definitions, code: str) -> None:
    known = dict(
        definitions.table("explanation_reasons").select("reason_code", "reason_zh").iter_rows()
    )
    if code not in known:
        listed = "、".join(f"{one}（{name}）" for one, name in known.items())
        raise OrchestrationError(f"没有原因代码“{code}”；现有：{listed}")


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
