"""The figures of counties that a release's workbook and page print, as an export remembers them.

There are many, and what each is called can be asked of any release: only place and value are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.exports.printing import told
from warehouse.exports.selection import Figure
from warehouse.queries.published import ask
from warehouse.queries.row_names import NAMES, row_zh
from warehouse.settings import Settings

UNITS = "unit_indicators"
_KEY = "concat_ws('|', unit_code, indicator_code, period_code, period_type, plan_code)"

# The members of each city in the last ended year (the workbook) and at the periods of the plans'
# tables (the page).
_PRINTED = f"""
select distinct {_KEY} as key_text, found.value
from marts.unit_indicators as found
where found.is_partition_member and found.is_additive and (
    (found.period_type = 'year' and found.period_code = (
        select max(period_code) from marts.city_indicators
        where period_type = 'year' and period_end <= (select as_of from marts.release)
    ))
    or exists (
        select 1 from marts.plan_table as targets
        where targets.is_additive and targets.indicator_code = found.indicator_code
            and targets.city_code = found.city_code and targets.period_code = found.period_code
            and targets.period_type = found.period_type
            and coalesce(found.plan_code = targets.plan_code, true)
    )
)
order by key_text
"""
_NOW = f"""
select {_KEY} as key_text, value from marts.unit_indicators where list_contains(?, {_KEY})
"""


def unit_figures(settings: Settings, release_id: str) -> list[Figure]:
    """The county figures that a release's workbook and page print."""
    return [_figure(row) for row in ask(settings, _PRINTED, (), release_id)]


def unit_figures_now(settings: Settings, wanted: Sequence[Figure], release_id: str) -> list[Figure]:
    """The same figures in another release, those that it has."""
    keys = [one.key_text for one in wanted if one.table_name == UNITS]
    return [_figure(row) for row in ask(settings, _NOW, [keys], release_id)] if keys else []


def _figure(row: Mapping[str, Any]) -> Figure:
    key_text = str(row["key_text"])
    return Figure(f"{key_text}|value", "", told(row["value"]), UNITS, key_text, "value")


class Labels:
    """What figures without a label of their own are called, by the names that a release has."""

    def __init__(self, settings: Settings, release_id: str) -> None:
        """Names are asked for once, when the first label is."""
        self._settings, self._release_id = settings, release_id
        self._names: dict[str, str] | None = None

    def of(self, figure: Figure) -> str:
        """A figure's label."""
        if figure.label_zh:
            return figure.label_zh
        if self._names is None:
            self._names = {
                str(row["code"]): str(row["name_zh"])
                for row in ask(self._settings, NAMES, (), self._release_id)
            }
        return f"{row_zh(figure.key_text, self._names)} 数值"
