"""What one changed cell, one withdrawn file and one wrong definition do, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.models.builders import RAW_COLUMNS, problems
from tests.models.worlds import CITY, EAST, small_city

if TYPE_CHECKING:
    from pathlib import Path

    from tests.models.builders import Warehouse


def _values(world: Warehouse) -> dict[tuple[Any, ...], Any]:
    found: dict[tuple[Any, ...], Any] = {}
    for row in world.query(
        "select 'observation', unit_code, element_code, period_type, period_code, value"
        " from marts.unit_observations"
        " union all select 'unit', unit_code, indicator_code, period_type, period_code, numerator"
        " from marts.unit_indicators"
        " union all select 'city', city_code, indicator_code, period_type, period_code, numerator"
        " from marts.city_indicators"
    ):
        found[tuple(row[:-1])] = row[-1]
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[Any, ...], Any]:
    world = small_city(tmp_path_factory.mktemp("before"))
    assert problems(world.build()) == []
    return _values(world)


def test_one_more_in_one_cell_changes_exactly_the_rows_that_depend_on_it(
    before: dict[tuple[Any, ...], Any], tmp_path: Path
) -> None:
    world = small_city(tmp_path, east_in_june="4")
    assert problems(world.build()) == []
    after = _values(world)
    changed = {key: after[key] - before[key] for key in before if after[key] != before[key]}
    assert after.keys() == before.keys()
    assert set(changed.values()) == {1}
    months_after = [f"2025-{month:02d}" for month in range(6, 13)]
    views = [("month", "2025-06"), ("quarter", "2025-Q2"), ("half", "2025-S1"), ("year", "2025")]
    views += [("ytd", month) for month in months_after]
    assert set(changed) == {("observation", EAST, "grants", "month", "2025-06")} | {
        (table, body, "GRANTS", *view)
        for table, body in (("unit", EAST), ("city", CITY))
        for view in views
    }


def test_a_withdrawn_file_leaves_a_gap_that_coverage_tells_of(tmp_path: Path) -> None:
    world = small_city(tmp_path)
    withdrawn = f"{EAST}.M.2025-03.v1"
    world.rows["submissions"] = [
        tuple(
            "withdrawn" if row[0] == withdrawn and value == "accepted_city" else value
            for value in row
        )
        for row in world.rows["submissions"]
    ]
    world.insert(
        "submission_events",
        submission_id=withdrawn,
        event_order=2,
        to_state="withdrawn",
        effective_at="2026-01-20 10:00:00",
    )
    assert problems(world.build()) == []
    assert world.query(
        "select value, obs_status from marts.unit_observations"
        f" where unit_code = '{EAST}' and period_code = '2025-03'"
    ) == [(None, "missing")]
    assert world.query(
        "select cast(numerator as integer), reported_units, expected_units, yoy_status"
        " from marts.city_indicators where indicator_code = 'GRANTS'"
        " and period_code = '2025-03' and period_type = 'month'"
    ) == [(4, 1, 2, "base_missing")]
    assert world.query(
        "select version_status, cast(known_to as varchar) from marts.unit_observation_versions"
        f" where unit_code = '{EAST}' and period_code = '2025-03'"
    ) == [("accepted", "2026-01-20 10:00:00")]


def test_a_zone_counted_beside_its_host_fails_the_gate_for_its_city(tmp_path: Path) -> None:
    world = small_city(tmp_path)
    for row in world.definitions["units"]:
        if row.get("zone_relation") == "inside":
            row["is_partition_member"] = "true"
    failed = [text.split(":")[0] for text in problems(world.build())]
    assert failed == ["assert_no_body_is_counted_twice"]
    assert world.private("select city_code from gate.assert_no_body_is_counted_twice") == [(CITY,)]


def test_a_correction_that_was_undone_stays_in_what_was_known(tmp_path: Path) -> None:
    world = small_city(tmp_path)
    filing = f"{EAST}.M.2025-03.v1"
    cell = next(row for row in world.rows["reported_values"] if filing in row)
    where = dict(zip(RAW_COLUMNS["reported_values"], cell, strict=False))
    world.insert(
        "corrections", correction_id="K", submission_id=filing, row_code=where["row_code"],
        value_column=where["value_column"], element_code=where["element_code"],
        new_number_text="9", state_code="proposed",
    )  # fmt: skip
    for order, (verb, day) in enumerate((("approve", "20"), ("undo", "23")), start=2):
        world.insert(
            "submission_events", submission_id=filing, event_order=order, verb=verb,
            from_state="accepted_city", to_state="accepted_city", reason_code="K",
            undoes_order=2 if verb == "undo" else None, effective_at=f"2026-01-{day} 10:00:00",
        )  # fmt: skip
    assert problems(world.build()) == []
    told = world.query(
        "select cast(value as integer), version_status, strftime(known_from, '%d'),"
        " strftime(known_to, '%d') from marts.unit_observation_versions"
        f" where unit_code = '{EAST}' and period_code = '2025-03' order by known_from"
    )
    filed = int(where["number_text"])
    assert [row[:2] for row in told] == [
        (filed, "accepted"), (9, "corrected"), (filed, "accepted"),
    ]  # fmt: skip
    assert [row[2:] for row in told][1:] == [("20", "23"), ("23", None)]
    assert told[0][3] == "20"
