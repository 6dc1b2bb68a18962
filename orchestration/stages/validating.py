"""Validating: rules over all new submissions at once, verdicts, policies, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from expectations.register_sums import reconcile_rules
from expectations.registers import CROSS_UNIT_RULES, RegisterFindings
from expectations.rules import Rules
from orchestration.progress import tell
from orchestration.stages import night_folder
from orchestration.stages.answering import answer
from orchestration.stages.judging import FILED, judge_filed
from orchestration.stages.letters import returned_workbooks
from orchestration.stages.rechecking import recheck_corrected
from orchestration.stages.registering import (
    forms_counted,
    judge_across_units,
    judge_against_forms,
    judge_registers,
    registers_among,
    write_lists,
)
from sources.definitions import Definitions
from warehouse.connection import warehouse_writer
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.findings import record_findings, record_findings_of_rules
from warehouse.ledger.frames import findings_frame, submissions_frame
from warehouse.ledger.intake import awaiting_check, settle
from warehouse.ledger.policies import AcceptancePolicies, apply_policies
from warehouse.ledger.resubmissions import close_mended
from warehouse.ledger.standing import clear_standing
from warehouse.raw_store import replace_ledger_copies
from warehouse.settings import Settings

CHECKED, EVALUATED = "checked.parquet", "evaluated.parquet"


@dataclass(frozen=True)
class Validated:
    """What the rules said of the night's submissions."""

    submissions: int
    held: int
    by_severity: Mapping[str, int]


def validate(settings: Settings, definitions: Definitions) -> Validated:
    """Findings of every submission that awaits its check, then its verdict and the policies."""
    engine = open_ledger(settings)
    try:
        waiting = awaiting_check(engine)
        found = _judge(settings, definitions, engine, waiting)
        tell("审核：登记问题，按接收政策处理")
        record_findings(engine, found, waiting)
        _lay_registers_side_by_side(settings, definitions, engine, waiting)
        recheck_corrected(settings, definitions, engine)
        clear_standing(engine, waiting, settings.clock.now())
        verdicts = settle(engine, waiting)
        close_mended(engine, waiting, returned_workbooks(settings, engine, waiting))
        policies = AcceptancePolicies.from_frame(definitions.table("acceptance_policies"))
        apply_policies(engine, policies, settings.clock.today())
        tell("审核：写回执和标注工作簿")
        answer(settings, definitions, engine)
    finally:
        engine.dispose()
    counts = dict(found.group_by("severity_code").len().iter_rows())
    held = sum(state == "held" for state in verdicts.values())
    return Validated(len(waiting), held, counts)


def _judge(
    settings: Settings, definitions: Definitions, engine: Engine, waiting: list[str]
) -> pl.DataFrame:
    """Findings of the rules; those of the readers are in the ledger already and stay."""
    submissions = submissions_frame(engine).filter(pl.col("submission_id").is_in(waiting))
    own = (
        findings_frame(engine)
        .filter(pl.col("submission_id").is_in(waiting))
        .drop("status_code", "reason_code")
    )
    today = settings.clock.today()
    refused = submissions_frame(engine).filter(
        pl.col("state_code") == "refused", pl.col("first_seen_at").dt.date() == today
    )
    pl.concat([submissions, refused]).write_parquet(night_folder(settings) / CHECKED)
    (night_folder(settings) / EVALUATED).unlink(missing_ok=True)
    kinds = ("authority", "register")
    forms = [f.form_code for f in definitions.form_versions if f.form_kind not in kinds]
    filed = submissions.filter(pl.col("form_code").is_in(forms)).select(FILED)
    rules = Rules.load(definitions)
    of_registers = _judge_registers(settings, definitions, engine, rules, submissions)
    readers = [rule.rule_id for rule in rules.of_stage("reader")]
    own = own.filter(pl.col("rule_id").is_in(readers))
    if filed.is_empty():
        of_registers.evaluated.write_parquet(night_folder(settings) / EVALUATED)
        return pl.concat([own, of_registers.findings])
    result = judge_filed(settings, definitions, engine, filed, rules)
    evaluated = pl.concat([result.evaluated, of_registers.evaluated])
    evaluated.write_parquet(night_folder(settings) / EVALUATED)
    return pl.concat([own, of_registers.findings, result.findings])


def _judge_registers(
    settings: Settings,
    definitions: Definitions,
    engine: Engine,
    rules: Rules,
    submissions: pl.DataFrame,
) -> RegisterFindings:
    filed = registers_among(submissions, definitions)
    if filed.is_empty():
        return RegisterFindings.nothing()
    tell(f"审核：{filed.height} 份台账")
    with warehouse_writer(settings) as connection:
        replace_ledger_copies(connection, engine)
        return judge_registers(connection, filed, definitions, rules)


def _lay_registers_side_by_side(
    settings: Settings, definitions: Definitions, engine: Engine, waiting: list[str]
) -> None:
    """What registers show beside each other and beside the summary forms.

    That is what two units both file, told to both; what a register counts otherwise than the form
    says; and the complete lists for the filers.
    """
    filed = submissions_frame(engine)
    everything = registers_among(filed, definitions)
    fresh = filed.filter(pl.col("submission_id").is_in(waiting))
    new = registers_among(fresh, definitions)
    counted = fresh.filter(pl.col("form_code").is_in(list(forms_counted(definitions))))
    if everything.is_empty() or (new.is_empty() and counted.is_empty()):
        return
    rules = Rules.load(definitions)
    with warehouse_writer(settings) as connection:
        differing, compared = judge_against_forms(connection, definitions, rules)
        against_forms = [rule.rule_id for rule in reconcile_rules(rules)]
        record_findings_of_rules(engine, differing, against_forms, compared)
        if new.is_empty():
            return
        found, looked_at = judge_across_units(connection, definitions, rules)
        record_findings_of_rules(engine, found, CROSS_UNIT_RULES, looked_at)
        touched = set(found["submission_id"]) | set(new["submission_id"])
        write_lists(
            settings, connection, filed.filter(pl.col("submission_id").is_in(touched)),
            definitions, rules,
        )  # fmt: skip


def report(settings: Settings, definitions: Definitions) -> Path | None:
    """The night's one-page report; None on a night without new submissions."""
    from expectations.report import Names, write_report

    checked, evaluated = night_folder(settings) / CHECKED, night_folder(settings) / EVALUATED
    if not checked.exists() or not evaluated.exists():
        return None
    submissions = pl.read_parquet(checked)
    engine = open_ledger(settings)
    try:
        found = findings_frame(engine)
    finally:
        engine.dispose()
    found = found.join(submissions.select("submission_id"), on="submission_id", how="semi")
    path = settings.work / "reports" / f"审核报告_{settings.clock.today().isoformat()}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = Names(
        cities={u.unit_code: u.unit_name_zh for u in definitions.units.values()},
        units={u.unit_code: u.unit_name_zh for u in definitions.units.values()},
        forms={form.form_code: form.form_zh for form in definitions.form_versions},
    )
    write_report(
        path,
        submissions,
        found,
        pl.read_parquet(evaluated),
        Rules.load(definitions),
        settings.clock.now(),
        names,
    )
    return path
