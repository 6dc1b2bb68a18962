"""Which unit files which form for which period, when, as which file and with which values.

What lives here: the plan of the demo, computed from the definitions. Writing it is in `generator`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import cast

from sources.definitions import Assignment, Definitions, FormVersion, Unit
from sources.demo import DEFAULT_SEED
from sources.demo.arrivals import arrival, csv_encoding, file_name, last_moment, people_of
from sources.demo.courses import published_anchors
from sources.demo.filling import CityFiller, ElementFacts
from sources.demo.goals import GoalBook
from sources.demo.leading import CityCourses, CityPlan
from sources.demo.paths import Draw
from sources.demo.submission import XLSX, DemoSubmission
from sources.duedates import Calendar
from sources.periods import (
    MONTHS_IN,
    Period,
    PeriodType,
    containing,
    parse_period,
    periods_between,
    previous,
    shift,
)
from sources.templates import ValueKey
from sources.templates.variants import VARIANTS

_VARIANT_SHARE = 0.004


class _City:
    """One city's units, courses and filler."""

    def __init__(
        self, definitions: Definitions, city_code: str, first_year: int, last: date, draw: Draw,
        book: GoalBook, anchors: Mapping[tuple[str, str], Mapping[str, int]],
    ) -> None:  # fmt: skip
        elements = {
            row["element_code"]: row for row in definitions.table("elements").iter_rows(named=True)
        }
        facts: dict[str, ElementFacts] = {}
        units: dict[str, list[Unit]] = {}
        for form in definitions.form_versions:
            if form.form_kind != "template":
                continue
            filing = [
                a.unit for a in definitions.assignments
                if a.form_code == form.form_code and a.unit.city_code == city_code
            ]  # fmt: skip
            for cell in definitions.form_elements(form.form_code, form.form_version):
                row = elements[cell.element_code]
                scale = 10 ** int(row["decimals"] or 0)
                kind = cast("PeriodType", form.frequency)
                facts[cell.element_code] = ElementFacts(row["kind"], scale, kind)
                known = units.setdefault(cell.element_code, [])
                known += [unit for unit in filing if unit not in known]
        plans = [
            row for row in definitions.table("plans").iter_rows(named=True)
            if row["city_code"] == city_code
        ]  # fmt: skip
        plan = CityPlan(
            city_code=city_code,
            first_year=first_year,
            plan_start=date.fromisoformat(min(row["plan_start"] for row in plans)),
            plan_end=date.fromisoformat(max(row["plan_end"] for row in plans)),
            residents_10k=book.population(city_code, last) / 10_000,
        )
        start, end = date(first_year, 1, 1), date(last.year, 12, 31)
        self.periods = {
            kind: list(periods_between(kind, start, end))
            for kind in ("month", "quarter", "half", "year")
        }
        self.index = {
            kind: {period.code: place for place, period in enumerate(periods)}
            for kind, periods in self.periods.items()
        }
        self.facts = facts
        courses = CityCourses(plan, book, anchors, draw)
        self.filler = CityFiller(definitions, plan, book, courses, draw, facts, units, self.periods)


def _first_period(assignment: Assignment, form: FormVersion, first: date, stocks: bool) -> Period:
    """The first period to file: a form with stocks also files the one before the start."""
    period = containing(form.frequency, first)
    wanted = previous(period) if stocks else period
    return max(wanted, containing(form.frequency, assignment.first_period_start))


def _form_values(
    city: _City, definitions: Definitions, form: FormVersion, unit: Unit, period: Period
) -> dict[ValueKey, Decimal]:
    """The entries of one form; a year-to-date column sums its own row's periods."""
    elements = definitions.form_elements(form.form_code, form.form_version)
    place = city.index[form.frequency][period.code]
    first = place - (period.start.month - 1) // MONTHS_IN[period.period_type]
    current = {cell.row_code: cell for cell in elements if cell.value_column == "current"}
    values: dict[ValueKey, Decimal] = {}
    for cell in elements:
        runs = city.facts[cell.element_code].kind == "ytd" and cell.row_code in current
        source = current[cell.row_code] if runs else cell
        series = city.filler.values(unit, source.element_code)
        whole = sum(series[first : place + 1]) if runs else series[place]
        number = Decimal(whole) / city.facts[source.element_code].scale
        values[cell.row_code, cell.value_column] = round(
            number / Decimal(source.unit_factor), cell.decimals
        )
    return values


def plan_demo(
    definitions: Definitions,
    start: str = "2021-01",
    end: str = "2025-12",
    seed: int = DEFAULT_SEED,
    cities: Collection[str] | None = None,
) -> Iterator[DemoSubmission]:
    """Every submission of the demo: unit × form × period, in a fixed order.

    Args:
        definitions: the definition tables.
        start: first month of the flows; forms that hold stocks also file the period before it.
        end: last month.
        seed: the same seed gives the same submissions.
        cities: codes of the cities to write; None for all with a plan.
    """
    draw, first, last = Draw(seed), parse_period(start).start, parse_period(end).end
    calendar = Calendar(definitions)
    first_year = min(a.first_period_start.year for a in definitions.assignments)
    book, anchors = GoalBook(definitions, draw), published_anchors(definitions)
    built: dict[str, _City] = {}
    for assignment in definitions.assignments:
        code = assignment.unit.city_code
        if code not in definitions.plan_cities or (cities is not None and code not in cities):
            continue
        if code not in built:
            built[code] = _City(definitions, code, first_year, last, draw, book, anchors)
        yield from _of_unit(definitions, built[code], assignment, (first, last), calendar, draw)


def _of_unit(
    definitions: Definitions,
    city: _City,
    assignment: Assignment,
    span: tuple[date, date],
    calendar: Calendar,
    draw: Draw,
) -> Iterator[DemoSubmission]:
    """The submissions of one unit and form."""
    unit, (first, last) = assignment.unit, span
    versions = [f for f in definitions.form_versions if f.form_code == assignment.form_code]
    if not versions or versions[0].form_kind != "template":
        return
    stocks = any(
        city.facts[cell.element_code].kind == "stock"
        for form in versions
        for cell in definitions.form_elements(form.form_code, form.form_version)
    )
    begin = _first_period(assignment, versions[0], first, stocks)
    until = min(last, assignment.last_period_end or last)
    periods = list(periods_between(versions[0].frequency, begin.start, until))
    a_year_ago = shift(containing("month", last), -12).end
    for period in periods:
        form = definitions.form(assignment.form_code, period)
        if form is None:
            continue
        # The last twelve months, and the newest period of every form, are workbooks.
        is_workbook = period.end > a_year_ago or period == periods[-1]
        due = calendar.due_at(form, unit.city_code, period)
        received = arrival(draw, unit, period, due, last_moment(last))
        yield DemoSubmission(
            unit=unit,
            form_version=form,
            period=period,
            values=_form_values(city, definitions, form, unit, period),
            received_at=received,
            file_name=file_name(draw, unit, form, period, ".xlsx" if is_workbook else ".csv"),
            file_format=XLSX if is_workbook else csv_encoding(draw, unit, form),
            people=people_of(draw, unit, form, received),
            variant=_variant(draw, unit, form, period),
        )


def _variant(draw: Draw, unit: Unit, form: FormVersion, period: Period) -> str:
    """Which harmless variant a form is written in; none for nearly all."""
    names = (unit.unit_code, form.form_code, period.code)
    if draw.unit("variant", *names) >= _VARIANT_SHARE:
        return ""
    variants = sorted(VARIANTS)
    return variants[draw.whole(0, len(variants) - 1, "which variant", *names)]
