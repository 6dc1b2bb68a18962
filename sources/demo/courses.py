"""Which element takes which course, and the published figures a course must pass through.

What lives here: reading `courses.csv` and the published tables in `sources/official`. What a
course does is in `leading` (cities) and `filling` (units).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from sources.definitions import Definitions
from sources.periods import containing

HERE = Path(__file__).resolve().parent
OFFICIAL = HERE.parent / "official"

# Courses that a city leads: the city's figure comes first, its units share it.
LEADING = frozenset({"flow", "stock", "total"})


@dataclass(frozen=True)
class Course:
    """How one element's demo values come about.

    A city leads `flow`, `stock` and `total`; a unit's own are `yearly` counts, `fixed` and growing
    (`grows`) stocks, a `flag` set from a year on, a `score`. The rest is computed from the elements
    in `of`: a `sum`, a `part` of it, the part that has something (`held`), what went out of a stock
    (`lapsed`), was `moved` and came in (`gained`), its `rise`, overlapping kinds of it (`category`,
    the last one `remainder`), the `items` of an amount, the `bodies` behind them.

    Attributes:
        of: elements this one is computed from.
        family: elements whose sizes go together: a goal for one sizes the others by `share`.
        low, high: range at the end of the plan (or all the time, where there is one range only).
        end_low, end_high: range at the end, where `low` and `high` are that of the start.
        until: last day on which the value may grow.
    """

    element_code: str
    course: str
    of: tuple[str, ...]
    family: str
    share: float
    low: float
    high: float
    end_low: float
    end_high: float
    until: date | None


# What an element without a row of its own gets: small counts, steady stocks.
_UNLISTED = {"stock": ("grows", 1.0, 4.0, 4.0, 9.0)}
_UNLISTED_ELSE = ("yearly", 0.0, 6.0, 0.0, 6.0)


@cache
def listed_courses() -> Mapping[str, Course]:
    """The courses of the data file, by element."""
    with (HERE / "courses.csv").open(encoding="utf-8", newline="") as handle:
        return {
            row["element_code"]: Course(
                element_code=row["element_code"],
                course=row["course"],
                of=tuple(code for code in row["of"].split("|") if code),
                family=row["family"] or row["element_code"],
                share=float(row["share"] or 1),
                low=float(row["low"] or 0),
                high=float(row["high"] or 0),
                end_low=float(row["end_low"] or row["low"] or 0),
                end_high=float(row["end_high"] or row["high"] or 0),
                until=date.fromisoformat(row["until"]) if row["until"] else None,
            )
            for row in csv.DictReader(handle)
        }


def course_of(element_code: str, kind: str) -> Course:
    """The course of an element; a plain one when the data file does not list it."""
    found = listed_courses().get(element_code)
    if found is not None:
        return found
    course, low, high, end_low, end_high = _UNLISTED.get(kind, _UNLISTED_ELSE)
    return Course(element_code, course, (), element_code, 1, low, high, end_low, end_high, None)


@dataclass(frozen=True)
class Delivery:
    """One published file, and when and by whom it was handed in."""

    file_name: str
    form_code: str
    unit_code: str
    received_at: str


def deliveries() -> tuple[Delivery, ...]:
    """The published files that come with the project."""
    with (HERE / "deliveries.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(
            Delivery(row["file_name"], row["form_code"], row["unit_code"], row["received_at"])
            for row in csv.DictReader(handle)
        )


def _published_rows(definitions: Definitions) -> Iterator[tuple[str, str, date, str, str]]:
    """Area, form, last day, item key and value of every published figure."""
    forms = {form.form_code: form for form in definitions.form_versions}
    for delivery in deliveries():
        path = OFFICIAL / delivery.file_name
        form = forms.get(delivery.form_code)
        if form is None or not path.exists():
            continue
        layout = definitions.layout(form.layout_code)
        items = [column.header_zh for column in layout if column.column_role == "item"]
        value = next(column.header_zh for column in layout if column.column_role == "value")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                day = row.get("period_end") or row.get("as_of") or ""
                if len(day) == 10 and row[value]:
                    area = row.get("region_code") or delivery.unit_code
                    key = "/".join(row[item] for item in items)
                    yield area, form.form_code, date.fromisoformat(day), key, row[value]


def published_anchors(definitions: Definitions) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """Whole published figures by (area, element) and period code.

    A monthly figure stands under its month, a yearly one under its last quarter, which is when the
    stocks of a year's end are filed.
    """
    series = {
        (row["form_code"], row["item_key"]): row
        for row in definitions.table("authority_series").iter_rows(named=True)
    }
    found: dict[tuple[str, str], dict[str, int]] = {}
    for area, form_code, day, key, value in _published_rows(definitions):
        row = series.get((form_code, key))
        if row is None or not value.isdigit():
            continue
        kind = "month" if row["period_type"] == "month" else "quarter"
        place = found.setdefault((area, row["element_code"]), {})
        place[containing(kind, day).code] = int(value)
    return found
