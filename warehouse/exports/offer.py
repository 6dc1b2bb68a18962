"""What a table on demand can be asked for: indicators in the order of plans, periods, traces.

All of it comes from one release, so that nothing is offered which the release could not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.queries.published import ask
from warehouse.settings import Settings

OTHERS_ZH, EMPTY_ZH = "规划表以外的指标", "本市没有数的指标"
KINDS_ZH: Mapping[str, str] = {"year": "年", "half": "半年", "quarter": "季", "month": "月"}
"""Kinds of periods a table can have, the longest first; 累计 is a number of a period."""
RECENT: Mapping[str, int] = {"year": 5, "half": 4, "quarter": 8, "month": 13}
"""How many of each kind are shown without asking for older ones."""

_INDICATORS = """
with targets as (
    select indicator_code, plan_code, city_code, category_zh, target_order,
        row_number() over (
            partition by indicator_code
            order by city_code <> $city, tier <> 'table', plan_code, target_order
        ) as place
    from marts.plan_targets
    where indicator_code is not null and (tier = 'table' or city_code = $city)
),
filled as (
    select indicator_code from marts.city_indicators
    where city_code = $city and value is not null
    union
    select indicator_code from marts.unit_indicators
    where city_code = $city and value is not null
)
select indicators.indicator_code, indicators.indicator_zh, indicators.unit_zh,
    plans.plan_zh, targets.category_zh, indicators.indicator_code in (from filled) as has_figures
from (select * from marts.indicators where is_current) as indicators
left join targets on indicators.indicator_code = targets.indicator_code and targets.place = 1
left join marts.plans on targets.plan_code = plans.plan_code
order by plans.plan_zh is null, targets.city_code <> $city, plans.plan_code,
    targets.target_order, has_figures desc, indicators.indicator_code
"""

_PERIODS = """
select period_code, period_type from marts.periods
where list_contains($kinds, period_type)
    and period_start <= (select as_of from marts.release)
    and period_end >= (
        select min(period_start) from marts.city_indicators where value is not null
    )
order by period_start desc, period_code desc
"""

# The newest period that was due, of each kind, and how many numbers there are of it.
_DUE = """
with due as (
    select period_type, max(period_end) as period_end from marts.reporting_rates
    where is_expected and due_at <= (select as_of + interval 1 day from marts.release)
    group by period_type
)
select periods.period_code, periods.period_end, count(found.value) as figures,
    date_diff('day', periods.period_start, periods.period_end) as days
from due
inner join marts.periods using (period_type, period_end)
left join marts.city_indicators as found
    on found.period_code = periods.period_code and found.period_type = periods.period_type
    and list_contains($cities, found.city_code)
    and list_contains($indicators, found.indicator_code)
group by all
order by figures = 0, periods.period_end desc, days desc
limit 1
"""

# A trace explains a target's number; it is that of a table where both are the same number on the
# same day. A level at the end of a year is traced as that of its last quarter.
_TRACES = """
select found.city_code, found.indicator_code, found.period_code,
    arg_min(
        {'target': targets.target_code, 'period': progress.period_code},
        (progress.period_code <> found.period_code, targets.target_code)
    ) as place
from marts.city_indicators as found
inner join marts.plan_targets as targets
    on found.city_code = targets.city_code and found.indicator_code = targets.indicator_code
inner join marts.plan_progress as progress
    on targets.target_code = progress.target_code and found.period_end = progress.period_end
where list_contains($indicators, found.indicator_code)
    and list_contains($periods, found.period_code)
    and abs(progress.actual_value * progress.unit_factor - found.value)
        <= 1e-9 * greatest(1, abs(found.value))
group by all
"""


@dataclass(frozen=True)
class Offered:
    """An indicator, and whether the city has any number of it."""

    indicator_code: str
    indicator_zh: str
    unit_zh: str
    has_figures: bool


@dataclass(frozen=True)
class Group:
    """Indicators that a plan prints under one category."""

    plan_zh: str
    category_zh: str
    indicators: tuple[Offered, ...]


def indicator_groups(settings: Settings, city_code: str) -> list[Group]:
    """Every indicator of the published release once, those of the city's own plans first.

    Raises:
        NoRelease: nothing is published.
    """
    groups: dict[tuple[str, str], list[Offered]] = {}
    for row in ask(settings, _INDICATORS, {"city": city_code}):
        place = (str(row["plan_zh"] or ""), str(row["category_zh"] or ""))
        if not row["plan_zh"]:
            place = (OTHERS_ZH if row["has_figures"] else EMPTY_ZH, "")
        groups.setdefault(place, []).append(
            Offered(
                str(row["indicator_code"]), str(row["indicator_zh"]), str(row["unit_zh"] or ""),
                bool(row["has_figures"]),
            )
        )  # fmt: skip
    return [Group(plan, category, tuple(found)) for (plan, category), found in groups.items()]


def periods_offered(settings: Settings) -> dict[str, list[str]]:
    """Codes of the periods that have begun, newest first, by kind; from the first with a number.

    Raises:
        NoRelease: nothing is published.
    """
    found: dict[str, list[str]] = {kind: [] for kind in KINDS_ZH}
    for row in ask(settings, _PERIODS, {"kinds": list(KINDS_ZH)}):
        found[str(row["period_type"])].append(str(row["period_code"]))
    return found


def newest_due(
    settings: Settings, city_codes: Iterable[str], indicator_codes: Iterable[str]
) -> str | None:
    """The newest period that was due; of kinds that end on the same day the longest with numbers.

    None where nothing was ever due.

    Raises:
        NoRelease: nothing is published.
    """
    asked = {"cities": list(city_codes), "indicators": list(indicator_codes)}
    found = ask(settings, _DUE, asked)
    return str(found[0]["period_code"]) if found else None


def traces(
    settings: Settings, indicator_codes: Sequence[str], period_codes: Sequence[str]
) -> dict[tuple[str, str, str], tuple[str, str]]:
    """By city, indicator and period: target and period whose trace walks that very number back.

    Raises:
        NoRelease: nothing is published.
    """
    asked = {"indicators": list(indicator_codes), "periods": list(period_codes)}
    return {
        (row["city_code"], row["indicator_code"], row["period_code"]): (
            str(row["place"]["target"]),
            str(row["place"]["period"]),
        )
        for row in ask(settings, _TRACES, asked)
    }
