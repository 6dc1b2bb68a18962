"""Each test of the publish gate can fail: a built release is spoilt, and the test must say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.models.builders import PROJECT, problems
from tests.models.worlds import CITY, EAST, OFFICE, small_city

if TYPE_CHECKING:
    from tests.models.builders import Warehouse

SPOILT = {
    "assert_grid_rows_in_equal_rows_out": (
        f"delete from marts.unit_observations where unit_code = '{EAST}'"
        " and period_code = '2025-04'"
    ),
    "assert_city_indicators_equal_sum_of_members": (
        "update marts.city_indicators set numerator = numerator + 1"
        " where indicator_code = 'GRANTS' and period_code = '2025-04' and period_type = 'month'"
    ),
    "assert_ratio_rows_equal_numerator_over_denominator": (
        "update marts.city_indicators set value = value + 0.01 where is_ratio"
    ),
    "assert_every_target_stands": "delete from marts.plan_table where target_code = 'T3'",
    "assert_no_missing_value_is_a_number": (
        "update marts.unit_observations set value = 0 where obs_status = 'missing'"
    ),
    "assert_no_body_is_counted_twice": (
        "update marts.units set is_partition_member = true where zone_relation = 'inside'"
    ),
    "assert_versions_in_force_equal_observations": (
        "update marts.unit_observation_versions set value = value + 1"
        f" where unit_code = '{EAST}' and period_code = '2025-04'"
    ),
    "assert_coverage_stays_within_bounds": (
        "update marts.city_indicators set reported_units = expected_units + 1"
        " where period_code = '2025-04'"
    ),
    "assert_as_is_loses_nothing": (
        "update marts.city_indicators_as_is set numerator = numerator + 1"
        " where indicator_code = 'GRANTS' and period_code = '2025-04' and period_type = 'month'"
    ),
    "assert_every_definition_stands_once": (
        "insert into marts.plans select * from marts.plans where plan_code = 'jia'"
    ),
}

UNFOUND_CORRECTION = "assert_every_correction_finds_its_cell"


def _file_a_year_again_as_history(world: Warehouse) -> None:
    world.define("forms", {
        "form_code": "PAST", "form_version": "1", "form_zh": "PAST", "frequency": "year",
        "form_kind": "history", "valid_from": "2020-01-01",
    })  # fmt: skip
    world.define("form_elements", {
        "form_code": "PAST", "form_version": "1", "row_code": "01", "element_code": "parks",
        "value_column": "current", "unit_factor": 1,
    })  # fmt: skip
    world.file(OFFICE, "PAST", "2025", {"parks": "5"})


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    world = small_city(tmp_path_factory.mktemp("gate"))
    world.define("unit_changes", {
        "change_code": "new-name", "change_kind": "rename", "changed_on": "2025-06-01",
        "from_unit_code": EAST, "to_unit_code": EAST,
    })  # fmt: skip
    _file_a_year_again_as_history(world)
    assert problems(world.build()) == []
    return world


def test_every_gate_test_is_tried_here() -> None:
    written = {path.stem for path in (PROJECT / "tests").glob("*.sql")}
    assert written == set(SPOILT) | {UNFOUND_CORRECTION}


@pytest.mark.parametrize("name", sorted(SPOILT))
def test_a_spoilt_release_is_noticed_and_the_city_is_named(city: Warehouse, name: str) -> None:
    sound = city.release_file.read_bytes()
    try:
        with duckdb.connect(str(city.release_file)) as connection:
            connection.execute(SPOILT[name])
        failed = problems(city.dbt("test", "--select", name))
        assert [text.split(": ")[:2] for text in failed] == [[name, "fail"]]
        assert city.private(f"select distinct city_code from gate.{name}") == [(CITY,)]
    finally:
        city.release_file.write_bytes(sound)


@pytest.mark.parametrize(
    ("body", "problems_told"),
    [("city", {"not what it was", "not the sum of its units"}),
     ("unit", {"not the sum of its units", "not what all of them were"})],
)  # fmt: skip
def test_what_restating_loses_is_noticed_in_each_way(
    city: Warehouse, body: str, problems_told: set[str]
) -> None:
    name = "assert_as_is_loses_nothing"
    sound = city.release_file.read_bytes()
    try:
        with duckdb.connect(str(city.release_file)) as connection:
            connection.execute(
                f"update marts.{body}_indicators_as_is set numerator = numerator - 1"
                " where indicator_code = 'GRANTS' and period_code = '2025-04'"
                f" and period_type = 'month' and {body}_code in ('{CITY}', '{EAST}')"
            )
        assert problems(city.dbt("test", "--select", name))
        told = city.private(f"select distinct problem from gate.{name}")
        assert {one for (one,) in told} == problems_told
    finally:
        city.release_file.write_bytes(sound)


def test_a_correction_without_a_cell_is_noticed(city: Warehouse) -> None:
    submission = f"{EAST}.M.2025-01.v1"
    with duckdb.connect(str(city.warehouse_file)) as connection:
        connection.execute(
            "insert into raw.corrections (correction_id, submission_id, row_code, value_column,"
            " new_number_text, state_code) values ('k', ?, '99', 'current', '5', 'approved')",
            [submission],
        )
    failed = problems(city.dbt("test", "--select", UNFOUND_CORRECTION))
    assert [text.split(": ")[:2] for text in failed] == [[UNFOUND_CORRECTION, "fail"]]
    assert city.private(f"select city_code from gate.{UNFOUND_CORRECTION}") == [(CITY,)]


def test_a_year_filed_again_as_history_stands_beside_its_form_and_is_not_added(
    city: Warehouse,
) -> None:
    for mart in ("unit_observations", "unit_observation_versions"):
        assert city.query(
            f"select form_code, cast(value as integer) from marts.{mart} where unit_code ="
            f" '{OFFICE}' and element_code = 'parks' and period_code = '2025' order by form_code"
        ) == [("A", 1), ("PAST", 5)]
    assert city.query(
        "select value, reported_units, has_history from marts.city_indicators where"
        " indicator_code = 'PARKS' and period_type = 'year' and period_code = '2025'"
        f" and city_code = '{CITY}'"
    ) == [(1, 1, False)]


@pytest.mark.parametrize(("form", "told_as"), [("PAST", "reported"), ("A", "history")])
def test_two_forms_that_speak_in_one_way_for_one_year_are_noticed(
    city: Warehouse, form: str, told_as: str
) -> None:
    name = "assert_no_body_is_counted_twice"
    sound = city.release_file.read_bytes()
    try:
        with duckdb.connect(str(city.release_file)) as connection:
            connection.execute(
                f"update marts.unit_observations set obs_status = '{told_as}'"
                f" where form_code = '{form}' and element_code = 'parks'"
            )
        assert problems(city.dbt("test", "--select", name))
        assert city.private(f"select city_code, problem from gate.{name}") == [
            (CITY, "parks 2025")
        ]
    finally:
        city.release_file.write_bytes(sound)
