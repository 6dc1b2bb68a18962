"""The publish gate: whom a failed check holds, and what a held city keeps."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from tests.unit.warehouse.marts import Observed, ask, figures, release
from warehouse.releases.gate import FailedTest, HeldCity, Verdict, judge
from warehouse.releases.history import published_manifest
from warehouse.settings import Settings

CHANGED = figures(u150402=Observed("11", "v2"), u150202=Observed("6", "v2"))
HELD = Verdict((HeldCity("150400", "检查 assert_sum 未通过（1 行）"),))


@pytest.fixture
def warehouse():
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema gate;
            create table gate.assert_sum (city_code varchar, unit_code varchar);
            create table gate.assert_keys (release_id varchar);
            insert into gate.assert_sum values ('150400', 'a'), ('150400', 'b'), ('150200', 'c');
            insert into gate.assert_keys values ('x');
            """
        )
        yield connection


def test_failing_rows_name_the_cities_held(warehouse):
    verdict = judge(warehouse, [FailedTest("assert_sum", '"memory"."gate"."assert_sum"')])
    assert verdict.held == (
        HeldCity("150200", "检查 assert_sum 未通过（1 行）"),
        HeldCity("150400", "检查 assert_sum 未通过（2 行）"),
    )
    assert not verdict.holds_all


def test_a_failing_row_without_a_city_holds_all(warehouse):
    warehouse.execute("insert into gate.assert_sum values (null, 'd')")
    assert judge(warehouse, [FailedTest("assert_sum", "gate.assert_sum")]).holds_all


@pytest.mark.parametrize(
    "failed",
    [
        FailedTest("assert_keys", "gate.assert_keys"),
        FailedTest("errored", None, "Contract Error"),
        FailedTest("not_stored", "gate.no_such_table"),
    ],
)
def test_a_failure_that_names_no_city_holds_all(warehouse, failed: FailedTest):
    verdict = judge(warehouse, [FailedTest("assert_sum", "gate.assert_sum"), failed])
    assert verdict.holds_all
    assert failed.name in verdict.all_held_because[0]
    assert failed.message in verdict.all_held_because[0]


def test_without_a_failed_test_nothing_is_held(warehouse):
    assert judge(warehouse, []) == Verdict()


def test_a_held_city_keeps_its_rows_and_their_release_and_no_other_city_waits(settings: Settings):
    release(settings)
    result = release(settings, CHANGED, verdict=HELD)
    assert (result.outcome, result.release_id) == ("released", "20260131-002")
    totals = "select city_code, release_id, actual_value from marts.plan_table order by 1"
    assert ask(settings.published_db, totals) == [
        ("150200", "20260131-002", 6.0),
        ("150400", "20260131-001", 30.0),
    ]
    # Linked by unit only, and by plan.
    assert ask(
        settings.published_db, "select unit_code, release_id from marts.findings order by 1"
    ) == [
        ("150202", "20260131-002"),
        ("150402", "20260131-001"),
        ("150403", "20260131-001"),
    ]
    held = [{"city_code": "150400", "reason": "检查 assert_sum 未通过（1 行）"}]
    assert published_manifest(settings)["held_cities"] == held
    revised = "select distinct split_part(key_text, '|', 1) from marts.revisions order by 1"
    assert ask(settings.published_db, revised) == [("150200",), ("150202",), ("steel",)]


def test_a_held_city_alone_in_its_change_makes_no_release_but_is_told(settings: Settings):
    release(settings)
    only = figures(u150402=Observed("11", "v2"))
    result = release(settings, only, date(2026, 2, 1), verdict=HELD)
    assert result.outcome == "unchanged"
    assert published_manifest(settings)["held_cities"][0]["city_code"] == "150400"
    # Let through the next night, its rows come at last and the note goes.
    assert release(settings, only, date(2026, 2, 2)).outcome == "released"
    assert published_manifest(settings)["held_cities"] == []


def test_a_city_held_at_the_first_release_has_no_rows(settings: Settings):
    release(settings, verdict=HELD)
    cities = "select distinct city_code from marts.unit_observations"
    assert ask(settings.published_db, cities) == [("150200",)]
    assert ask(settings.published_db, "select unit_code from marts.findings") == [("150202",)]


def test_a_city_held_for_two_nights_keeps_the_mark_of_its_release_until_it_is_let_through(
    settings: Settings,
):
    """Each night other cities move on; the rows held stay those of the last release before."""
    asked = "select city_code, release_id, actual_value from marts.plan_table order by 1"
    release(settings)
    release(settings, CHANGED, verdict=HELD)
    third = figures(u150402=Observed("12", "v3"), u150202=Observed("7", "v3"))
    release(settings, third, date(2026, 2, 1), verdict=HELD)
    assert ask(settings.published_db, asked) == [
        ("150200", "20260201-001", 7.0),
        ("150400", "20260131-001", 30.0),
    ]
    release(settings, third, date(2026, 2, 2))
    assert ask(settings.published_db, asked) == [
        ("150200", "20260202-001", 7.0),
        ("150400", "20260202-001", 32.0),
    ]
    revised = (
        "select from_release, old_value, new_value from marts.revisions"
        " where table_name = 'unit_observations' and split_part(key_text, '|', 1) = '150402'"
    )
    [(before, old, new)] = ask(settings.published_db, revised)
    assert (before, float(old), float(new)) == ("20260201-001", 10.0, 12.0)


def test_a_city_held_at_the_first_release_comes_with_the_next(settings: Settings):
    release(settings, verdict=HELD)
    assert published_manifest(settings)["held_cities"][0]["city_code"] == "150400"
    release(settings)
    cities = "select distinct city_code from marts.plan_table order by 1"
    assert ask(settings.published_db, cities) == [("150200",), ("150400",)]
    assert published_manifest(settings)["held_cities"] == []
