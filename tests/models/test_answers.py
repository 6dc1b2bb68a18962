"""Extensions and explanations in the marts: lateness by decision, reasons without words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.models.builders import problems
from tests.models.worlds import EAST, WEST, small_city

if TYPE_CHECKING:
    from tests.models.builders import Warehouse

WORDS = "经王小明核对，电话13800000000，某公司集中质押所致"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """West never filed its August; its fourth quarter came on 3 January, due on the 10th."""
    world = small_city(tmp_path_factory.mktemp("answers"))
    world.define(
        "explanation_reasons",
        {"reason_code": "batch_grant", "reason_zh": "集中授权或登记"},
        {"reason_code": "small_base", "reason_zh": "基数小"},
    )
    for order, until in enumerate(("2025-09-30 17:00:00", "2026-02-10 17:00:00"), start=1):
        put_off(world, WEST, "M", "2025-08", order, until)
    # The third quarter was filed on 3 January: on time for West alone, which was put off to it.
    put_off(world, WEST, "Q", "2025-Q3", 1, "2026-01-03 09:00:00")
    for number, (element, status, reason) in enumerate(
        (
            ("grants", "explained", "batch_grant"),
            ("grants", "explained", "small_base"),
            ("grants", "corrected", "resubmitted"),
        )
    ):
        world.insert(
            "findings",
            finding_id=f"said{number}",
            rule_id="H01",
            severity_code="verify",
            submission_id=f"{EAST}.M.2025-05.v1",
            unit_code=EAST,
            form_code="M",
            period_code="2025-05",
            element_code=element,
            message_zh=WORDS,
            status_code=status,
            reason_code=reason,
        )
    assert problems(world.build()) == []
    return world


def put_off(world: Warehouse, unit: str, form: str, period: str, order: int, until: str) -> None:
    world.insert(
        "extensions",
        unit_code=unit,
        form_code=form,
        period_code=period,
        extension_order=order,
        extended_to=until,
        decided_at="2025-09-01 09:00:00",
    )


def test_what_was_put_off_beyond_the_day_is_not_due_and_not_owed(city: Warehouse) -> None:
    rates = city.query(
        "select cast(extended_to as varchar), is_expected, is_received, is_on_time"
        f" from marts.reporting_rates where unit_code = '{WEST}' and period_code = '2025-08'"
    )
    assert rates == [("2026-02-10 17:00:00", False, False, False)]
    assert city.query(
        "select value, obs_status from marts.unit_observations"
        f" where unit_code = '{WEST}' and period_code = '2025-08'"
    ) == [(None, "not_due")]


def test_the_city_still_waits_for_the_unit_that_was_put_off(city: Warehouse) -> None:
    assert city.query(
        "select expected_units, reported_units from marts.city_indicators"
        " where indicator_code = 'GRANTS' and period_code = '2025-08' and period_type = 'month'"
    ) == [(2, 1)]


def test_lateness_is_judged_by_the_extension_and_both_moments_are_shown(city: Warehouse) -> None:
    rows = city.query(
        "select unit_code, cast(due_at as varchar), is_on_time from marts.reporting_rates"
        " where form_code = 'Q' and period_code = '2025-Q3' order by unit_code"
    )
    due = "2025-10-10 23:59:59"
    assert sorted(rows) == sorted([(EAST, due, False), (WEST, due, True)])


def test_an_explanation_stands_beside_the_value_by_its_coded_reasons(city: Warehouse) -> None:
    assert city.query(
        "select explanation_zh from marts.unit_observations"
        f" where unit_code = '{EAST}' and element_code = 'grants'"
        " and period_code in ('2025-05', '2025-06') order by period_code"
    ) == [("基数小、集中授权或登记",), (None,)]
    assert city.query(
        "select finding_id, explanation_code, explanation_zh from marts.findings"
        " where finding_id like 'said%'"
        " order by finding_id"
    ) == [
        ("said0", "batch_grant", "集中授权或登记"),
        ("said1", "small_base", "基数小"),
        ("said2", None, None),
    ]


def test_no_word_of_an_explanation_reaches_the_marts(city: Warehouse) -> None:
    tables = [name for (name,) in city.query(
        "select table_name from duckdb_tables() where schema_name = 'marts'")]  # fmt: skip
    assert len(tables) > 10
    for name in tables:
        for row in city.query(f"select * from marts.{name}"):
            assert not any(word in str(row) for word in ("王小明", "13800000000", "某公司")), name
