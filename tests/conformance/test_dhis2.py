"""Truth tables of DHIS2 (dhis2/dhis2-core) in our own words, through our rules and models."""

from __future__ import annotations

from datetime import date

import pytest

from expectations.errors import RuleError
from sources.periods import PeriodError, containing, parse_period, previous, shift
from tests.conformance.readings import found, night, rule
from tests.conformance.worlds import TrapWorld

LEFT, RIGHT = "pledge_items", "licence_contracts"
PRESENT, MISSING = "1", (None, "blank")
PAIRS = {"00": (MISSING, MISSING), "01": (MISSING, PRESENT), "10": (PRESENT, MISSING),
         "11": (PRESENT, PRESENT)}  # fmt: skip


def _table(left: str, operator: str, right: str, **more: str) -> dict[str, bool]:
    """Which pair of cells a rule finds fault with."""
    filed = night(D01=rule(left, operator, right, **more))
    units = dict(zip(PAIRS, ("150402", "150403", "150404", "150421"), strict=True))
    for name, cells in PAIRS.items():
        filed.file(units[name], "IP-Q2", "2025-Q1", dict(zip((LEFT, RIGHT), cells, strict=True)))
    blamed = {unit for unit, _ in found(filed)}
    return {name: unit in blamed for name, unit in units.items()}


@pytest.mark.parametrize(
    ("strategy", "blamed"),
    [("skip", {"11"}), ("never_skip", {"10", "11"})],
)
def test_missing_value_strategies(strategy: str, blamed: set[str]) -> None:
    """ValidationServiceTest, missing values 00 to 11: skip any is our `skip`, never skip takes
    what is missing for 0. The rule left + 0 <= right − 1 is broken by 1, 1 and by 1, 0."""
    table = _table(LEFT, "<=", f"{RIGHT} - 1", missing_strategy=strategy)
    if strategy == "never_skip":
        blamed = blamed | {"00"}  # 0 <= −1
    assert {name for name, is_blamed in table.items() if is_blamed} == blamed


def test_skipping_only_when_all_are_missing_is_no_strategy_of_ours() -> None:
    """DHIS2's third strategy would judge a half-known rule; the registry refuses the word."""
    with pytest.raises(RuleError):
        night(D01=rule(LEFT, "<=", RIGHT, missing_strategy="skip_if_all_missing"))


def test_a_compulsory_pair_is_two_signs_that_agree() -> None:
    """ValidationServiceTest, compulsory pair: both or neither."""
    table = _table(f"sign({LEFT})", "=", f"sign({RIGHT})", missing_strategy="never_skip",
                   target_element=LEFT)  # fmt: skip
    assert table == {"00": False, "01": True, "10": True, "11": False}


def test_an_exclusive_pair_is_two_signs_that_add_to_one_at_most() -> None:
    """ValidationServiceTest, exclusive pair: never both."""
    table = _table(f"sign({LEFT}) + sign({RIGHT})", "<=", "1", missing_strategy="never_skip",
                   target_element=LEFT)  # fmt: skip
    assert table == {"00": False, "01": False, "10": False, "11": True}


PERIODS = {
    "2024-01": ("month", date(2024, 1, 1), date(2024, 1, 31)),
    "2024-02": ("month", date(2024, 2, 1), date(2024, 2, 29)),
    "2023-02": ("month", date(2023, 2, 1), date(2023, 2, 28)),
    "2024-05": ("month", date(2024, 5, 1), date(2024, 5, 31)),
    "2024-Q1": ("quarter", date(2024, 1, 1), date(2024, 3, 31)),
    "2024-Q2": ("quarter", date(2024, 4, 1), date(2024, 6, 30)),
    "2024-S1": ("half", date(2024, 1, 1), date(2024, 6, 30)),
    "2024-S2": ("half", date(2024, 7, 1), date(2024, 12, 31)),
    "2024": ("year", date(2024, 1, 1), date(2024, 12, 31)),
}


@pytest.mark.parametrize("code", PERIODS)
def test_a_period_code_goes_round(code: str) -> None:
    """AdxPeriodTest, parse and serialize: code to days and days to code."""
    period = parse_period(code)
    assert (period.period_type, period.start, period.end) == PERIODS[code]
    for day in (period.start, period.end):
        assert containing(period.period_type, day).code == code
    assert previous(shift(period, 1)) == period


@pytest.mark.parametrize(
    "text",
    [
        "2024-13", "2024-00", "2024-Q0", "2024-Q5", "2024-S3", "202501", "2024Q1", "2024-1",
        "2024-01/P1", "2024-01-01/P1M/P1M", "2024-02-30/2024-03-01", "2024-06-15/2024-06-14",
        "2024-W1", "24-01", "", "二〇二四年",
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    """AdxPeriodTest, bad format, bad duration, bad start day; ours knows neither weeks nor other
    starts of the year, only a window that names both its days."""
    with pytest.raises(PeriodError):
        parse_period(text)


def test_an_indicator_is_the_sum_over_the_sum_times_its_factor(city: TrapWorld) -> None:
    """AnalyticsServiceTest, indicators over several units and periods."""
    row = city.city_value("RATE", 1, "2024", "year")
    assert row["value"] == 100 * (90 + 1) / (100 + 10)
    assert (row["numerator"], row["denominator"], row["factor"]) == (91, 110, 100)


def test_year_to_date_begins_anew_each_january(city: TrapWorld) -> None:
    """AnalyticsServiceTest, year to date."""
    values = {
        month: city.city_value("GRANTS", 7, month, "ytd")["value"]
        for month in ("2024-11", "2024-12", "2025-01", "2025-02")
    }
    assert values == {"2024-11": 18, "2024-12": 19, "2025-01": 5, "2025-02": 8}


def test_a_period_offset_reaches_over_the_years_end_and_not_over_a_hole(city: TrapWorld) -> None:
    """AnalyticsServiceTest, period offset: one month back and twelve."""
    january = city.city_value("GRANTS", 7, "2025-01", "month")
    assert (january["previous_value"], january["same_period_last_year"]) == (1, 4)
    first = city.city_value("GRANTS", 7, "2024-01", "month")
    assert (first["previous_value"], first["same_period_last_year"]) == (None, None)
    after_the_hole = city.city_value("GRANTS", 501, "2025-04", "month")
    assert (after_the_hole["value"], after_the_hole["previous_value"]) == (4, None)
