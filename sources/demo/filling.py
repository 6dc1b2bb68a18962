"""The units' values of a city: shares of the city's course, and what follows from other elements.

What lives here: one method per kind of course, each giving a unit's whole series. The courses
keep the forms' arithmetic: parts add up, stocks follow their movements, parts stay below totals,
and a zone inside a host never exceeds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import floor

from sources.definitions import Definitions, Unit
from sources.demo.courses import LEADING, Course
from sources.demo.goals import GoalBook
from sources.demo.leading import CityCourses, CityPlan, end_position
from sources.demo.paths import Draw, split
from sources.periods import Period, PeriodType

# A zone inside a host holds this share of the host's figures.
_ZONE_SHARE = (0.2, 0.35)
_UNIT_WEIGHT = (0.5, 2.2)
_FULL = 0.9999
# How often a floor that binds every unit is missed by one of them.
_FLOOR_MISSED = 0.12
_TRANSFERS = 0.15
_SCORE_WAVE = 0.4

Series = list[int]


def _along(position: float, first: float, last: float) -> float:
    """How much of the way from `first` to `last` lies behind a position."""
    return min(max((position - first) / (last - first), 0.0), 1.0)


@dataclass(frozen=True)
class ElementFacts:
    """What filling needs to know of an element."""

    kind: str
    scale: int
    frequency: PeriodType


class CityFiller:
    """All values of one city's units, computed when asked for and kept.

    Args:
        plan: the city.
        facts: kind, scale and frequency by element.
        units: the units that file each element.
        periods: all periods of a frequency, from the first year of the demo on.
    """

    def __init__(
        self,
        definitions: Definitions,
        plan: CityPlan,
        book: GoalBook,
        courses: CityCourses,
        draw: Draw,
        facts: Mapping[str, ElementFacts],
        units: Mapping[str, Sequence[Unit]],
        periods: Mapping[str, Sequence[Period]],
    ) -> None:
        self._definitions, self._plan, self._book = definitions, plan, book
        self._courses, self._draw, self._facts = courses, draw, facts
        self._units, self._periods = units, periods
        self._kept: dict[tuple[str, str], Series] = {}
        self._split: dict[str, dict[str, Series]] = {}

    def values(self, unit: Unit, element_code: str) -> Series:
        """A unit's value of every period of the element's frequency, in units of 1/scale."""
        key = (unit.unit_code, element_code)
        if key not in self._kept:
            self._kept[key] = self._filled(unit, self._book.course(element_code))
        return self._kept[key]

    def _filled(self, unit: Unit, course: Course) -> Series:
        host = self._host(unit)
        if host is not None and course.course in self._ZONE_TAKES_PART:
            share = self._draw.between(*_ZONE_SHARE, "zone", unit.unit_code)
            return [floor(value * share) for value in self.values(host, course.element_code)]
        if course.course in LEADING:
            return self._shares(course)[unit.unit_code]
        return self._HOW[course.course](self, unit, course)

    def _host(self, unit: Unit) -> Unit | None:
        """The unit whose figure already holds this one's."""
        if unit.is_partition_member or unit.host_unit_code is None:
            return None
        return self._definitions.unit(unit.host_unit_code)

    def _voice(self, unit: Unit) -> str:
        """Whose draws a unit uses: a zone those of its host, so that it stays below it."""
        host = self._host(unit)
        return (host or unit).unit_code

    def _when(self, course: Course) -> Sequence[Period]:
        return self._periods[self._facts[course.element_code].frequency]

    def _members(self, element_code: str) -> list[Unit]:
        return [unit for unit in self._units.get(element_code, ()) if self._host(unit) is None]

    def _shares(self, course: Course) -> Mapping[str, Series]:
        """The city's course split over its members; each period adds up exactly."""
        code = course.element_code
        if code in self._split:
            return self._split[code]
        members = self._members(code)
        city = self._courses.series(course, self._when(course), self._facts[code].scale)
        weights = [self._weight(unit, course.family) for unit in members]
        columns: list[Series] = []
        before, running = 0, [0] * len(members)
        for place, (period, amount) in enumerate(zip(self._when(course), city, strict=True)):
            if course.course == "stock":
                change = amount - before if place else amount
                names = "base" if not place else period.code
                parts = self._parts(change, members, weights, course, names)
                running = [max(a + b, 0) for a, b in zip(running, parts, strict=True)]
                columns.append(running)
                before = sum(running)
            else:
                columns.append(self._parts(amount, members, weights, course, period.code))
        self._split[code] = {
            unit.unit_code: [column[place] for column in columns]
            for place, unit in enumerate(members)
        }
        return self._split[code]

    def _weight(self, unit: Unit, family: str) -> float:
        own = self._draw.between(*_UNIT_WEIGHT, "size", unit.unit_code)
        return own * self._draw.between(0.8, 1.25, "size", unit.unit_code, family)

    def _parts(
        self, amount: int, members: Sequence[Unit], weights: Sequence[float], course: Course,
        name: str,
    ) -> Series:  # fmt: skip
        """One amount over the members; a few pieces go to drawn members, many by weight."""
        few = abs(amount) < 3 * len(members)
        spread = (0.02, 1.98) if few and name != "base" else (0.88, 1.12)
        # The stocks of a family grow together in a unit, so that a part stays below its whole.
        who = course.family if course.course == "stock" and not few else course.element_code
        drawn = [
            weight * self._draw.between(*spread, "part", unit.unit_code, who, name)
            for unit, weight in zip(members, weights, strict=True)
        ]
        parts = split(abs(amount), drawn)
        return parts if amount >= 0 else [-part for part in parts]

    def _sum(self, unit: Unit, course: Course) -> Series:
        columns = [self.values(unit, code) for code in course.of]
        return [sum(row) for row in zip(*columns, strict=True)]

    def _part(self, unit: Unit, course: Course) -> Series:
        """A share of another element, never above it."""
        voice, code = self._voice(unit), course.element_code
        whole = self.values(unit, course.of[0])
        lean = self._draw.between(course.low, course.high, "part", voice, code)
        shares = [
            min(lean * self._draw.noise(0.06, "part", voice, code, period.code), 1.0)
            for period in self._when(course)
        ]
        return [floor(value * share) for value, share in zip(whole, shares, strict=True)]

    def _held(self, unit: Unit, course: Course) -> Series:
        """The part of a total that has something; a goal says how large it becomes."""
        voice, code = self._voice(unit), course.element_code
        whole = self.values(unit, course.of[0])
        start = self._draw.between(course.low, course.high, "held", voice, code)
        end = self._draw.between(course.end_low, course.end_high, "held at end", voice, code)
        goal = self._courses.goal(code)
        last = float(self._plan.plan_end.year) + 0.75
        if goal is not None:
            end = min(goal.end / 100, 1.0) if goal.basis == "share" else 1.0
            first = self._members(code)[0].unit_code
            lucky = self._draw.unit("held full", voice, code) < 0.5 and voice != first
            if goal.basis != "share" and voice == first and self._missed(goal.target_code):
                end = 0.85
            elif end < _FULL and lucky and self._facts[course.of[0]].kind == "stock":
                end = 1.0
            last = goal.target_year + 0.75
        periods = self._when(course)
        if self._facts[course.of[0]].kind == "stock":
            base = self._plan.first_year + 1.0
            shares = [
                start + (end - start) * _along(end_position(period), base, last)
                for period in periods
            ]
            return [floor(v * share + 1e-9) for v, share in zip(whole, shares, strict=True)]
        # Of a flow, the running share is rounded, so that few cases lose no more than many.
        if goal is not None:
            start = end
        result, running, given = [], 0.0, 0
        for place, value in enumerate(whole):
            running += value * (start + (end - start) * place / max(len(whole) - 1, 1))
            now = min(max(floor(running + 0.5 - 1e-9) - given, 0), value)
            given += now
            result.append(now)
        return result

    def _missed(self, target_code: str) -> bool:
        return self._draw.unit("floor missed", target_code) < 0.5

    @cached_property
    def _moves(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """Transfers between two members of the city by (stock, unit): what one loses, one gains."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        filing = {unit.unit_code: unit for units in self._units.values() for unit in units}
        hosts = {unit.host_unit_code for unit in filing.values() if self._host(unit)}
        for code in self._units:
            course = self._book.course(code)
            if course.course != "moved":
                continue
            members = [u for u in self._members(code) if u.unit_code not in hosts]
            for period in self._when(course) if len(members) > 1 else ():
                if self._draw.unit("moves", self._plan.city_code, period.code) >= _TRANSFERS:
                    continue
                place = self._draw.whole(
                    0, len(members) - 1, "from", self._plan.city_code, period.code
                )
                pair = members[place], members[(place + 1) % len(members)]
                amount = self._draw.whole(1, 2, "moved", self._plan.city_code, period.code)
                for unit, sign in zip(pair, (-1, 1), strict=True):
                    found.setdefault((code, unit.unit_code), {})[period.code] = sign * amount
        return found

    def _moved(self, unit: Unit, course: Course) -> Series:
        mine = self._moves.get((course.element_code, unit.unit_code), {})
        return [mine.get(period.code, 0) for period in self._when(course)]

    def _lapsed(self, unit: Unit, course: Course) -> Series:
        """What went out of a stock: a small share, and at least the stock's fall."""
        voice, code = self._voice(unit), course.element_code
        stock, moved = (self.values(unit, part) for part in course.of)
        result = []
        for place, period in enumerate(self._when(course)):
            rate = self._draw.between(course.low, course.high, "lapsed", voice, code, period.code)
            change = stock[place] - stock[place - 1] if place else 0
            host = self._host(unit)
            usual = round(stock[place] * rate) if host is None else 0
            result.append(max(usual, moved[place] - change, 0))
        return result

    def _gained(self, unit: Unit, course: Course) -> Series:
        """What came into a stock: its change, plus what went out, less what moved in."""
        stock, lapsed, moved = (self.values(unit, part) for part in course.of)
        first = max(round(stock[0] * 0.03) - moved[0], 0)
        changes = [b - a for a, b in pairwise(stock)]
        later = zip(changes, lapsed[1:], moved[1:], strict=True)
        return [first, *(change + out - net for change, out, net in later)]

    def _rise(self, unit: Unit, course: Course) -> Series:
        """By how much some stocks grew since the period before."""
        whole = self._sum(unit, course)
        return [0, *(max(b - a, 0) for a, b in pairwise(whole))]

    def _category(self, unit: Unit, course: Course) -> Series:
        voice = self._voice(unit)
        share = self._draw.between(course.low, course.high, "kind", voice, course.element_code)
        return [floor(value * share) for value in self.values(unit, course.of[0])]

    def _remainder(self, unit: Unit, course: Course) -> Series:
        """The largest of some overlapping categories: with the others it covers the total."""
        whole = self.values(unit, course.of[0])
        others = [self.values(unit, code) for code in course.of[1:]]
        share = self._draw.between(
            course.low, course.high, "kind", self._voice(unit), course.element_code
        )
        result, last = [], 0
        for place, value in enumerate(whole):
            rest = value - sum(series[place] for series in others)
            last = min(max(floor(value * share), rest, last), value)
            result.append(last)
        return result

    def _items(self, unit: Unit, course: Course) -> Series:
        """How many contracts an amount is made of: at least one."""
        amount = self.values(unit, course.of[0])
        size = self._draw.between(course.low, course.high, "size of one", self._voice(unit))
        per = size * self._facts[course.of[0]].scale
        return [max(round(value / per), 1) if value else 0 for value in amount]

    def _bodies(self, unit: Unit, course: Course) -> Series:
        """How many bodies stand behind some items: at least one, at most one each."""
        items = self.values(unit, course.of[0])
        share = self._draw.between(course.low, course.high, "bodies", self._voice(unit))
        return [max(floor(value * share), 1) if value else 0 for value in items]

    def _yearly(self, unit: Unit, course: Course) -> Series:
        """A drawn count of each year, laid on the year's periods."""
        code, goal = course.element_code, self._courses.goal(course.element_code)
        periods = self._when(course)
        cap = self.values(unit, course.of[0]) if course.of else None
        values = [0] * len(periods)
        for year in sorted({period.start.year for period in periods}):
            inside = [n for n, period in enumerate(periods) if period.start.year == year]
            low, high = int(course.low), int(course.high)
            if goal is not None:
                low = round(goal.end)
                high = int(goal.high or low + 1)
                if self._draw.unit("short", unit.unit_code, code, year) < _FLOOR_MISSED / 2:
                    low, high = max(low - 1, 0), max(low - 1, 0)
            count = self._draw.whole(low, max(low, high), "count", unit.unit_code, code, year)
            weights = [self._draw.unit("when", unit.unit_code, code, year, n) for n in inside]
            for n, part in zip(inside, split(count, weights), strict=True):
                values[n] = part if cap is None else min(part, cap[n])
        return [value * self._facts[code].scale for value in values]

    def _fixed(self, unit: Unit, course: Course) -> Series:
        code = course.element_code
        count = self._draw.whole(int(course.low), int(course.high), "fixed", unit.unit_code, code)
        return [count * self._facts[code].scale] * len(self._when(course))

    def _grows(self, unit: Unit, course: Course) -> Series:
        """A body's own small stock, from a drawn start to a drawn or wanted end."""
        code, goal = course.element_code, self._courses.goal(course.element_code)
        start = self._draw.whole(int(course.low), int(course.high), "start", unit.unit_code, code)
        end = self._draw.whole(
            int(course.end_low), int(course.end_high), "end", unit.unit_code, code
        )
        if goal is not None:
            end = round(goal.end)
            if goal.basis == "per_unit":
                end += self._draw.whole(0, 2, "above", unit.unit_code, code)
                missed = self._draw.unit("below", unit.unit_code, code) < _FLOOR_MISSED
                end = round(goal.end) - 1 if missed else end
        base, last = self._plan.first_year + 1.0, self._plan.plan_end.year + 0.5
        start, scale = min(start, end), self._facts[code].scale
        return [
            round(start + (end - start) * _along(end_position(period), base, last)) * scale
            for period in self._when(course)
        ]

    def _flag(self, unit: Unit, course: Course) -> Series:
        """One from a drawn year on; a goal for every unit leaves at most one unit without."""
        code, goal = course.element_code, self._courses.goal(course.element_code)
        voice = self._voice(unit)
        year = self._draw.whole(int(course.low), int(course.high), "flag", voice, code)
        if goal is not None:
            year = min(year, goal.target_year)
            if self._missed(goal.target_code) and voice == self._members(code)[0].unit_code:
                year = goal.target_year + 1
        scale = self._facts[code].scale
        return [scale if period.end.year >= year else 0 for period in self._when(course)]

    def _score(self, unit: Unit, course: Course) -> Series:
        """A survey's score; one kept by the parent area is the same for all below it."""
        code, goal = course.element_code, self._courses.goal(course.element_code)
        city = self._definitions.unit(self._plan.city_code)
        shared = course.family == "parent_code" and city is not None
        voice = city.parent_code if shared and city is not None else unit.unit_code
        start = self._draw.between(course.low, course.high, "start", voice, code)
        end = self._draw.between(course.end_low, course.end_high, "end", voice, code)
        end = goal.end if goal is not None else end
        base, last = self._plan.first_year + 1.0, self._plan.plan_end.year + 1.0
        scale = self._facts[code].scale
        wave = _SCORE_WAVE * scale
        return [
            round(scale * (start + (end - start) * _along(end_position(period), base, last)))
            + self._draw.whole(-round(wave), round(wave), "wave", voice, code, period.code)
            for period in self._when(course)
        ]

    _HOW: Mapping[str, Callable[[CityFiller, Unit, Course], Series]] = {
        "sum": _sum, "part": _part, "held": _held, "moved": _moved, "lapsed": _lapsed,
        "gained": _gained, "rise": _rise, "category": _category, "remainder": _remainder,
        "items": _items, "bodies": _bodies, "yearly": _yearly, "fixed": _fixed,
        "grows": _grows, "flag": _flag, "score": _score,
    }  # fmt: skip
    _ZONE_TAKES_PART = LEADING | {"yearly", "fixed", "grows"}
