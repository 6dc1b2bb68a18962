"""Validating: rules over all new submissions at once, verdicts, policies, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import Engine

from expectations.register_sums import reconcile_rules
from expectations.registers import CROSS_UNIT_RULES, RegisterFindings
from expectations.rules import Rules
from orchestration.progress import tell
from orchestration.stages import night_folder
from orchestration.stages.answering import answer
from orchestration.stages.letters import returned_workbooks
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
from warehouse.raw_store import history_frame, replace_ledger_copies
from warehouse.settings import Settings

if TYPE_CHECKING:
    from expectations.runner import ValidationResult

CHECKED, EVALUATED = "checked.parquet", "evaluated.parquet"
FILED = [
    "submission_id", "unit_code", "city_code", "form_code", "form_version", "period_code",
    "received_at", "version", "is_nil_return",
]  # fmt: skip

_VALUES = """
with corrected as (
    select
        submission_id, row_code, value_column,
        max_by(new_number_text, (approved_at, correction_id)) as new_text
    from raw.corrections
    where state_code = 'approved'
    group by submission_id, row_code, value_column
)

select filed.* replace (
    coalesce(corrected.new_text, filed.text) as text,
    coalesce(corrected.new_text, filed.number_text) as number_text,
    case when corrected.new_text is null then filed.issue_code end as issue_code
)
from raw.reported_values as filed
semi join wanted on filed.submission_id = wanted.submission_id
left join corrected
    on filed.submission_id = corrected.submission_id
    and filed.row_code = corrected.row_code
    and filed.value_column = corrected.value_column
"""


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


def judge_filed(
    settings: Settings,
    definitions: Definitions,
    engine: Engine,
    filed: pl.DataFrame,
    rules: Rules,
) -> ValidationResult:
    """What the rules say of some submissions (columns `FILED`), approved corrections laid over."""
    tell(f"审核：{filed.height} 件报送件，装载规则引擎")
    # Great Expectations takes seconds to import: late, and only on a night that needs it.
    from expectations.runner import validate as judged

    with warehouse_writer(settings) as connection:
        replace_ledger_copies(connection, engine)
        connection.register("wanted", filed.select("submission_id").to_arrow())
        values = connection.sql(_VALUES).pl()
        history = history_frame(connection)
    names = {(e.row_code, e.value_column, f.form_code, f.form_version): e.item_zh
             for f in definitions.form_versions
             for e in definitions.form_elements(f.form_code, f.form_version)}  # fmt: skip
    items = pl.DataFrame(
        [(*key, item) for key, item in names.items()],
        schema=["row_code", "value_column", "form_code", "form_version", "item_zh"],
        orient="row",
    )
    values = values.join(
        items, on=["row_code", "value_column", "form_code", "form_version"], how="left"
    )
    tell("审核：按规则逐条核对")
    return judged(filed, values, history, definitions, rules, settings.clock.now())


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
