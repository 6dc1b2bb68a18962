"""Period codes, their ends and their neighbours."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.periods import (
    PeriodError,
    containing,
    parse_period,
    period_of,
    periods_between,
    previous,
    same_period_last_year,
    shift,
)


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2025-S2", date(2025, 7, 1), date(2025, 12, 31)),
        ("2025-Q1", date(2025, 1, 1), date(2025, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-02", date(2025, 2, 1), date(2025, 2, 28)),
        ("2020-12-16/2021-06-15", date(2020, 12, 16), date(2021, 6, 15)),
    ],
)
def test_a_code_names_its_first_and_last_day(code: str, start: date, end: date) -> None:
    period = parse_period(code)
    assert (period.start, period.end, period.code) == (start, end, code)


@pytest.mark.parametrize(
    "text", ["", "2025-13", "2025-Q5", "2025-S3", "25-01", "2025Q1", "2021-06-15/2020-12-16"]
)
def test_a_text_that_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(text)


def test_the_period_before_january_is_december() -> None:
    assert previous(parse_period("2025-01")).code == "2024-12"
    assert previous(parse_period("2025-Q1")).code == "2024-Q4"
    assert previous(parse_period("2025-S1")).code == "2024-S2"
    assert same_period_last_year(parse_period("2025-Q3")).code == "2024-Q3"


def test_a_window_has_no_neighbour() -> None:
    with pytest.raises(PeriodError):
        shift(parse_period("2020-12-16/2021-06-15"), 1)


def test_only_ended_periods_stand_between_two_days() -> None:
    codes = [p.code for p in periods_between("quarter", date(2020, 11, 5), date(2021, 9, 29))]
    assert codes == ["2020-Q4", "2021-Q1", "2021-Q2"]


@given(
    st.sampled_from(["month", "quarter", "half", "year"]),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.integers(-40, 40),
)
def test_stepping_there_and_back_is_home(kind: str, day: date, steps: int) -> None:
    period = containing(kind, day)
    assert period.start <= day <= period.end
    assert shift(shift(period, steps), -steps) == period
    assert parse_period(period.code) == period


def test_labels_are_those_of_a_form() -> None:
    labels = [period_of(kind, 2025, n).label_zh for kind, n in [("month", 3), ("quarter", 4)]]
    assert labels == ["2025年3月", "2025年四季度"]
