"""One change to the product per trap that walks into it: the trap's assertion must then fail.

Every occurrence of `found` is replaced; a text that is no longer found fails the test, so that a
mutation is carried along when the code moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

CITIES = "models/intermediate/measures/int_indicators_of_cities.sql"
BY_VIEW = "models/intermediate/measures/int_elements_by_view.sql"
OUTSIDE_LIFE = "models/intermediate/measures/int_periods_outside_life.sql"
VIEWS = "models/intermediate/measures/int_element_views.sql"
COUNTED = "models/intermediate/measures/int_elements_counted.sql"
SUCCESSIONS = "models/intermediate/measures/int_unit_successions.sql"
FOLLOWED = "models/macros/successions.sql"
AS_IS = "models/intermediate/measures/int_indicator_parts_as_is.sql"
BY_SPELL = "models/intermediate/measures/int_indicator_parts_by_spell.sql"
CITIES_AS_IS = "models/marts/published/city_indicators_as_is.sql"
UNITS_AS_IS = "models/marts/published/unit_indicators_as_is.sql"
GRID = "models/intermediate/reporting/int_form_periods_expected.sql"
OBSERVATIONS = "models/intermediate/reporting/int_observations.sql"
VERSIONS = "models/intermediate/reporting/int_value_versions.sql"
VINTAGES = "models/intermediate/measures/int_populations_by_vintage.sql"
STATUSES = "models/intermediate/progress/int_target_statuses.sql"
MEASUREMENTS = "models/intermediate/progress/int_target_measurements.sql"
RATES = "models/marts/oversight/reporting_rates.sql"
RECONCILIATION = "models/marts/oversight/reconciliation.sql"
TARGET_MACROS = "models/macros/targets.sql"
RULES = "models/seeds/rules.csv"
CONSISTENCY = "expectations/suites/consistency.py"
CHECKS = "sources/definition_checks/columns.py"


@dataclass(frozen=True)
class Mutation:
    """One wrong product.

    Attributes:
        trap: the assertion in the catalogue that must fail: `t01`, `t04_registry`.
        path: the file of the product, from its root.
        found: the text to replace; put: what stands in its place.
        models: what dbt runs again for it; the file's own model and all below it unless told.
    """

    trap: str
    path: str
    found: str
    put: str
    models: str = ""

    @property
    def selection(self) -> str:
        """What must be built again."""
        return self.models or f"{PurePosixPath(self.path).stem}+"

    @property
    def is_of_models(self) -> bool:
        """Whether dbt builds it; the rest is Python, or a definition Python reads."""
        return self.path.startswith("models/") and not self.path.startswith("models/seeds/")

    def applied_to(self, text: str) -> str:
        """The wrong text.

        Raises:
            LookupError: the product no longer has the text to replace.
        """
        if self.found not in text:
            raise LookupError(f"{self.trap}: {self.path} has no text {self.found!r}")
        return text.replace(self.found, self.put)


SUMMED = "in ('flow', 'fact')"
NUMERATOR = "cast(sum(paired_parts.paired_numerator) as decimal(28, 6)) as numerator"
PEOPLE = "{{ scaled('populations.resident_population', 'population_terms.coefficient') }}"
DENOMINATOR = "            else sums_of_members.denominator"

MUTATIONS: dict[str, Mutation] = {
    "the mean of the counties' ratios": Mutation(
        "t01", CITIES, NUMERATOR,
        "cast(coalesce(avg(cast(paired_parts.paired_numerator as double)"
        " / nullif(cast(paired_parts.paired_denominator as double), 0))"
        " * sum(paired_parts.paired_denominator), sum(paired_parts.paired_numerator))"
        " as decimal(28, 6)) as numerator",
    ),
    "a quarter of the people for a quarter": Mutation(
        "t02", CITIES, f"{PEOPLE}\n{DENOMINATOR}",
        f"cast({PEOPLE} / case sums_of_members.view_type when 'quarter' then 4 else 1 end"
        f" as decimal(28, 6))\n{DENOMINATOR}",
    ),
    "the population of the same day, known or not": Mutation(
        "t03", VINTAGES, "period_ends.view_end >= populations.available_from",
        "period_ends.view_end >= populations.reference_date",
    ),
    "rounded as everybody rounds": Mutation(
        "t03", "models/intermediate/progress/int_targets_resolved.sql",
        "coalesce(settings.rounding_mode, indicators.rounding_mode, 'half_up')",
        "coalesce(indicators.rounding_mode, 'half_up')",
    ),
    "a stock summed over months": Mutation("t04", VIEWS, SUMMED, "in ('flow', 'fact', 'stock')"),
    "an element without a kind": Mutation("t04_registry", CHECKS, '("elements", "kind"), ', ""),
    "a running total taken for a month": Mutation(
        "t04_rules", RULES, "20 * usual", "2000 * usual"
    ),
    "carried for ever": Mutation(
        "t05", OBSERVATIONS, "<= gap.carry_periods", "<= 100 * gap.carry_periods"
    ),
    "a window without its end": Mutation(
        "t06", RECONCILIATION, "split_part(compared.period_code, '/', 2)",
        "split_part(compared.period_code, '/', 1)",
    ),
    "a window taken for the month it begins in": Mutation(
        "t06_reading", "sources/authority.py",
        "if point or (period.start, period.end) == (days[0], days[-1]):", "if days:",
    ),
    "year to date against a month": Mutation(
        "t07", TARGET_MACROS, "and {{ relation }}.view_type = year_ago.view_type",
        "and year_ago.view_type = 'month'", "city_indicators",
    ),
    "swapped columns unseen": Mutation(
        "t07_rules", RULES, "ytd_before(patent_grants_ytd) + patent_grants", "patent_grants_ytd"
    ),
    "running totals added": Mutation(
        "t08", VIEWS, SUMMED, "in ('flow', 'fact', 'cumulative')"
    ),
    "a total against itself": Mutation(
        "t08_rules", CONSISTENCY, '.otherwise("previous_code")', '.otherwise("period_code")'
    ),
    "a share without its base": Mutation(
        "t09_rules", CONSISTENCY, 'amount=pl.col("coefficient").first()', "amount=pl.lit(1)"
    ),
    "a share held against nothing": Mutation(
        "t09_press", "sources/authority_checks.py",
        "bases = [base for base in _totals_above(key) if base in values]", "bases = []",
    ),
    "a version known for ever": Mutation(
        "t10", VERSIONS, "real_changes.next_moment_at as known_to",
        "cast(null as timestamp) as known_to",
    ),
    "an unknown item read as another": Mutation(
        "t11_reading", "sources/authority.py", "found = series.get(item_key)",
        "found = series.get(item_key, next(iter(series.values())))",
    ),
    "expected after it was merged away": Mutation(
        "t12", GRID, "(assigned.valid_to is null or assigned.valid_to > periods.period_end)",
        "true",
    ),
    "a rename taken for a merge": Mutation(
        "t12_rename", SUCCESSIONS, "{{ one_to_one('changes', 'lives') }} as is_one_to_one",
        "false as is_one_to_one",
    ),
    "a recode forgets": Mutation(
        "t12_recode", AS_IS, "coalesce(successions.unit_code, amounts.unit_code)",
        "amounts.unit_code",
    ),
    "the people of a recode under one code only": Mutation(
        "t12_recode", AS_IS,
        "coalesce(own_people.resident_population, same_people.resident_population)",
        "own_people.resident_population",
    ),
    "a recode changes the past": Mutation(
        "t12_recode", "models/marts/published/unit_indicators.sql",
        "        with_neighbours.unit_code,\n        units.unit_name_zh,",
        "        coalesce((select max(changes.to_unit_code)"
        " from {{ ref('stg_definitions__unit_changes') }} as changes"
        " where changes.from_unit_code = with_neighbours.unit_code),"
        " with_neighbours.unit_code) as unit_code,\n        units.unit_name_zh,",
    ),
    "a merge after a recode not followed": Mutation(
        "t12_merge", FOLLOWED, "and step.reached_on < pieces.changed_on",
        "and step.reached_on < pieces.changed_on and step.unit_code = step.origin_code",
        "int_unit_successions+",
    ),
    "the people of a merge after it twice": Mutation(
        "t12_merge", AS_IS, "amounts.view_end < successions.changed_on", "true"
    ),
    "people known in part": Mutation(
        "t12_merge", AS_IS,
        "bool_and(not with_people.has_people or with_people.people is not null)",
        "bool_or(with_people.people is not null)",
    ),
    "distinct counts merged": Mutation(
        "t12_merge", UNITS_AS_IS, "parts_as_is.is_mixed", "false"
    ),
    "each successor gets all": Mutation(
        "t12_split", FOLLOWED, "cast(step.share * pieces.share as decimal(13, 12))", "step.share",
        "int_unit_successions+",
    ),
    "a year goes the way of its last day": Mutation(
        "t12_split", BY_SPELL, "    where longer.has_flow", "    where false"
    ),
    "a split in halves where nobody knows": Mutation(
        "t12_undivided", "models/staging/definitions/stg_definitions__unit_changes.sql",
        "then cast(share as decimal(12, 6))", "then cast(coalesce(share, '0.5') as decimal(12, 6))",
    ),
    "an undivided unit lost to its city": Mutation(
        "t12_undivided", SUCCESSIONS, "when successors_in_city = successors then 1",
        "when false then 1",
    ),
    "a transfer leaves its past behind": Mutation(
        "t12_transfer", AS_IS, "coalesce(successions.city_code, amounts.city_code)",
        "amounts.city_code",
    ),
    "a transfer takes its past along as it was": Mutation(
        "t12_transfer", GRID, "        assigned.city_code,\n",
        "        (select max_by(now.city_code, coalesce(now.valid_from, date '0001-01-01'))"
        " from {{ ref('stg_definitions__units') }} as now"
        " where now.unit_code = assigned.unit_code) as city_code,\n",
    ),
    "a transfer of a part takes the whole": Mutation(
        "t12_transfer", SUCCESSIONS, "where events.remainder > 0", "where false"
    ),
    "a body told under its later code is told under its former too": Mutation(
        "t12_told", "models/intermediate/measures/int_elements_by_view.sql",
        "min(unit_codes.same_unit_code) as body_code", "min(unit_codes.unit_code) as body_code",
    ),
    "what ended owes a level of the last day": Mutation(
        "t12_levels", CITIES,
        "            and coalesce(stays.left_on > counted_parts.view_end, true),\n", ",\n",
    ),
    "each county meets what only one of them can": Mutation(
        "t23_each", STATUSES,
        "basis = 'per_unit' and is_complete and failing_units_zh is null", "false",
    ),
    "a transfer owes its old city the whole year": Mutation(
        "t12_moved", "models/intermediate/measures/int_periods_outside_life.sql",
        "            and bounded_bodies.city_code = spells.city_code\n", "",
    ),
    "a transfer takes its year along as it was": Mutation(
        "t12_moved", VIEWS, "        observations.*,\n        '' as plan_key",
        "        observations.* replace (\n"
        "            max_by(observations.city_code, observations.period_end)"
        " over (partition by observations.unit_code) as city_code\n"
        "        ),\n        '' as plan_key",
    ),
    "a trace that takes each code for a body": Mutation(
        "t12_traced", "models/marts/dimensions/dim_units.sql",
        "min(unit_codes.same_unit_code) as body_code", "min(unit_codes.unit_code) as body_code",
    ),
    "a recoded unit bound twice": Mutation(
        "t12_bound", "models/intermediate/progress/int_targets_by_unit.sql",
        "{{ in_force('units', 'judged_periods.view_end') }}", "true",
    ),
    "half the year of a recoded unit": Mutation(
        "t12_bound", "models/intermediate/progress/int_targets_by_unit.sql",
        "unit_codes.same_unit_code = indicators_of_units.unit_code",
        "unit_codes.same_unit_code = indicators_of_units.unit_code"
        " and unit_codes.unit_code = unit_codes.same_unit_code",
    ),
    "the people within the former border": Mutation(
        "t12_transfer", CITIES_AS_IS,
        "when sums_of_members.is_city_crossed then sums_of_members.people_of_members",
        "when false then sums_of_members.people_of_members",
    ),
    "a department's figure within another border": Mutation(
        "t12_transfer", CITIES_AS_IS, "sums_of_members.is_of_former_border", "false"
    ),
    "every body added": Mutation(
        "t13", COUNTED, "views_sourced.is_partition_member\n        and case",
        "true\n        and case",
    ),
    "a member of half a year lost": Mutation(
        "t13_carved", BY_VIEW,
        "views_of_bodies.is_partition_member, views_of_bodies.element_code,\n"
        "                views_of_bodies.view_type",
        "views_of_bodies.element_code, views_of_bodies.view_type",
    ),
    "a member of half a year owes all of it": Mutation(
        "t13_carved", OUTSIDE_LIFE,
        "and bounded_bodies.is_partition_member = spells.is_partition_member", "",
    ),
    "a year told in one figure also where it moved from": Mutation(
        "t12_annual", BY_VIEW, "ranked.value - coalesce(left_elsewhere.value, 0)", "ranked.value"
    ),
    "the residual left out": Mutation(
        "t14", COUNTED, "views_sourced.level_code <> 'department'",
        "views_sourced.level_code not in ('department', 'residual')",
    ),
    "a region that need not add up": Mutation(
        "t14_reading", "sources/authority_checks.py", "if p == period and a != area]",
        'if p == period and a == ""]',
    ),
    "a blank read as 0": Mutation(
        "t15", OBSERVATIONS,
        "coalesce(stated_cells.own_value, carried_cells.carried_value) as value,",
        "coalesce(stated_cells.own_value, carried_cells.carried_value, 0) as value,",
    ),
    "eleven of twelve judged": Mutation(
        "t16", STATUSES, "when not is_complete then 'incomplete'", "when false then 'incomplete'"
    ),
    "nine counties over twelve counties' people": Mutation(
        "t17", CITIES, "ratio('matched_numerator * factor', 'matched_denominator')",
        "ratio('matched_numerator * factor', 'sourced_denominator')",
    ),
    "expected before it existed": Mutation(
        "t18", GRID, "(assigned.valid_from is null or assigned.valid_from <= periods.period_end)",
        "true",
    ),
    "received and not expected": Mutation(
        "t19", RATES,
        "(counted.is_due and not counted.is_extended) or counted.received_at is not null",
        "(counted.is_due and not counted.is_extended)",
    ),
    "late at the last second": Mutation(
        "t20", RATES, "counted.judged_at <= coalesce(counted.extended_to, counted.due_at)",
        "counted.judged_at < coalesce(counted.extended_to, counted.due_at)",
    ),
    "due on a holiday": Mutation(
        "t20_calendar", "sources/duedates.py", 'if row["holiday_shift"] == _NEXT_WORKING_DAY:',
        "if not row:",
    ),
    "every month has 28 days": Mutation(
        "t20_calendar", "sources/duedates.py", "monthrange(year, month)[1]", "28"
    ),
    "亿元 compared with 万元": Mutation(
        "t21", MEASUREMENTS,
        "indicators_of_cities.value / cast(targets.unit_factor as double) as actual_value",
        "indicators_of_cities.value as actual_value",
    ),
    "6万件 read as 6": Mutation(
        "t21_numbers", "sources/numbers.py", 'return ParsedNumber(None, issue="unit_suffix")',
        'return ParsedNumber(Decimal(re.sub("[^0-9.]", "", plain)))',
    ),
    "growth on nothing": Mutation(
        "t22", MEASUREMENTS,
        "when city_rows.printed_baseline is null then base_rows.numerator",
        "when city_rows.printed_baseline is null then greatest(base_rows.numerator, 1)",
    ),
    "growth on less than nothing": Mutation(
        "t22", TARGET_MACROS, "case when {{ base }} > 0 then {{ base }} end",
        "nullif({{ base }}, 0)", "int_target_measurements+",
    ),
    "growth on a year ago below nothing": Mutation(
        "t22", TARGET_MACROS, "same_period_last_year <= 0", "same_period_last_year = 0",
        "city_indicators",
    ),
    "超过 read as 达到": Mutation(
        "t23", TARGET_MACROS, "else {{ actual }} > {{ threshold }} end",
        "else {{ actual }} >= {{ threshold }} end", "int_target_statuses+",
    ),
    "more is always better": Mutation(
        "t24", TARGET_MACROS, "when {{ direction }} = 'down' then {{ actual }} <= {{ threshold }}",
        "when {{ direction }} = 'down' then {{ actual }} >= {{ threshold }}",
        "int_target_statuses+",
    ),
    "a target without direction": Mutation(
        "t24_registry", CHECKS, '("plan_targets", "direction"), ', ""
    ),
    "growth over another definition": Mutation(
        "t25", TARGET_MACROS, "when {{ row }}.is_redefined_since then 'definition_changed'",
        "when false then 'definition_changed'", "city_indicators",
    ),
    "rounded before comparing": Mutation(
        "t26", STATUSES, "{{ meets(\n                'evaluations.actual_value'",
        "{{ meets(\n                'round(evaluations.actual_value, 2)'",
    ),
    "distinct counts added": Mutation(
        "t27", CITIES,
        "when rules_of_print.has_single_source and sums_of_members.expected_units > 1",
        "when false",
    ),
    "judged after adding": Mutation(
        "t28_rules", CONSISTENCY, 'difference=pl.col("left") - pl.col("right")',
        'difference=(pl.col("left") - pl.col("right")).sum().over("rule_key")',
    ),
    "a missing child is a zero": Mutation(
        "t29", CITIES, NUMERATOR,
        "cast(sum(coalesce(paired_parts.paired_numerator, 0)) as decimal(28, 6)) as numerator",
    ),
    "a figure of its own for the plan": Mutation(
        "t30", "models/marts/published/plan_progress.sql", "    statuses.actual_value,",
        "    floor(statuses.actual_value) as actual_value,",
    ),
}  # fmt: skip
