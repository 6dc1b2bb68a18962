"""When a form is due."""

from datetime import date, datetime

import pytest

from sources.definitions import Definitions, FormVersion
from sources.duedates import CalendarError, due_at, due_dates, holidays_known_until
from sources.periods import parse_period
from tests.unit.sources.builders import small_definitions


def _row(**changes: object) -> dict[str, object]:
    return {"calendar_code": "M", "due_month_offset": "1", "due_day": "5",
            "due_time": "23:59:59", "holiday_shift": "next_working_day",
            "valid_from": "2020-01-01"} | changes  # fmt: skip


def _form(definitions: Definitions, version: str = "2") -> FormVersion:
    return next(f for f in definitions.form_versions if f.form_version == version)


def _due(period: str, definitions: Definitions, city: str = "900100") -> datetime:
    return due_at(definitions, _form(definitions), city, parse_period(period))


@pytest.mark.parametrize(
    ("period", "due"),
    [
        ("2025-01", datetime(2025, 2, 5, 23, 59, 59)),  # a Wednesday
        ("2025-03", datetime(2025, 4, 7, 23, 59, 59)),  # the 5th is a Saturday
        ("2025-12", datetime(2026, 1, 5, 23, 59, 59)),  # over the year's end
        ("2025-Q4", datetime(2026, 1, 5, 23, 59, 59)),
        ("2025", datetime(2026, 1, 5, 23, 59, 59)),
    ],
)
def test_a_form_is_due_on_the_day_of_the_month_after_its_period(period: str, due: datetime) -> None:
    assert _due(period, small_definitions(calendar=[_row()])) == due


def test_a_holiday_moves_the_day_to_the_next_working_day() -> None:
    holidays = [("2025-10-06", False), ("2025-10-07", False), ("2025-10-08", False)]
    assert _due("2025-09", small_definitions(holidays, [_row()])) == datetime(
        2025, 10, 9, 23, 59, 59
    )


def test_a_saturday_that_is_worked_is_a_working_day() -> None:
    assert _due("2025-03", small_definitions([("2025-04-05", True)], [_row()])).day == 5


def test_without_a_shift_the_day_stays_on_a_weekend() -> None:
    assert _due("2025-03", small_definitions(calendar=[_row(holiday_shift="none")])).day == 5


@pytest.mark.parametrize(
    ("period", "day"), [("2025-01", 28), ("2024-01", 29), ("2025-03", 30), ("2025-04", 31)]
)
def test_day_31_of_a_shorter_month_is_its_last_day(period: str, day: int) -> None:
    calendar = [_row(due_day="31", holiday_shift="none")]
    assert _due(period, small_definitions(calendar=calendar)).day == day


def test_a_citys_own_calendar_row_goes_before_the_general_one() -> None:
    calendar = [_row(), _row(city_code="900200", due_day="8")]
    definitions = small_definitions(calendar=calendar)
    assert _due("2025-01", definitions, "900200").day == 10  # the 8th is a Saturday
    assert _due("2025-01", definitions, "900100").day == 5


def test_a_period_before_the_calendar_begins_has_no_due_date() -> None:
    definitions = small_definitions(calendar=[_row()])
    with pytest.raises(CalendarError):
        _due("2019-11", definitions)


def test_the_frame_has_one_row_per_version_city_and_period() -> None:
    definitions = small_definitions(calendar=[_row()])
    frame = due_dates(definitions, date(2023, 11, 1), date(2024, 2, 29))
    assert frame.filter(form_code="T-M1").rows() == [
        ("T-M1", "1", "900100", "2023-11", datetime(2023, 12, 5, 23, 59, 59)),
        ("T-M1", "1", "900100", "2023-12", datetime(2024, 1, 5, 23, 59, 59)),
        ("T-M1", "2", "900100", "2024-01", datetime(2024, 2, 5, 23, 59, 59)),
        ("T-M1", "2", "900100", "2024-02", datetime(2024, 3, 5, 23, 59, 59)),
    ]


def test_nobody_owes_a_published_release() -> None:
    frame = due_dates(small_definitions(calendar=[_row()]), date(2024, 1, 1), date(2024, 12, 31))
    assert "P-M1" not in frame["form_code"].to_list()


def test_the_seeded_holidays_are_only_days_that_differ_from_the_week() -> None:
    rows = Definitions.load().table("holidays")
    for day, flag in rows.select("holiday_date", "is_workday").iter_rows():
        assert (flag == "true") == (date.fromisoformat(day).weekday() >= 5), day
    assert holidays_known_until(Definitions.load()) == date(2026, 12, 31)
