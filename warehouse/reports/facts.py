"""What the report tells of a release, asked of its marts in a few questions for all plans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from warehouse.exports.bundle import Source
from warehouse.exports.plan_layout import definitions_of_release
from warehouse.queries.row_names import NAMES, row_zh

Row = Mapping[str, Any]
Rows = Sequence[Row]

MOST_FINDINGS, MOST_REVISIONS = 200, 300

_SERIES = """
select target_code, period_code, period_end, actual_value, expected_value
from marts.plan_progress
where tier = 'table'
order by target_code, period_end, period_type
"""

# A unit's figures below a target, at the period of the plan's table. Filed texts and file names are
# not told: they may hold a person's name.
_LEAVES = """
with leaves as (
    select rows.target_code, terms.term_role, terms.term_order, found.element_zh, found.unit_zh,
        found.unit_code, found.unit_name_zh, found.form_code, found.kind, found.value,
        found.period_code, found.period_end, found.obs_status, found.submission_id,
        found.source_cell, found.is_partition_member, elements.confidentiality_zh
    from marts.plan_table as rows
    inner join marts.indicator_terms as terms
        on rows.indicator_code = terms.indicator_code
        and coalesce(terms.valid_from <= rows.period_end, true)
        and coalesce(terms.valid_to > rows.period_end, true)
    inner join (select * from marts.elements where is_current) as elements
        using (element_code)
    inner join marts.unit_observations as found
        on terms.element_code = found.element_code and rows.city_code = found.city_code
        and found.period_start >= rows.period_start and found.period_end <= rows.period_end
    where found.obs_status not in ('not_applicable', 'not_due')
)
select target_code, term_role, term_order, element_zh, unit_zh, unit_code, unit_name_zh, form_code,
    count(*) as periods, count(value) as filed,
    case when any_value(kind) = 'flow' then sum(value) else arg_max(value, period_end) end as value,
    min(period_code) as first_period, max(period_code) as last_period,
    arg_max(obs_status, period_end) as obs_status,
    arg_max(submission_id, period_end) as submission_id,
    arg_max(source_cell, period_end) as source_cell,
    any_value(kind) as kind, any_value(confidentiality_zh) as confidentiality_zh
from leaves
group by all
order by target_code, term_role desc, term_order, element_zh, unit_code, form_code
"""

_COUNTIES = """
select found.release_id, rows.plan_code, rows.target_code, found.unit_code, found.unit_name_zh,
    found.value, rows.unit_factor, found.is_provisional
from marts.plan_table as rows
inner join marts.unit_indicators as found
    on rows.indicator_code = found.indicator_code and rows.city_code = found.city_code
    and rows.period_code = found.period_code and rows.period_type = found.period_type
    and (found.plan_code is null or found.plan_code = rows.plan_code)
where rows.is_additive and found.is_partition_member
order by rows.plan_code, found.unit_code, rows.target_order
"""

_COVERAGE = """
select rates.city_code, rates.unit_code, units.unit_name_zh, rates.period_end,
    count(*) as expected, count(*) filter (rates.is_received) as received,
    count(*) filter (rates.is_on_time) as on_time
from marts.reporting_rates as rates
left join (select * from marts.units where is_current) as units using (unit_code)
where rates.is_expected and rates.due_at <= (select as_of + interval 1 day from marts.release)
    and rates.period_end > (select as_of - interval 13 month from marts.release)
group by all
order by rates.city_code, rates.unit_code, rates.period_end
"""

_FINDINGS = """
select found.city_code, found.unit_name_zh, found.unit_code, found.form_code, found.period_code,
    found.severity_code, found.rule_id, found.sheet, found.cell, found.message_zh, found.advice_zh,
    coalesce(elements.confidentiality_zh, '公开') as confidentiality_zh
from marts.findings as found
left join (select * from marts.elements where is_current) as elements using (element_code)
where found.status_code = 'open' and found.severity_code <> 'info'
order by case found.severity_code when 'blocking' then 0 when 'quasi_blocking' then 1 else 2 end,
    found.unit_code, found.form_code, found.period_code, found.rule_id
"""

_REVISIONS = """
select table_name, key_text, column_name, old_value, new_value, reason_code, reason_zh, from_release
from marts.revisions
where to_release = (select release_id from marts.release)
order by case table_name when 'plan_table' then 0 when 'city_indicators' then 1
    when 'unit_progress' then 2 when 'unit_indicators' then 3 else 4 end, key_text, column_name
"""


FIRST_ZH = "这是首次发布，没有更早的数可以比较。"
UNCHANGED_ZH = "已公布的数没有变化。"
UNREVISED_ZH = "没有按修订决定改动的数。"


@dataclass(frozen=True)
class Facts:
    """Everything the report tells besides the plans' tables themselves."""

    series: Mapping[str, Rows]
    leaves: Mapping[str, Rows]
    counties: Mapping[str, Rows]
    coverage: Mapping[str, Rows]
    findings: Rows
    revisions: Rows
    names: Mapping[str, str]
    forms: Mapping[str, str]
    """Titles of the forms by their codes."""
    is_first: bool
    """Whether nothing was published before: there is no earlier figure that could have changed."""
    is_official: bool
    """An official release has no release before it: what it tells are the decisions to revise."""

    @property
    def unchanged_zh(self) -> str:
        """What is said where no published figure is another than before."""
        if self.is_official:
            return UNREVISED_ZH
        return FIRST_ZH if self.is_first else UNCHANGED_ZH

    def label(self, key_text: str) -> str:
        """A row of the marts in words: its codes by their names."""
        return row_zh(key_text, self.names)


def gather(source: Source) -> Facts:
    """The facts of a release."""
    return Facts(
        series=_by(source.ask(_SERIES), "target_code"),
        leaves=_by(source.ask(_LEAVES), "target_code"),
        counties=_by(source.ask(_COUNTIES), "plan_code"),
        coverage=_by(source.ask(_COVERAGE), "city_code"),
        findings=source.ask(_FINDINGS),
        revisions=source.ask(_REVISIONS),
        names={str(row["code"]): str(row["name_zh"] or row["code"]) for row in source.ask(NAMES)},
        forms=form_titles(source),
        is_first=source.manifest.get("previous_release_id") is None,
        is_official=source.manifest["kind"] == "official",
    )


def form_titles(source: Source) -> dict[str, str]:
    """Titles of the forms that a release was made with, by their codes."""
    definitions = definitions_of_release(source.settings, source.release_id)
    return {form.form_code: form.form_zh for form in definitions.form_versions}


def heat(rows: Rows) -> tuple[list[date], list[tuple[str, list[Row | None]]]]:
    """Coverage of a city as a grid: the ends of periods, and each unit with its cells."""
    ends = sorted({row["period_end"] for row in rows})
    units: dict[str, str] = {}
    cells: dict[tuple[str, date], Row] = {}
    for row in rows:
        units[row["unit_code"]] = str(row["unit_name_zh"] or row["unit_code"])
        cells[row["unit_code"], row["period_end"]] = row
    return ends, [(name, [cells.get((code, end)) for end in ends]) for code, name in units.items()]


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row[column])].append(row)
    return found
