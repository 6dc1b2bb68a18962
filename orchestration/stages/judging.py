"""Judging: the rules over some submissions, with whatever has been corrected since laid over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import Engine

from expectations.rules import Rules
from orchestration.progress import tell
from sources.definitions import Definitions
from warehouse.connection import warehouse_writer
from warehouse.raw_store import history_frame, replace_ledger_copies
from warehouse.settings import Settings

if TYPE_CHECKING:
    from expectations.runner import ValidationResult

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
