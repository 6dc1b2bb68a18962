"""The worked examples of `docs/semantics.md`, read off the page and filed into one world.

An example is a row of a table whose first header is a mart in backticks: the word it explains, the
real target (or city and indicator or element), what was filed, the period, and then columns of the
mart with what they must say. Each example is a city of its own with the definitions of the real
one, so that one dbt build serves them all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sources.periods import parse_period
from tests.conformance.worlds import TrapWorld
from tests.models.builders import PROJECT

PAGE = PROJECT.parent / "docs" / "semantics.md"
AS_OF = date(2026, 1, 25)
DUE_DAYS = {"month": 5, "quarter": 10, "year": 20, "half": 31}
FORM_OF = {"month": "EX-M", "quarter": "EX-Q", "half": "EX-S", "year": "EX-Y"}
FIXED = 5
"""Columns before the expected ones: word, of, with, filed, period."""

MARTS = {
    "plan_progress", "unit_progress", "city_indicators", "unit_observations",
    "unit_observation_versions", "reconciliation", "annual_adjustments",
}  # fmt: skip
DITTO, NOTHING = "〃", "–"
RANK = "province_rank"
"""No plan's form asks for a rank; the page assumes an element of its own for SZ-H05."""
_ENTRY = re.compile(r"(?:([a-z_0-9]+) )?([^ ]+) = (.+)")
_FIGURE = re.compile(r"(?P<mark>[ha]?)(?P<first>[\d.]+|–)(?:(?P<how>[>→])(?P<then>[\d.]+))?"
                     r"(?P<state>[*?]?)")  # fmt: skip


@dataclass(frozen=True)
class Filed:
    """One figure of one body as the page writes it."""

    element: str
    period: str
    body: int
    token: str

    @property
    def period_type(self) -> str:
        return parse_period(self.period).period_type


@dataclass(frozen=True)
class Example:
    """One row of a table of examples; `place` numbers its city."""

    mart: str
    word: str
    of: str
    changes: dict[str, str]
    filed: tuple[Filed, ...]
    period: str
    expected: dict[str, str]
    place: int
    is_first_of_city: bool = True

    @property
    def city_code(self) -> str:
        return f"8{self.place:03d}00"

    @property
    def target_code(self) -> str:
        return f"EX{self.place}"

    @property
    def bodies(self) -> int:
        return 1 + max((one.body for one in self.filed), default=0)

    def body(self, number: int) -> str:
        return f"8{self.place:03d}{number + 1:02d}"


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Header and rows of every table of the page."""
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
        elif rows:
            yield rows[0], rows[2:]
            rows = []


def examples(text: str) -> list[Example]:
    """Every example of the page, in its order."""
    found: list[Example] = []
    for header, rows in tables(text):
        if header[0] not in MARTS:
            continue
        for row in rows:
            word, of, changed, filed, period = row[:FIXED]
            expected = dict(zip(header[FIXED:], row[FIXED:], strict=True))
            if filed == DITTO:
                last = found[-1]
                found.append(Example(header[0], word, last.of, last.changes, last.filed, period,
                                     expected, last.place, False))  # fmt: skip
                continue
            place = 1 + (found[-1].place if found else 0)
            found.append(Example(header[0], word, of, _changes(changed), tuple(_filed(filed)),
                                 period, expected, place))  # fmt: skip
    return found


def _changes(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(", ") if "=" in part)


def _filed(text: str) -> Iterator[Filed]:
    element = ""
    for entry in text.split("; "):
        if entry == NOTHING:
            continue
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"not a filing: {entry!r}")
        element = match[1] or element
        for period in _periods(match[2]):
            for body, token in enumerate(match[3].split(" + ")):
                yield Filed(element, period, body, token)


def _periods(text: str) -> list[str]:
    """`2025-01..2025-12` is every month, `2021..2025` every year between."""
    if ".." not in text:
        return [text]
    first, last = text.split("..")
    if "-" not in first:
        return [str(year) for year in range(int(first), int(last) + 1)]
    year, start = first.rsplit("-", 1)
    mark = start[: len(start) - len(start.lstrip("Q"))]
    ends = (int(start.lstrip("Q")), int(last.rsplit("-", 1)[1].lstrip("Q")))
    width = 1 if mark else 2
    return [f"{year}-{mark}{one:0{width}d}" for one in range(ends[0], ends[1] + 1)]


@dataclass
class PageWorld(TrapWorld):
    """The real indicators, elements and paths; the cities, plans and forms of the examples."""

    seeds_read: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def real(self, table: str) -> list[dict[str, str]]:
        if table not in self.seeds_read:
            with (PROJECT / "seeds" / f"{table}.csv").open(encoding="utf-8") as handle:
                self.seeds_read[table] = list(csv.DictReader(handle))
        return self.seeds_read[table]

    def one(self, table: str, column: str, code: str) -> dict[str, str]:
        return next(row for row in self.real(table) if row[column] == code)


def build_world(home: Path, project: Path, found: list[Example]) -> PageWorld:
    """The world of all examples, not yet built."""
    world = PageWorld(home, as_of=AS_OF, project=project, due_days=DUE_DAYS)
    for table in ("indicators", "indicator_terms", "authority_series"):
        world.define(table, *world.real(table))
    changed = {(one.filed[0].element, name): value for one in found for name, value in
               one.changes.items() if name in world.real("elements")[0]}  # fmt: skip
    for row in world.real("elements"):
        own = {
            name: value for (code, name), value in changed.items() if code == row["element_code"]
        }
        world.define("elements", row | own)
    world.define("elements", {"element_code": RANK, "element_zh": "全省位次", "kind": "rank",
                              "unit_zh": "位", "is_non_negative": "true"})  # fmt: skip
    _define_indicator(world, "PROVINCE_RANK", RANK)
    firsts = [one for one in found if one.is_first_of_city]
    _define_forms(world, firsts)
    for one in firsts:
        _define_city(world, one)
        _file(world, one)
    return world


def _define_indicator(world: PageWorld, code: str, element: str) -> None:
    """An indicator of one element, where no indicator of the project shows that element alone."""
    if code not in {row["indicator_code"] for row in world.definitions["indicators"]}:
        world.define("indicators", {
            "indicator_code": code, "indicator_zh": code, "unit_zh": "件", "is_ratio": "false",
            "factor": 1, "direction": "up", "decimals": 2, "rounding_mode": "half_up",
            "publish_min_coverage_pct": 100, "is_additive": "true",
        })  # fmt: skip
    if code not in {row["indicator_code"] for row in world.definitions["indicator_terms"]}:
        world.define("indicator_terms", {
            "indicator_code": code, "term_role": "numerator", "term_order": 1,
            "element_code": element, "coefficient": 1,
        })  # fmt: skip


def _define_forms(world: PageWorld, found: list[Example]) -> None:
    kinds = {**{code: (frequency, "template") for frequency, code in FORM_OF.items()},
             "EX-H": ("year", "history"), "EX-A": ("month", "authority")}  # fmt: skip
    for form, (frequency, kind) in kinds.items():
        world.define("forms", {
            "form_code": form, "form_version": "1", "form_zh": form, "frequency": frequency,
            "form_kind": kind, "valid_from": "2015-01-01",
        })  # fmt: skip
        elements = {one.element for ex in found for one in ex.filed if _form(ex, one) == form}
        for order, element in enumerate(sorted(elements), start=1):
            world.define("form_elements", {
                "form_code": form, "form_version": "1", "row_code": f"{order:02d}",
                "element_code": element, "value_column": "current", "unit_factor": 1,
                "is_required": "true",
            })  # fmt: skip


def _form(example: Example, one: Filed) -> str | None:
    """The form a figure is filed in; a figure of an authority has one only where it is a cell."""
    if one.token.startswith("h"):
        return "EX-H"
    if one.token.startswith("a"):
        return "EX-A" if example.mart == "unit_observations" else None
    return FORM_OF[one.period_type]


def _define_city(world: PageWorld, one: Example) -> None:
    target = next((row for row in world.real("plan_targets") if row["target_code"] == one.of), None)
    plan = world.one("plans", "plan_code", target["plan_code"]) if target else None
    city = plan["city_code"] if plan else one.of.split(" ")[0]
    is_department = target is not None and target["source_of_record"] == "department"
    level = "department" if is_department else "county"
    members = [row for row in world.real("units") if row["city_code"] == city
               and row["is_partition_member"] == "true"
               and (row["level"] == "department") == is_department]  # fmt: skip
    members = members or [{"unit_code": "", "unit_name_zh": "全区"}]
    if one.mart == "city_indicators":
        _define_indicator(world, one.of.split(" ")[1], one.of.split(" ")[1])
    bound = (target or {}).get("bound_unit_codes", "").split("|")
    members.sort(key=lambda row: row["unit_code"] not in bound)
    world.define("units", {
        "unit_code": one.city_code, "unit_name_zh": world.one("units", "unit_code", city)[
            "unit_name_zh"], "level": "city", "city_code": one.city_code,
        "is_partition_member": "false",
    })  # fmt: skip
    for number in range(one.bodies):
        world.define("units", {
            "unit_code": one.body(number), "unit_name_zh": members[number]["unit_name_zh"],
            "level": level, "city_code": one.city_code, "is_partition_member": "true",
        })  # fmt: skip
    for row in world.real("populations"):
        if row["area_code"] == city:
            world.define("populations", row | {"area_code": one.city_code})
    for row in world.real("publication_settings"):
        if row["city_code"] == city:
            world.define("publication_settings", row | {"city_code": one.city_code})
    _assign(world, one, level)
    _declare(world, one)
    if target is not None and plan is not None:
        _define_plan(world, one, target, plan)


def _assign(world: PageWorld, one: Example, level: str) -> None:
    for form in {_form(one, filed) for filed in one.filed} - {None, "EX-H"}:
        periods = [parse_period(f.period) for f in one.filed if _form(one, f) == form]
        world.define("form_assignments", {
            "form_code": form, "city_code": one.city_code, "unit_level": level,
            "first_period_start": min(period.start for period in periods),
            "last_period_end": max(period.end for period in periods),
        })  # fmt: skip


def _declare(world: PageWorld, one: Example) -> None:
    """What an example changes beside its target: the source of record, a break of a definition."""
    if "source_kind" in one.changes:
        world.define("sources_of_record", {
            "element_code": one.filed[0].element, "city_code": one.city_code,
            "source_kind": one.changes["source_kind"], "valid_from": "2020-01-01",
        })  # fmt: skip
        world.plan(one.place, "2021-01-01", "2025-12-31")
        world.definitions["plans"][-1]["city_code"] = one.city_code
    if "changed_on" in one.changes:
        world.define("definition_changes", {
            "object_kind": "element", "object_code": one.filed[0].element,
            "definition_version": "2", "changed_on": one.changes["changed_on"],
            "is_comparable": "false",
        })  # fmt: skip


def _define_plan(
    world: PageWorld, one: Example, target: dict[str, str], plan: dict[str, str]
) -> None:
    code = f"plan-{one.place}"
    own_plan = {name: value for name, value in one.changes.items() if name in plan}
    world.define("plans", plan | own_plan | {
        "plan_code": code, "city_code": one.city_code, "supersedes_plan_code": "",
    })  # fmt: skip
    own = {name: value for name, value in one.changes.items() if name in target}
    bound = "|".join(one.body(number) for number in range(one.bodies))
    world.define("plan_targets", target | own | {
        "target_code": one.target_code, "plan_code": code, "restates_target_code": "",
        "bound_unit_codes": bound if target["bound_unit_codes"] else "",
    })  # fmt: skip
    years = {name: value for name, value in one.changes.items() if name.isdigit()}
    if "path_method" in one.changes:
        paths = [{"path_method": one.changes["path_method"], "path_year": year, "path_value": value}
                 for year, value in (years or {"": ""}).items()]  # fmt: skip
    else:
        paths = [r for r in world.real("target_paths") if r["target_code"] == one.of]
    for path in paths:
        world.define("target_paths", path | {"target_code": one.target_code})


def _file(world: PageWorld, one: Example) -> None:
    sheets: dict[tuple[str, int, str], dict[str, str]] = {}
    for filed in one.filed:
        form = _form(one, filed)
        if filed.token.startswith("a"):
            _publish(world, one, filed)
        elif form is not None and filed.token != NOTHING:
            sheets.setdefault((form, filed.body, filed.period), {})[filed.element] = filed.token
    for (form, body, period), tokens in sheets.items():
        _hand_in(world, one.body(body), form, period, tokens)


def _publish(world: PageWorld, one: Example, filed: Filed) -> None:
    area = one.body(filed.body) if one.mart == "unit_observations" else one.city_code
    if filed.token != f"a{NOTHING}":
        world.authority(
            f"RA-{one.place}", area, filed.element, filed.period, filed.period_type,
            int(filed.token[1:]), "2026-01-10",
        )  # fmt: skip


def _hand_in(world: PageWorld, unit: str, form: str, period: str, tokens: dict[str, str]) -> None:
    """Files one sheet as its marks say: * passed, ? held, > filed again, → corrected."""
    if set(tokens.values()) == {"nil"}:
        world.file(unit, form, period, {}, is_nil_return=True)
        return
    figures = {element: _FIGURE.fullmatch(token) for element, token in tokens.items()}
    first = {element: found["first"] for element, found in figures.items() if found}
    marks = {found["state"] for found in figures.values() if found}
    state = {"*": "passed", "?": "held"}.get(max(marks), "accepted_city")
    day = "2026-01-03 09:00:00"
    submission = world.file(unit, form, period, first, state=state, received=day)
    for element, found in figures.items():
        if found and found["how"] == ">":
            again = first | {element: found["then"]}
            world.file(unit, form, period, again, version=2, received="2026-01-08 09:00:00")
        elif found and found["how"] == "→":
            cell = next(row for row in world.definitions["form_elements"]
                        if (row["form_code"], row["element_code"]) == (form, element))  # fmt: skip
            world.insert(
                "corrections", correction_id=f"K-{submission}", submission_id=submission,
                row_code=cell["row_code"], value_column=cell["value_column"],
                element_code=element, new_number_text=found["then"], state_code="approved",
                proposed_at="2026-01-06 09:00:00", approved_at="2026-01-07 09:00:00",
            )  # fmt: skip


def rows_of(world: PageWorld, one: Example) -> list[dict[str, object]]:
    """The rows of the mart an example speaks of."""
    words = one.period.split(" ")
    version = next((word[1:] for word in words if word.startswith("v")), None)
    words = [word for word in words if not word.startswith("v")]
    period_type = words[0] if len(words) == 2 else parse_period(words[0]).period_type
    asked = {"period_code": words[-1], "period_type": period_type}
    if one.mart in ("plan_progress", "unit_progress"):
        asked["target_code"] = one.target_code
    elif one.mart == "reconciliation":
        asked["area_code"] = one.city_code
    else:
        asked["city_code"] = one.city_code
    if one.mart == "city_indicators":
        asked["indicator_code"] = one.of.split(" ")[1]
    elif one.mart in ("unit_observations", "unit_observation_versions", "annual_adjustments"):
        asked["element_code"] = one.of.split(" ")[1]
    if version is not None:
        asked["version"] = version
    where = " and ".join(f"cast({name} as varchar) = '{value}'" for name, value in asked.items())
    return world.records(f"select * from marts.{one.mart} where {where}")


def as_printed(value: object, cell: str) -> str:
    """A value as the page would print it, to as many decimals as the cell shows."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if re.fullmatch(r"-?\d+(\.\d+)?", cell) and not isinstance(value, str):
        decimals = len(cell.partition(".")[2])
        return f"{float(str(value)):.{decimals}f}"
    return str(value)
