"""Revisions: which published values a release changes, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.unit.warehouse.marts import Observed, ask, build, figures, release
from warehouse.queries.history import differences
from warehouse.releases.gate import Verdict
from warehouse.releases.history import published_manifest
from warehouse.releases.publish import publish
from warehouse.settings import Settings

COLUMNS = "table_name, key_text, cast(old_value as double), cast(new_value as double), reason_code"


def revisions(settings: Settings) -> list[tuple[Any, ...]]:
    return ask(settings.published_db, f"select {COLUMNS} from marts.revisions order by all")


def test_one_county_filing_anew_revises_its_value_and_what_depends_on_it_and_no_other(
    settings: Settings,
):
    release(settings)
    result = release(settings, figures(u150402=Observed("11", "v2")))
    assert revisions(settings) == [
        ("city_indicators", "150400|patents|2025-12|month", 30.0, 31.0, "resubmitted"),
        ("plan_table", "red|red-1|2025-12|month", 30.0, 31.0, "resubmitted"),
        ("unit_observations", "150402|patents|2025-12|month", 10.0, 11.0, "resubmitted"),
    ]
    assert result.revisions == 3
    facts = "select distinct release_id, from_release, to_release, reason_zh from marts.revisions"
    assert ask(settings.published_db, facts) == [
        ("20260131-002", "20260131-001", "20260131-002", "填报单位重新报送")
    ]


@pytest.mark.parametrize(
    ("observed", "reason", "values"),
    [
        (Observed("12", "v1", "corrected"), "corrected", (10.0, 12.0)),
        (Observed(None, None, "missing"), "withdrawn", (10.0, None)),
        (Observed("12", "v1", "authority"), "authority_revised", (10.0, 12.0)),
        (Observed("12", "v1", "carried"), "withdrawn", (10.0, 12.0)),
    ],
)
def test_the_reason_comes_from_what_happened_to_the_units_figure(
    settings: Settings, observed: Observed, reason: str, values: tuple[float, float | None]
):
    release(settings)
    release(settings, figures(u150402=observed))
    unit_row = revisions(settings)[-1]
    assert unit_row[2:] == (*values, reason)
    assert {row[4] for row in revisions(settings)} == {reason}


def test_an_earlier_version_in_force_again_tells_of_a_withdrawal(settings: Settings):
    release(settings, figures(u150402=Observed("12", "v2")))
    release(settings, figures())
    assert {row[4] for row in revisions(settings)} == {"withdrawn"}


def test_a_figure_an_authority_prints_anew_is_the_reason_of_the_citys_that_is_its_own(
    settings: Settings,
):
    release(settings, printed=40)
    release(settings, printed=41)
    assert [(*row[:2], row[4]) for row in revisions(settings)] == [
        ("city_indicators", "150400|patents|2025-12|month", "authority_revised"),
        ("plan_table", "red|red-1|2025-12|month", "authority_revised"),
    ]


def test_a_printed_figure_that_is_only_compared_explains_nothing(settings: Settings):
    release(settings, printed=40, source="sum_of_units")
    release(settings, printed=41, source="sum_of_units", weight=2)
    assert {row[4] for row in revisions(settings)} == {"recalculated"}


def test_a_first_figure_revises_only_the_totals_it_enters(settings: Settings):
    release(settings, figures(u150402=Observed(None, None, "missing")))
    release(settings, figures())
    assert [(row[0], row[4]) for row in revisions(settings)] == [
        ("city_indicators", "late_report"),
        ("plan_table", "late_report"),
    ]


def test_changed_definitions_are_the_reason_where_no_unit_changed(settings: Settings):
    release(settings)
    release(settings, figures(), definitions="d2", weight=2)
    assert {row[4] for row in revisions(settings)} == {"definitions_changed"}
    assert {row[0] for row in revisions(settings)} == {"city_indicators", "plan_table"}


def test_a_table_that_has_grown_a_column_since_the_last_release_is_still_compared(
    settings: Settings,
):
    for columns in ("plan_code varchar", "plan_code varchar, is_current boolean"):
        building, run = build(settings, figures(u150402=Observed(str(len(columns)))))
        with duckdb.connect(str(building.file)) as connection:
            connection.execute(
                f"create or replace table marts.plan_targets (target_code varchar, {columns})"
            )
        assert publish(settings, building, run, Verdict()).outcome == "released"
    assert {row[4] for row in revisions(settings)} == {"recalculated"}


def test_a_plan_moving_on_to_its_next_period_revises_nothing(settings: Settings):
    release(settings)
    building, run = build(settings, figures(), date(2026, 2, 28), period="2026-01")
    publish(settings, building, run, Verdict())
    assert [row for row in revisions(settings) if row[0] == "plan_table"] == []


def test_revisions_of_earlier_releases_are_carried_and_told_once(settings: Settings):
    release(settings)
    changed = figures(u150402=Observed("11", "v2"))
    release(settings, changed)
    assert release(settings, changed, date(2026, 2, 1)).outcome == "unchanged"
    release(settings, figures(u150402=Observed("12", "v3")), date(2026, 2, 2))
    steps = "select to_release, count(*) from marts.revisions group by 1 order by 1"
    assert ask(settings.published_db, steps) == [("20260131-002", 3), ("20260202-001", 3)]


def test_what_changes_in_a_reopened_period_says_so_with_the_releases_name(settings: Settings):
    reopened = {
        "city_code": "150400", "form_code": "M1", "period_code": "2025-12", "closing_order": 2,
        "release_name": "十二月更正一", "reason_zh": "旗县补报", "reopened_at": "2026-02-01",
        "is_open": True,
    }  # fmt: skip
    unmoved = reopened | {"period_code": "2025-11", "release_name": "十一月更正"}
    for number, told in (("10", ()), ("11", (reopened, unmoved))):
        observed = figures(u150402=Observed(number), u150202=Observed(number))
        building, run = build(settings, observed)
        with duckdb.connect(str(building.file)) as connection:
            connection.execute(
                "alter table marts.unit_observations add column form_code varchar default 'M1'"
            )
        run = replace(run, reopenings=told)
        assert publish(settings, building, run, Verdict()).outcome == "released"
    manifest = published_manifest(settings)
    assert manifest is not None
    assert manifest["reopenings"] == [reopened, unmoved]
    by_key = {row[1].split("|")[0]: row[4] for row in revisions(settings) if row[0] != "plan_table"}
    assert by_key["150402"] == by_key["150400"] == "reopened"
    assert by_key["150202"] == "recalculated"
    said = differences(settings, "20260131-001", "20260131-002")
    texts = {row["reason_zh"] for row in said if row["reason_code"] == "reopened"}
    assert texts == {"封库后经开封的补报或更正（十二月更正一）"}
