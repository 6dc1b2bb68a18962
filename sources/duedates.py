"""When a form is due: the reporting calendar, moved over holidays.

What lives here: the arithmetic of due days in Asia/Shanghai wall time. Beyond the last year of the
holiday table only weekends are known; `holidays_known_until` lets the operator be told so.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import polars as pl

from sources.definitions import Definitions, FormVersion
from sources.periods import Period, periods_between

DUE_DATES_SCHEMA: dict[str, pl.DataType] = {
    "form_code": pl.String(),
    "form_version": pl.String(),
    "city_code": pl.String(),
    "period_code": pl.String(),
    "due_at": pl.Datetime("us"),
}
_NEXT_WORKING_DAY = "next_working_day"


class CalendarError(ValueError):
    """A form, city and day for which the calendar has no row.

    Attributes:
        calendar_code: the calendar that was asked.
        city_code: the city that was asked for.
    """

    def __init__(self, calendar_code: str, city_code: str, day: date) -> None:
        self.calendar_code = calendar_code
        self.city_code = city_code
        super().__init__(f"no row of calendar `{calendar_code}` for `{city_code}` on {day}")


class WorkingDays:
    """Monday to Friday, except the days the holiday table names."""

    def __init__(self, exceptions: dict[date, bool]) -> None:
        self._exceptions = exceptions

    @classmethod
    def of(cls, definitions: Definitions) -> WorkingDays:
        """The working days of the definitions' holiday table."""
        rows = definitions.table("holidays").select("holiday_date", "is_workday").iter_rows()
        return cls({date.fromisoformat(day): flag == "true" for day, flag in rows})

    def is_working(self, day: date) -> bool:
        """Whether offices work on a day."""
        return self._exceptions.get(day, day.weekday() < 5)

    def from_day(self, day: date) -> date:
        """The day itself when it is a working day, else the next one."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day


def holidays_known_until(definitions: Definitions) -> date | None:
    """The last day for which holidays are known; beyond it due dates know weekends only."""
    days = definitions.table("holidays")["holiday_date"].to_list()
    return date(max(date.fromisoformat(day) for day in days).year, 12, 31) if days else None


class Calendar:
    """The reporting calendar of the definitions, ready to be asked many times."""

    def __init__(self, definitions: Definitions) -> None:
        self._working_days = WorkingDays.of(definitions)
        self._rows: dict[str, list[dict[str, str | None]]] = {}
        for row in definitions.table("calendar").iter_rows(named=True):
            self._rows.setdefault(row["calendar_code"], []).append(row)
        self._known: dict[tuple[str, str, Period], datetime] = {}

    def due_at(self, form_version: FormVersion, city_code: str, period: Period) -> datetime:
        """The last moment at which a form of a period is on time, in Asia/Shanghai wall time.

        Raises:
            CalendarError: no row of the form's calendar covers the city and period.
        """
        key = (form_version.calendar_code, city_code, period)
        if key not in self._known:
            self._known[key] = self._due_at(*key)
        return self._known[key]

    def _due_at(self, calendar_code: str, city_code: str, period: Period) -> datetime:
        row = self._row(calendar_code, city_code, period)
        months = period.end.year * 12 + period.end.month - 1 + int(row["due_month_offset"] or 0)
        year, month = months // 12, months % 12 + 1
        # Day 31 of a shorter month is its last day.
        day = date(year, month, min(int(row["due_day"] or 1), monthrange(year, month)[1]))
        if row["holiday_shift"] == _NEXT_WORKING_DAY:
            day = self._working_days.from_day(day)
        return datetime.combine(day, time.fromisoformat(row["due_time"] or "23:59:59"))

    def _row(self, calendar_code: str, city_code: str, period: Period) -> dict[str, str | None]:
        """The calendar row in force at the period's end; a city's own row goes before the rest."""
        day = period.end.isoformat()
        fitting = [
            row
            for row in self._rows.get(calendar_code, [])
            if row["city_code"] in (None, city_code)
            and (row["valid_from"] or "") <= day < (row["valid_to"] or "9999")
        ]
        if not fitting:
            raise CalendarError(calendar_code, city_code, period.end)
        return max(fitting, key=lambda row: (row["city_code"] is not None, row["valid_from"] or ""))


def due_at(
    definitions: Definitions, form_version: FormVersion, city_code: str, period: Period
) -> datetime:
    """The due moment of one form, city and period; see `Calendar.due_at`."""
    return Calendar(definitions).due_at(form_version, city_code, period)


def due_dates(
    definitions: Definitions,
    first: date,
    last: date,
    city_codes: Iterable[str] | None = None,
) -> pl.DataFrame:
    """One row per version of a filed form, city and period that ends by `last` with its due moment.

    Published releases are owed by nobody and have no due date. `city_codes` defaults to the cities
    of units that are assigned a form. Periods before a calendar begins have no row.
    """
    calendar = Calendar(definitions)
    cities = sorted(
        {a.unit.city_code for a in definitions.assignments}
        if city_codes is None
        else set(city_codes)
    )
    rows: list[tuple[str, str, str, str, datetime]] = []
    for form in definitions.form_versions:
        if form.form_kind != "template":
            continue
        for period in periods_between(form.frequency, first, last):
            if not form.covers(period):
                continue
            for city in cities:
                try:
                    moment = calendar.due_at(form, city, period)
                except CalendarError:
                    continue
                rows.append((form.form_code, form.form_version, city, period.code, moment))
    return pl.DataFrame(rows, schema=DUE_DATES_SCHEMA, orient="row")
