"""The terms of an indicator, their units and the observations below them, as released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from warehouse.queries.published import rows

Row = dict[str, Any]

SUMMED = frozenset({"flow", "fact"})
"""Kinds added over the periods of a window; of the others the last period's figure counts."""

MONTHS_OF = {"month": 1, "quarter": 3, "half": 6, "year": 12}
"""How long the periods are whose figures can be added; special windows and running sums cannot."""


@dataclass(frozen=True)
class Scope:
    """Whose figures of which window make up a number."""

    city_code: str
    start: date
    end: date
    unit_code: str | None = None
    """One unit's own figures; None for all that the city adds."""
    filed_codes: tuple[str, ...] = ()
    """The codes the unit filed under in this window, former ones and in another city included."""
    people: Any = None
    """The population the figure was divided by, and its vintage."""
    vintage: str | None = None

    @classmethod
    def of_figure(cls, figure: Mapping[str, Any]) -> Scope:
        """The scope of a row of `plan_progress`."""
        return cls(
            city_code=figure["city_code"],
            start=figure["period_start"],
            end=figure["period_end"],
            people=figure["denominator"],
            vintage=figure["denominator_vintage"],
        )

    def of_unit(self, unit_code: str, filed_codes: Sequence[str]) -> Scope:
        """The same window of one unit."""
        return replace(self, unit_code=unit_code, filed_codes=tuple(filed_codes))

    @property
    def months(self) -> int:
        """The months the window touches."""
        return _months(self.start, self.end)

    def at_year_end(self, year: int) -> Scope:
        """The same length of window, ending with a year."""
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        return replace(self, start=date(year, 12 - months, 1), end=date(year, 12, 31))


_TERMS = """
    select terms.*, elements.element_zh, elements.kind, elements.unit_zh
    from marts.indicator_terms as terms
    left join (select * from marts.elements where is_current) as elements
        using (element_code)
    where indicator_code = $indicator
        and coalesce(terms.valid_from <= $end, true) and coalesce(terms.valid_to > $end, true)
    order by term_role desc, term_order
"""
_OBSERVED = """
    with bodies as (
        select unit_code, max(level_code) as level_code, max(body_code) as body_code
        from marts.units group by unit_code
    ),
    stays as (
        select unit_code, city_code,
            case when count(valid_to) = count(*) then max(valid_to) end as left_on
        from marts.units group by unit_code, city_code
    )
    select unit_code, unit_name_zh, coalesce(body_code, unit_code) as body_code, level_code,
        coalesce(left_on <= $end, false) as has_left, form_code, period_code, period_type,
        period_start, period_end, value, unit_zh, obs_status, is_provisional, submission_id,
        version, source_cell, received_at, accepted_at
    from marts.unit_observations
    left join bodies using (unit_code)
    left join stays using (unit_code, city_code)
    where element_code = $element and period_end between $start and $end
        and case
            when len($codes) > 0 then unit_code in $codes
            else city_code = $city
                and (is_partition_member or (unit_code = city_code and obs_status = 'history'))
        end
    order by unit_code, period_end, form_code
"""
# What a unit filed in shorter periods while another city, or its host, counted it.
_ELSEWHERE = """
    select unit_code, unit_name_zh, form_code, period_code, period_type, period_start, period_end,
        -value as value, unit_zh, obs_status, is_provisional, submission_id, version, source_cell,
        received_at, accepted_at, true as is_deducted
    from marts.unit_observations
    where element_code = $element and unit_code in $movers
        and (city_code <> $city or not is_partition_member)
        and period_type <> 'year' and obs_status <> 'history' and value is not null
        and year(period_end) in $years
    order by unit_code, period_end, form_code
"""
# Where a year stands twice, which of the two figures was taken.
_CHOICES = """
    select unit_code, year(period_end) as year, annual_source, is_annual_in_force
    from marts.annual_adjustments
    where (city_code = $city or unit_code in $codes) and element_code = $element
"""
_PUBLISHED = """
    select area_code as unit_code, area_name_zh as unit_name_zh, period_code, period_type,
        period_start, period_end, value_in_force as value, unit_zh,
        case when $registers then 'register' else 'authority' end as obs_status,
        is_provisional, authority_release_id, published_on
    from marts.reconciliation
    where area_code = $city and element_code = $element and period_end between $start and $end
        and value_in_force is not null
        and (authority_release_id like 'register:%') = $registers
    order by period_end
"""


# Which rule says where the city's figure of an element comes from, the nearest first.
_SOURCE = """
    select source_kind from marts.sources_of_record
    where coalesce(element_code = $element, true) and coalesce(city_code = $city, true)
        and coalesce(valid_from <= $end, true) and coalesce(valid_to > $end, true)
    order by element_code is null, city_code is null
    limit 1
"""


def terms_of(
    connection: duckdb.DuckDBPyConnection, indicator: Mapping[str, Any], scope: Scope
) -> list[Row]:
    """The terms of an indicator, each with its value, its units and their leaves."""
    wanted = {"indicator": indicator["indicator_code"], "end": scope.end}
    found = [_with_units(connection, term, scope) for term in rows(connection, _TERMS, wanted)]
    if scope.unit_code is None and indicator.get("is_ratio"):
        return two_sided(found)
    return found


def _with_units(connection: duckdb.DuckDBPyConnection, term: Row, scope: Scope) -> Row:
    kept = {
        name: term[name]
        for name in ("term_role", "element_code", "element_zh", "kind", "unit_zh", "coefficient")
    }
    if term["is_population"]:
        return kept | _population(term, scope)
    asked: dict[str, Any] = {
        "city": scope.city_code, "element": term["element_code"],
        "start": scope.start, "end": scope.end,
    }  # fmt: skip
    is_summed = term["kind"] in SUMMED
    wanted = {"city": scope.city_code, "element": term["element_code"]}
    codes = {"codes": list(scope.filed_codes)}
    choices = {
        (row["unit_code"], row["year"], row["annual_source"]): row["is_annual_in_force"]
        for row in rows(connection, _CHOICES, wanted | codes)
    }
    # The figure names the sources of all its terms; each term has one of its own.
    source = next(
        (row["source_kind"] for row in rows(connection, _SOURCE, wanted | {"end": scope.end})),
        "sum_of_units",
    )
    if scope.unit_code is None and source in ("authority", "register"):
        asked["registers"] = source == "register"
        found = printed(rows(connection, _PUBLISHED, asked), choices, scope, is_summed=is_summed)
    else:
        observed = rows(connection, _OBSERVED, asked | codes)
        found = chosen(_counted(observed, scope, source), choices, scope, is_summed=is_summed)
        if scope.unit_code is None and is_summed:
            found += _counted_elsewhere(connection, found, wanted)
    units = _by_unit(found, scope.unit_code)
    return kept | {"combined": "sum" if is_summed else "last"} | _added(units)


def _counted_elsewhere(
    connection: duckdb.DuckDBPyConnection, found: Sequence[Row], wanted: Mapping[str, Any]
) -> list[Row]:
    """What a figure of a whole year holds of a unit that the city did not count then, deducted.

    A county that moved leaves its former city the months filed there; a yearly figure brings to
    the last city only the rest.
    """
    years = {
        (leaf["unit_code"], leaf["period_end"].year)
        for leaf in found
        if leaf["period_type"] == "year" and leaf["unit_code"] != wanted["city"]
    }
    if not years:
        return []
    movers, dates = ([*dict.fromkeys(part)] for part in zip(*sorted(years), strict=True))
    elsewhere: dict[tuple[str, int], list[Row]] = {}
    for leaf in rows(connection, _ELSEWHERE, {**wanted, "movers": movers, "years": dates}):
        key = (leaf["unit_code"], leaf["period_end"].year)
        if key in years:
            elsewhere.setdefault(key, []).append(leaf)
    return [leaf for leaves in elsewhere.values() for leaf in _of_shortest(leaves)]


def _of_shortest(leaves: Sequence[Row]) -> list[Row]:
    shortest = min(MONTHS_OF[leaf["period_type"]] for leaf in leaves)
    return [leaf for leaf in leaves if MONTHS_OF[leaf["period_type"]] == shortest]


def two_sided(terms: Sequence[Row]) -> list[Row]:
    """The terms of a ratio without the units that filed one side only, where others file both.

    Sides of different sources (a sum of units over what an authority prints) are not paired. A unit
    that had ended, moved or been recoded by the last day owes no level of it, and keeps its flow.
    """
    values: dict[tuple[str, str], dict[str, bool]] = {}
    for term in terms:
        for unit in term["units"]:
            sides = values.setdefault((_source_of(unit), unit["unit_code"]), {})
            role = term["term_role"]
            sides[role] = sides.get(role, False) or unit["value"] is not None
    filed: dict[str, set[str]] = {}
    for (source, _), sides in values.items():
        filed.setdefault(source, set()).update(role for role, is_known in sides.items() if is_known)

    def counts(unit: Row) -> bool:
        if unit["leaves"][0].get("has_left", False):
            return True
        source = _source_of(unit)
        sides = values[source, unit["unit_code"]]
        return all(sides.get(role, False) for role in filed[source]) or not any(sides.values())

    return [
        term | _added([unit for unit in term["units"] if counts(unit)]) if term["units"] else term
        for term in terms
    ]


def _source_of(unit: Row) -> str:
    """Whose word a unit's leaves are: an authority's, a department's, the city's, the units'."""
    leaf = next(leaf for leaf in unit["leaves"] if not leaf.get("is_deducted"))
    if "authority_release_id" in leaf:
        return str(leaf["obs_status"])
    return str(leaf["level_code"]) if leaf["level_code"] in ("city", "department") else "unit"


def _added(units: list[Row]) -> Row:
    known = [unit["value"] for unit in units if unit["value"] is not None]
    return {"value": sum(known) if known else None, "units": units}


def _population(term: Row, scope: Scope) -> Row:
    """Reference data: the number of residents is the denominator taken back to persons."""
    value = None if scope.people is None else scope.people / term["coefficient"]
    return {
        "combined": "reference",
        "value": value,
        "source_zh": scope.vintage,
        "units": [],
    }


def _counted(found: list[Row], scope: Scope, source: str) -> list[Row]:
    """Departments count only where no part of the territory files the element, or by decision."""
    if scope.unit_code is not None:
        return found
    own = [row for row in found if row["level_code"] == "city"]
    departments = [row for row in found if row["level_code"] == "department"]
    territorial = [row for row in found if row["level_code"] not in ("city", "department")]
    if source == "department":
        return own + departments
    return own + (territorial or departments)


def chosen(
    found: Sequence[Row],
    choices: Mapping[tuple[str, int, str], bool],
    scope: Scope,
    *,
    is_summed: bool,
) -> list[Row]:
    """The leaves without those in whose place another figure of the same year was taken.

    `choices` tells of each yearly figure that stands beside others (unit, year, `year` or
    `history`) whether it was taken, as `annual_adjustments` does; one that stands alone under its
    code is taken. It tells the year of its body: what the body filed by months under a former code
    is in it. A city's own figure of a year takes the place of all its members'. What is not added
    counts at the end of the window only.
    """

    def choice(leaf: Row) -> bool | None:
        source = "history" if leaf["obs_status"] == "history" else "year"
        return choices.get((leaf["unit_code"], leaf["period_end"].year, source))

    def is_yearly(leaf: Row) -> bool:
        return bool(leaf["period_type"] == "year")

    yearly = [
        leaf
        for leaf in found
        if is_yearly(leaf) and not (is_summed and leaf["period_start"] < scope.start)
    ]
    taken = {(leaf["unit_code"], leaf["period_end"].year): leaf for leaf in yearly if choice(leaf)}
    told = {
        (leaf["body_code"], leaf["period_end"].year)
        for leaf in yearly
        if leaf["value"] is not None and choice(leaf) is not False
    }

    def stands(leaf: Row) -> bool:
        year = leaf["period_end"].year
        standing = taken.get((scope.city_code, year)) or taken.get((leaf["unit_code"], year))
        if standing is not None:
            return leaf is standing
        if is_yearly(leaf):
            return choice(leaf) is None
        return (leaf["body_code"], year) not in told

    return [
        leaf for leaf in found if stands(leaf) and (is_summed or leaf["period_end"] == scope.end)
    ]


def printed(
    found: Sequence[Row],
    choices: Mapping[tuple[str, int, str], bool],
    scope: Scope,
    *,
    is_summed: bool,
) -> list[Row]:
    """The leaves of an authority that count: of each year those of one type of period.

    The yearly figure where `choices` says it was taken (source `authority`), else the finest
    series that is complete in the window, else the finest. A period longer than the window, or
    of no calendar type, is no part of it. What is not added counts at the end of the window only.
    """
    years: dict[int, list[Row]] = {}
    for leaf in found:
        length = MONTHS_OF.get(leaf["period_type"])
        is_at_end = is_summed or leaf["period_end"] == scope.end
        if length is not None and length <= scope.months and is_at_end:
            years.setdefault(leaf["period_end"].year, []).append(leaf)

    def of_one_way(year: int, leaves: list[Row]) -> list[Row]:
        ways: dict[str, list[Row]] = {}
        for leaf in sorted(leaves, key=lambda leaf: MONTHS_OF[leaf["period_type"]]):
            ways.setdefault(leaf["period_type"], []).append(leaf)
        if "year" in ways and choices.get((scope.city_code, year, "authority")):
            return ways["year"]
        first, last = max(scope.start, date(year, 1, 1)), min(scope.end, date(year, 12, 31))
        for name, way in ways.items():
            known = sum(leaf["value"] is not None for leaf in way)
            if known * MONTHS_OF[name] >= (_months(first, last) if is_summed else 1):
                return way
        return next(iter(ways.values()))

    return [leaf for year, leaves in sorted(years.items()) for leaf in of_one_way(year, leaves)]


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _by_unit(found: Sequence[Row], body: str | None) -> list[Row]:
    """The leaves below their units; those of one body, under whichever code, are one unit's."""
    units: dict[str, Row] = {}
    for leaf in found:
        code = body or leaf["unit_code"]
        unit = units.setdefault(
            code, {"unit_code": code, "unit_name_zh": leaf["unit_name_zh"], "leaves": []}
        )
        unit["leaves"].append(leaf)
    for unit in units.values():
        known = [leaf["value"] for leaf in unit["leaves"] if leaf["value"] is not None]
        unit["value"] = sum(known) if known else None
    return list(units.values())
