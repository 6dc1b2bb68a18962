"""What holds for any figures, not only for the ones we thought of. Cases are generated, always the
same ones, and go through the statements dbt ran."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.conformance.chains import FROM_OBSERVATIONS, Chain, chain
from tests.conformance.worlds import TrapWorld, at

CITY = at(550)
UNITS = [at(550, unit) for unit in (1, 2, 3)]
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
FEW = settings(
    max_examples=10, derandomize=True, deadline=None, database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)  # fmt: skip

# Cells as filed: up to six decimals, negative ones (corrections), and never filed.
cells = st.one_of(
    st.none(),
    st.integers(-50, 10**6).map(str),
    st.decimals(0, 10**6, places=6, allow_nan=False, allow_infinity=False).map(str),
)
year_of_cells = st.lists(
    st.lists(cells, min_size=12, max_size=12), min_size=len(UNITS), max_size=len(UNITS)
)


@pytest.fixture(scope="module")
def models(city: TrapWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain(city, CITY, tmp_path_factory.mktemp("chain")) as one:
        yield one


def _file_months(models: Chain, figures: list[list[str | None]]) -> None:
    models.file(
        (f"{unit}.M.{month}.v1", "grants", number)
        for unit, year in zip(UNITS, figures, strict=True)
        for month, number in zip(MONTHS, year, strict=True)
    )
    models.run(*FROM_OBSERVATIONS)


def _digest(models: Chain) -> list[tuple[Any, ...]]:
    return models.rows("select * from intermediate.int_indicators_of_cities order by all")


def _views(models: Chain) -> dict[tuple[str, str], tuple[Decimal | None, int]]:
    rows = models.rows(
        "select view_type, view_code, numerator, reported_units"
        " from intermediate.int_indicators_of_cities"
        f" where city_code = '{CITY}' and indicator_code = 'GRANTS' and plan_code is null"
    )
    return {(view, code): (number, reported) for view, code, number, reported in rows}


def _sum(numbers: list[Decimal | None]) -> Decimal | None:
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal(0)) if known else None


@FEW
@given(figures=year_of_cells)
def test_months_make_quarters_and_years_and_counties_make_the_city(
    models: Chain, figures: list[list[str | None]]
) -> None:
    """Roll-up is associative: over time, over units, and in either order."""
    _file_months(models, figures)
    views = _views(models)
    filed = [[None if n is None else Decimal(n) for n in year] for year in figures]
    for place, month in enumerate(MONTHS):
        assert views["month", month][0] == _sum([year[place] for year in filed])
    for finer, coarser in (("month", "quarter"), ("quarter", "half"), ("half", "year")):
        parts = sorted(code for view, code in views if view == finer)
        wholes = sorted(code for view, code in views if view == coarser)
        each = len(parts) // len(wholes)
        for place, code in enumerate(wholes):
            inside = [views[finer, part][0] for part in parts[place * each : (place + 1) * each]]
            assert views[coarser, code][0] == _sum(inside), code
    assert views["ytd", "2025-12"][0] == views["year", "2025"][0]
    complete = sum(all(number is not None for number in year) for year in filed)
    assert views["year", "2025"][1] == complete


@FEW
@given(pairs=st.lists(st.tuples(cells, cells), min_size=3, max_size=3))
def test_a_ratio_is_the_sum_over_the_sum(
    models: Chain, pairs: list[tuple[str | None, str | None]]
) -> None:
    """Numerators and denominators are added apart, those of units that filed both where both sides
    are filed at all; over nothing or 0 there is no ratio."""
    models.file(
        (f"{unit}.A.2025.v1", element, number)
        for unit, pair in zip(UNITS, pairs, strict=True)
        for element, number in zip(("closed", "accepted"), pair, strict=True)
    )
    models.run(*FROM_OBSERVATIONS)
    [(numerator, denominator, value)] = models.rows(
        "select numerator, denominator, value from intermediate.int_indicators_of_cities"
        f" where city_code = '{CITY}' and indicator_code = 'RATE' and view_type = 'year'"
    )
    filed = [[None if n is None else Decimal(n) for n in pair] for pair in pairs]
    both_sides_filed = all(any(n is not None for n in side) for side in zip(*filed, strict=True))
    counted = [pair for pair in filed if not both_sides_filed or None not in pair]
    assert numerator == _sum([pair[0] for pair in counted])
    assert denominator == _sum([pair[1] for pair in counted])
    if numerator is None or not denominator:
        assert value is None
    else:
        assert value == pytest.approx(float(100 * numerator / denominator), rel=1e-12)


SECOND = "777"
QUARTER = "'2025-01', '2025-02', '2025-03'"


@contextmanager
def _second_versions(models: Chain) -> Iterator[None]:
    """A second version of each form of the first quarter, an hour after the first."""
    models.rows(
        "insert into raw.reported_values by name select v.* replace"
        f" (v.submission_id || '.2' as submission_id, '{SECOND}' as number_text)"
        " from raw.reported_values as v inner join raw.submissions as s using (submission_id)"
        f" where s.form_code = 'M' and s.period_code in ({QUARTER})"
    )
    models.rows(
        "insert into raw.submissions by name select * replace"
        " (submission_id || '.2' as submission_id, 2 as version,"
        " received_at + interval 1 hour as received_at)"
        f" from raw.submissions where form_code = 'M' and period_code in ({QUARTER})"
    )
    try:
        yield
    finally:
        for table in ("submissions", "reported_values"):
            models.rows(f"delete from raw.{table} where submission_id like '%.2'")


@FEW
@given(figures=year_of_cells, seed=st.integers(0, 10**6))
def test_neither_the_order_of_rows_nor_a_second_run_changes_a_figure(
    models: Chain, figures: list[list[str | None]], seed: int
) -> None:
    """Processing order is of no account, and the same rows give the same tables again. Every form
    of the first quarter is there twice, so that one of two versions has to be chosen."""
    chosen = ("int_submissions_in_force", *FROM_OBSERVATIONS)
    with _second_versions(models):
        models.run("int_submissions_in_force")
        _file_months(models, figures)
        once = _digest(models)
        assert _views(models)["month", "2025-02"] == (3 * Decimal(SECOND), 3)
        models.run(*chosen)
        assert _digest(models) == once
        models.shuffled(seed)
        models.run(*chosen)
        assert _digest(models) == once
    models.run("int_submissions_in_force")


START = datetime(2025, 2, 1, 9)
ASKED = (
    "select submission_id, value from intermediate.int_value_versions where unit_code = ?"
    " and period_code = '2025-01' and known_from <= ? and (known_to is null or known_to > ?)"
)
STATES = ("passed", "accepted_city", "returned", "held", "withdrawn")

# When a version came (hours after the start), its figure, and what happened to it hours later.
arrivals = st.lists(
    st.tuples(
        st.integers(0, 100), st.integers(0, 99),
        st.lists(st.tuples(st.integers(0, 60), st.sampled_from(STATES)), min_size=1, max_size=3),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


TWO_IN_TURN = [(0, 1, [(1, "accepted_city")]), (10, 2, [(1, "accepted_city")])]


@FEW
@given(history=arrivals, asked_after=st.integers(0, 120))
@example(history=TWO_IN_TURN, asked_after=50)
def test_what_becomes_known_later_changes_no_earlier_day(
    models: Chain, history: list[tuple[int, int, list[tuple[int, str]]]], asked_after: int
) -> None:
    """As-of is monotone: the figure of a day is the same before and after later events are known,
    and on no day are there two."""
    unit = UNITS[0]
    day = START + timedelta(hours=asked_after)

    def known(until: datetime | None) -> list[tuple[Any, ...]]:
        for table in ("submissions", "submission_events", "reported_values"):
            models.rows(f"delete from raw.{table} where submission_id like 'P.%'")
        for place, (hour, number, events) in enumerate(history, start=1):
            received = START + timedelta(hours=hour)
            if until is not None and received > until:
                continue
            name = f"P.{place}"
            models.rows(
                "insert into raw.submissions by name select ? as submission_id, ? as unit_code,"
                " ? as city_code, 'M' as form_code, '1' as form_version,"
                " '2025-01' as period_code, ? as version, ? as file_name,"
                " ?::timestamp as received_at, ?::timestamp as known_from,"
                " false as is_nil_return, 'passed' as state_code",
                [name, unit, CITY, place, name, received, received],
            )
            models.rows(
                "insert into raw.reported_values by name select ? as submission_id,"
                " '01' as row_code, 'current' as value_column, 'grants' as element_code,"
                " ? as number_text",
                [name, str(number)],
            )
            moment = received
            for order, (later, state) in enumerate(events, start=1):
                moment += timedelta(hours=later)
                if until is None or moment <= until:
                    models.rows(
                        "insert into raw.submission_events by name select ? as submission_id,"
                        " ? as event_order, ? as to_state, ?::timestamp as effective_at",
                        [name, order, state, moment],
                    )
        models.run("int_value_versions")
        return models.rows(ASKED, [unit, day, day])

    models.rows(
        "delete from raw.submission_events where submission_id = ?", [f"{unit}.M.2025-01.v1"]
    )
    then, now = known(day), known(None)
    assert then == now
    assert len(now) <= 1


BROKEN = {
    "the greatest for the sum": (
        test_months_make_quarters_and_years_and_counties_make_the_city,
        "int_indicators_of_cities",
        "cast(sum(paired_parts.paired_numerator)", "cast(max(paired_parts.paired_numerator)",
    ),
    "months added to the year alone": (
        test_months_make_quarters_and_years_and_counties_make_the_city,
        "int_element_views",
        "cast(sum(viewable.value) as decimal(28, 6)) as value",
        "cast(case when view_periods.view_type = 'half' then max(viewable.value)"
        " else sum(viewable.value) end as decimal(28, 6)) as value",
    ),
    "the greatest denominator": (
        test_a_ratio_is_the_sum_over_the_sum,
        "int_indicators_of_cities",
        "cast(sum(paired_parts.paired_denominator)",
        "cast(max(paired_parts.paired_denominator)",
    ),
    "chance": (
        test_neither_the_order_of_rows_nor_a_second_run_changes_a_figure,
        "int_indicators_of_cities",
        "cast(sum(paired_parts.paired_numerator)",
        "cast(sum(paired_parts.paired_numerator + cast(100 * random() as integer))",
    ),
    "the first of two versions": (
        test_neither_the_order_of_rows_nor_a_second_run_changes_a_figure,
        "int_submissions_in_force",
        "versions.arrival_rank desc", "versions.arrival_rank asc",
    ),
    "a version known for ever": (
        test_what_becomes_known_later_changes_no_earlier_day,
        "int_value_versions",
        "real_changes.next_moment_at as known_to", "cast(null as timestamp) as known_to",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_model_breaks_its_property(models: Chain, name: str) -> None:
    holds, model, found, put = BROKEN[name]
    with models.broken(model, found, put), pytest.raises(AssertionError):
        holds(models=models)
