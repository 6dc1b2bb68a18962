"""Reporting periods in SDMX codes: parse, order, step and contain.

What lives here: the arithmetic of months, quarters, halves, years and odd windows. Due dates and
holidays are in `duedates`; nothing here reads a clock or a file.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

PeriodType = Literal["month", "quarter", "half", "year", "window"]

MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}

_YEAR = re.compile(r"(\d{4})")
_HALF = re.compile(r"(\d{4})-S([12])")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_WINDOW = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})")


class PeriodError(ValueError):
    """A text that is no period code.

    Attributes:
        text: the text as given.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"`{text}` is no period code (2025, 2025-S1, 2025-Q1, 2025-03)")


@dataclass(frozen=True, order=True)
class Period:
    """One reporting period; both ends belong to it. Orders by start, then end."""

    start: date
    end: date
    code: str
    period_type: PeriodType

    def contains(self, other: Period) -> bool:
        """Whether `other` lies wholly inside this period."""
        return self.start <= other.start and other.end <= self.end

    @property
    def label_zh(self) -> str:
        """The period as a form prints it: 2025年3月, 2025年一季度, 2025年."""
        year = self.start.year
        if self.period_type == "month":
            return f"{year}年{self.start.month}月"
        if self.period_type == "quarter":
            return f"{year}年{'一二三四'[(self.start.month - 1) // 3]}季度"
        if self.period_type == "half":
            return f"{year}年{'上' if self.start.month == 1 else '下'}半年"
        if self.period_type == "year":
            return f"{year}年"
        return f"{self.start.isoformat()}至{self.end.isoformat()}"


def _span(period_type: PeriodType, year: int, first_month: int, code: str) -> Period:
    last_month = first_month + MONTHS_IN[period_type] - 1
    end = date(year, last_month, monthrange(year, last_month)[1])
    return Period(date(year, first_month, 1), end, code, period_type)


def period_of(period_type: str, year: int, index: int = 1) -> Period:
    """The `index`-th period of a type in a year (month 3, quarter 1, half 2, year 1).

    Raises:
        PeriodError: the type has no such index, or the calendar no such year.
    """
    if not 1 <= year <= 9999:
        raise PeriodError(f"{period_type} {year} {index}")
    if period_type == "month" and 1 <= index <= 12:
        return _span("month", year, index, f"{year}-{index:02d}")
    if period_type == "quarter" and 1 <= index <= 4:
        return _span("quarter", year, 3 * index - 2, f"{year}-Q{index}")
    if period_type == "half" and 1 <= index <= 2:
        return _span("half", year, 6 * index - 5, f"{year}-S{index}")
    if period_type == "year" and index == 1:
        return _span("year", year, 1, f"{year}")
    raise PeriodError(f"{period_type} {year} {index}")


def parse_period(text: str) -> Period:
    """The period an SDMX code names.

    Raises:
        PeriodError: the text is no code, or a window that ends before it starts.
    """
    code = text.strip()
    if match := _MONTH.fullmatch(code):
        return period_of("month", int(match[1]), int(match[2]))
    if match := _QUARTER.fullmatch(code):
        return period_of("quarter", int(match[1]), int(match[2]))
    if match := _HALF.fullmatch(code):
        return period_of("half", int(match[1]), int(match[2]))
    if match := _YEAR.fullmatch(code):
        return period_of("year", int(match[1]))
    if match := _WINDOW.fullmatch(code):
        try:
            start, end = date.fromisoformat(match[1]), date.fromisoformat(match[2])
        except ValueError as error:
            raise PeriodError(text) from error
        if start <= end:
            return Period(start, end, code, "window")
    raise PeriodError(text)


def index_in_year(period: Period) -> int:
    """Which one of its year a calendar period is: March 3, the second half 2, a year 1.

    Raises:
        PeriodError: a window has no index.
    """
    if period.period_type == "window":
        raise PeriodError(period.code)
    return (period.start.month - 1) // MONTHS_IN[period.period_type] + 1


def shift(period: Period, steps: int) -> Period:
    """The period `steps` places later (earlier when negative) of the same type.

    Raises:
        PeriodError: windows have no neighbours.
    """
    per_year = 12 // MONTHS_IN[period.period_type] if period.period_type in MONTHS_IN else 0
    if not per_year:
        raise PeriodError(period.code)
    place = period.start.year * per_year + index_in_year(period) - 1 + steps
    return period_of(period.period_type, place // per_year, place % per_year + 1)


def previous(period: Period) -> Period:
    """The period before this one, of the same type."""
    return shift(period, -1)


def same_period_last_year(period: Period) -> Period:
    """The period of the same name a year earlier."""
    return shift(period, -12 // MONTHS_IN[period.period_type])


def containing(period_type: str, day: date) -> Period:
    """The period of a type that a day lies in."""
    return period_of(period_type, day.year, (day.month - 1) // MONTHS_IN[period_type] + 1)


def periods_between(period_type: str, first: date, last: date) -> Iterator[Period]:
    """The periods of a type from the one holding `first` to the last that has ended by `last`."""
    period = containing(period_type, first)
    while period.end <= last:
        yield period
        period = shift(period, 1)
