"""What each city's plan asks of an element: the size and date that its demo course heads for.

What lives here: targets, through their indicators' terms, as goals of elements. How a course gets
there is in `leading` and `filling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sources.definitions import Definitions
from sources.demo.courses import LEADING, Course, course_of
from sources.demo.paths import Draw, split

_TIERS = {"table": 0, "commitment": 1}
# Totals smaller than this are missed or met by one whole piece, not by some percent.
_SMALL_TOTAL = 10
_MET_SHARE = 0.7
# For a city of the user's own that comes without a population.
_UNKNOWN_RESIDENTS = 1_000_000.0


@dataclass(frozen=True)
class Goal:
    """What a city's element heads for, in the element's own unit.

    Attributes:
        basis: the target's basis; `increase` for a stock that must grow by `end`.
        start: the printed baseline, if there is one.
        end: what the demo really reaches, which may lie above or below the target.
        high: upper end of a range, else None.
    """

    target_code: str
    basis: str
    target_year: int
    start: float | None
    end: float
    high: float | None = None
    bound_units: tuple[str, ...] = ()


def _number(text: str | None) -> float | None:
    return float(text) if text else None


class GoalBook:
    """Goals of all cities, first target first; one goal per city and element."""

    def __init__(self, definitions: Definitions, draw: Draw) -> None:
        self._definitions = definitions
        self._draw = draw
        self._kinds = {
            row["element_code"]: row["kind"]
            for row in definitions.table("elements").iter_rows(named=True)
        }
        self._terms: dict[tuple[str, str], list[tuple[str, float]]] = {}
        for row in definitions.table("indicator_terms").iter_rows(named=True):
            key = (row["indicator_code"], row["term_role"])
            self._terms.setdefault(key, []).append((row["element_code"], float(row["coefficient"])))
        self._factors = {
            row["indicator_code"]: float(row["factor"] or 1)
            for row in definitions.table("indicators").iter_rows(named=True)
        }
        self._residents: dict[str, list[tuple[str, str, float]]] = {}
        for row in definitions.table("populations").iter_rows(named=True):
            self._residents.setdefault(row["area_code"], []).append(
                (row["available_from"], row["reference_date"], float(row["resident_population"]))
            )
        self._filed = {
            row["element_code"] for row in definitions.table("form_elements").iter_rows(named=True)
        }
        self.families: dict[tuple[str, str], tuple[float, float | None, str, int]] = {}
        self.goals: dict[tuple[str, str], Goal] = {}
        self._full = self._full_shares()
        for city_code, target in self._targets():
            self._add(city_code, target)

    def course(self, element_code: str) -> Course:
        """The element's course."""
        return course_of(element_code, self._kinds.get(element_code, "flow"))

    def population(self, city_code: str, day: date) -> float:
        """Residents of an area as known on a day (the oldest figure when none was known yet)."""
        known = self._residents.get(city_code)
        if not known:
            return _UNKNOWN_RESIDENTS
        published = [entry for entry in known if entry[0] <= day.isoformat()]
        return (max(published, key=lambda e: e[1]) if published else min(known))[2]

    def _targets(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        plans = {
            row["plan_code"]: row for row in self._definitions.table("plans").iter_rows(named=True)
        }
        rows = [
            row
            for row in self._definitions.table("plan_targets").iter_rows(named=True)
            if row["tier"] in _TIERS and row["indicator_code"] and row["target_low"]
        ]
        rows.sort(key=lambda r: (r["plan_code"], _TIERS[r["tier"]], int(r["target_order"])))
        for row in rows:
            plan = plans[row["plan_code"]]
            # A target without a printed deadline has the plan's horizon.
            yield (
                plan["city_code"],
                row | {"target_year": row["target_year"] or plan["plan_end"][:4]},
            )

    def _full_shares(self) -> Mapping[str, bool]:
        """Which `share` targets the demo reaches: every other one, in the order of a draw."""
        shares = [row["target_code"] for _, row in self._targets() if row["basis"] == "share"]
        drawn = sorted(shares, key=lambda code: self._draw.unit("reaches", code))
        return {code: place % 2 == 0 for place, code in enumerate(drawn)}

    def _leaves(self, element_code: str) -> list[str]:
        course = self.course(element_code)
        if course.course in ("sum", "rise"):
            return [leaf for part in course.of for leaf in self._leaves(part)]
        return [element_code]

    def _denominator(self, city_code: str, indicator: str, day: date) -> float | None:
        """The indicator's denominator where it is reference data; None where it is filed."""
        terms = self._terms.get((indicator, "denominator"), [])
        if any(code in self._filed for code, _ in terms):
            return None
        size = sum(factor for _, factor in terms) * self.population(city_code, day)
        return size / self._factors[indicator] if terms else 1.0

    def _reached(self, code: str, basis: str, low: float, high: float | None) -> float:
        """What the demo reaches of a target, in the target's unit."""
        if basis == "share":
            lean = (1.0, 1.03) if self._full[code] else (0.93, 0.98)
            return min(low * self._draw.between(*lean, "share", code), 100.0)
        if basis == "score":
            return low * self._draw.between(0.97, 1.05, "scores", code)
        if basis == "milestone" or (basis == "cumulative" and low <= _SMALL_TOTAL):
            if self._draw.unit("met", code) < _MET_SHARE:
                return float(self._draw.whole(int(low), int(high or low + 1), "pieces", code))
            return max(low - 1, 0.0)
        top = (high or low) / low if low else 1.0
        return low * self._draw.between(0.87, 1.12 * max(top**0.5, 1), "attains", code)

    def _add(self, city_code: str, target: Mapping[str, Any]) -> None:
        code, basis, indicator = (target[k] for k in ("target_code", "basis", "indicator_code"))
        numerator = [element for element, _ in self._terms.get((indicator, "numerator"), [])]
        low, high = _number(target["target_low"]), _number(target["target_high"])
        if low is None or not numerator or basis in ("rank", "growth"):
            return
        year = int(target["target_year"])
        first_year = int(target["baseline_year"] or year)
        factor = float(target["unit_factor"] or 1)
        now = self._denominator(city_code, indicator, date(year, 12, 31))
        then = self._denominator(city_code, indicator, date(first_year, 12, 31))
        reached = self._reached(code, basis, low, high)
        baseline = _number(target["baseline_value"])
        if now is None or then is None:
            goal = Goal(code, basis, year, None, reached, None, self._bound(target))
            self.goals.setdefault((city_code, numerator[0]), goal)
            return
        leaves = [leaf for element in numerator for leaf in self._leaves(element)]
        grows = any(self.course(element).course == "rise" for element in numerator)
        end = reached * factor * now
        start = baseline * factor * then if baseline is not None else None
        named = "increase" if grows and basis == "cumulative" else basis
        if basis == "per_unit":
            goal = Goal(code, basis, year, None, low, high, self._bound(target))
            self.goals.setdefault((city_code, numerator[0]), goal)
            return
        self._share_out(city_code, leaves, Goal(code, named, year, start, end, high))

    def _bound(self, target: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(code for code in (target.get("bound_unit_codes") or "").split("|") if code)

    def _share_out(self, city_code: str, leaves: list[str], goal: Goal) -> None:
        """Gives each leaf its part of a goal; leaves with a goal of their own keep it."""
        open_leaves = [leaf for leaf in leaves if (city_code, leaf) not in self.goals]
        taken = sum(self.goals[city_code, x].end for x in leaves if (city_code, x) in self.goals)
        shares = [self.course(leaf).share for leaf in open_leaves]
        ends = split(round(max(goal.end - taken, 0.0)), shares) if shares else []
        starts = split(round(goal.start), shares) if shares and goal.start is not None else None
        for place, leaf in enumerate(open_leaves):
            course = self.course(leaf)
            end = float(ends[place])
            start = float(starts[place]) if starts is not None else None
            self.goals[city_code, leaf] = Goal(
                goal.target_code, goal.basis, goal.target_year, start, end, goal.high
            )
            sized = goal.basis in ("level", "annual_flow", "maintain")
            if sized and course.course in LEADING and course.family != leaf:
                old = start / course.share if start is not None else None
                size = (end / course.share, old, goal.basis, goal.target_year)
                self.families.setdefault((city_code, course.family), size)
