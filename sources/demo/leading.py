"""The city's own course of an element: one whole number per period, before the units share it.

What lives here: stocks that grow from mark to mark, flows of a year laid on its periods, and small
totals of a whole plan. Numbers are whole: an element with two decimals counts in hundredths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sources.demo.courses import Course
from sources.demo.goals import Goal, GoalBook
from sources.demo.paths import Draw, split, through
from sources.periods import MONTHS_IN, Period

# A start without a printed baseline lies at this share of the end.
_START_SHARE = (0.45, 0.7)
# Published months swing more than their trend: this much of a month is noise in between.
_NOISE = 0.06
_BEFORE_ANCHORS, _AFTER_ANCHORS = (0.7, 0.9), (1.03, 1.25)


@dataclass(frozen=True)
class CityPlan:
    """What the courses of one city know about it."""

    city_code: str
    first_year: int
    plan_start: date
    plan_end: date
    residents_10k: float


def end_position(period: Period) -> float:
    """The end of a period on the axis of years: 2021.0 is the end of 2020."""
    return period.end.year + period.end.month / 12


def middle(period: Period) -> float:
    """The middle of a period on the axis of years."""
    return end_position(period) - MONTHS_IN[period.period_type] / 24


class CityCourses:
    """The leading courses of one city."""

    def __init__(
        self,
        plan: CityPlan,
        book: GoalBook,
        anchors: Mapping[tuple[str, str], Mapping[str, int]],
        draw: Draw,
    ) -> None:
        self._plan, self._book, self._anchors, self._draw = plan, book, anchors, draw

    def goal(self, element_code: str) -> Goal | None:
        """The city's goal of an element, if a target sets one."""
        return self._book.goals.get((self._plan.city_code, element_code))

    def series(self, course: Course, periods: Sequence[Period], scale: int) -> list[int]:
        """The city's figure of each period, in units of 1/scale."""
        if course.course == "stock":
            return self._stock(course, periods, scale)
        if course.course == "total":
            return self._total(course, periods, scale)
        anchors = self._anchors.get((self._plan.city_code, course.element_code), {})
        known = {p.code for p in periods}
        if known & set(anchors):
            return self._anchored(course, periods, anchors, scale)
        return self._flow(course, periods, scale)

    def _sizes(self, course: Course) -> tuple[float, float, int]:
        """Start, end and last year of an element: its goal, else its family's, else a rate."""
        city, code = self._plan.city_code, course.element_code
        goal = self.goal(code)
        lean = self._draw.between(*_START_SHARE, "start", city, course.family)
        if goal is not None and goal.basis not in ("increase", "cumulative"):
            start = goal.start if goal.start is not None else goal.end * lean
            if goal.basis == "maintain":
                start = goal.end * self._draw.between(0.97, 1.03, "held", city, code)
            return start, goal.end, goal.target_year
        family = self._book.families.get((city, course.family))
        if family is not None:
            end, old, _, year = family
            start = old * course.share if old is not None else end * course.share * lean
            return start, end * course.share, year
        rate = self._draw.between(course.low, course.high, "rate", city, code)
        end = rate * self._plan.residents_10k
        if goal is not None and goal.basis == "increase":
            return end * lean, end * lean + goal.end, goal.target_year
        return end * lean, end, self._plan.plan_end.year

    def _stock(self, course: Course, periods: Sequence[Period], scale: int) -> list[int]:
        city, code = self._plan.city_code, course.element_code
        start, end, year = self._sizes(course)
        base, last = self._plan.first_year + 1.0, year + 1.0
        if course.until is not None:
            until = course.until.year + course.until.month / 12
            last = min(last, until)
        published = self._anchors.get((city, code), {})
        fixed = {end_position(p): published[p.code] for p in periods if p.code in published}
        marks = {base: round(start * scale), last: round(end * scale)}
        marks |= {position: value * scale for position, value in fixed.items()}
        places = sorted(marks.items())
        values = {base: marks[base]}
        for (left, low), (right, high) in pairwise(places):
            inside = [p for p in periods if left < end_position(p) <= right + 1e-9]
            if not inside:
                continue
            course_of_leg = [through(((left, low), (right, high)), end_position(p)) for p in inside]
            before = [float(low), *course_of_leg]
            steps = [
                (abs(b - a) + 1e-6) * self._draw.noise(0.2, "step", city, code, p.code)
                for a, b, p in zip(before, course_of_leg, inside, strict=False)
            ]
            sign, value = (1 if high >= low else -1), low
            for period, step in zip(inside, split(abs(high - low), steps), strict=True):
                value += sign * step
                values[end_position(period)] = value
        final = places[-1]
        result, value = [], marks[base]
        for period in periods:
            position = end_position(period)
            if position in values:
                value = values[position]
            elif position > final[0] and course.until is None:
                value = max(value, round(through([(p, float(v)) for p, v in places], position)))
            result.append(value)
        return result

    def _year_sizes(self, course: Course, years: Sequence[int]) -> dict[int, float]:
        city, code, plan = self._plan.city_code, course.element_code, self._plan
        goal = self.goal(code)
        if goal is not None and goal.basis == "cumulative":
            inside = [y for y in years if plan.plan_start.year <= y <= goal.target_year]
            weights = [
                (1 + 0.15 * place) * self._draw.noise(0.08, "year", city, code, year)
                for place, year in enumerate(inside)
            ]
            parts = split(round(goal.end), weights) if inside else []
            mean = goal.end / max(len(inside), 1)
            return {year: mean * 0.8 for year in years} | dict(zip(inside, parts, strict=True))
        start, end, last = self._sizes(course)
        marks = ((plan.first_year + 0.5, start), (last + 0.5, end))
        exact = {plan.first_year, last}
        return {
            year: through(marks, year + 0.5)
            * (1 if year in exact else self._draw.noise(0.03, "year", city, code, year))
            for year in years
        }

    def _flow(self, course: Course, periods: Sequence[Period], scale: int) -> list[int]:
        city, code = self._plan.city_code, course.element_code
        years = sorted({period.start.year for period in periods})
        sizes = self._year_sizes(course, years)
        values: dict[str, int] = {}
        for year in years:
            inside = [p for p in periods if p.start.year == year]
            whole = MONTHS_IN[inside[0].period_type] * len(inside) / 12
            rate = ((year, sizes[year]), (year + 1, sizes.get(year + 1, sizes[year])))
            weights = [
                through(rate, middle(p)) * self._draw.noise(_NOISE, "period", city, code, p.code)
                + 1e-9
                for p in inside
            ]
            parts = split(round(sizes[year] * whole * scale), weights)
            values |= {p.code: part for p, part in zip(inside, parts, strict=True)}
        return [values[period.code] for period in periods]

    def _anchored(
        self, course: Course, periods: Sequence[Period], anchors: Mapping[str, int], scale: int
    ) -> list[int]:
        """A flow through published months: exact there, a noisy trend in between."""
        city, code = self._plan.city_code, course.element_code
        known = [(middle(p), anchors[p.code] + 0.3) for p in periods if p.code in anchors]
        mean = sum(value for _, value in known) / len(known)
        goal = self.goal(code)
        if goal is not None and goal.start is not None:
            family = self._family_mean(course)
            start = goal.start / course.share * mean / family / 12
        else:
            before = self._draw.between(*_BEFORE_ANCHORS, "before", city, course.family)
            start = known[0][1] * before
        rise = self._draw.between(*_AFTER_ANCHORS, "after", city, course.family)
        marks = [
            (self._plan.first_year + 0.5, start),
            *known,
            (self._plan.plan_end.year + 0.5, (mean + known[-1][1]) / 2 * rise),
        ]
        values = []
        for period in periods:
            if period.code in anchors:
                values.append(anchors[period.code] * scale)
                continue
            level = through(marks, middle(period))
            noise = self._draw.noise(_NOISE, "period", city, code, period.code)
            values.append(round(level * noise * scale))
        return values

    def _family_mean(self, course: Course) -> float:
        """Mean published month of all members of a family, over their common shares."""
        city = self._plan.city_code
        total = 0.0
        for (area, code), months in self._anchors.items():
            if area == city and self._book.course(code).family == course.family:
                total += sum(months.values()) / len(months) + 0.3
        return total

    def _total(self, course: Course, periods: Sequence[Period], scale: int) -> list[int]:
        """A few pieces, each in a drawn period of the plan, rather late than early."""
        city, code, plan = self._plan.city_code, course.element_code, self._plan
        goal = self.goal(code)
        last = goal.target_year if goal else plan.plan_end.year
        inside = [
            place for place, p in enumerate(periods)
            if plan.plan_start <= p.start and p.end.year <= last
        ]  # fmt: skip
        drawn = self._draw.whole(int(course.low), int(course.high), "total", city, code)
        pieces = round(goal.end) if goal else drawn
        values = [0] * len(periods)
        for piece in range(pieces if inside else 0):
            late = self._draw.unit("piece", city, code, piece) ** 0.8
            values[inside[int(late * len(inside))]] += scale
        return values
