"""One changed cell, one withdrawn file: exactly the rows that depend on it move."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.integration.conftest import Workspace, changed

KEYS = {
    "unit_observations": ("unit_code", "element_code", "period_code"),
    "unit_indicators": ("unit_code", "indicator_code", "period_code", "period_type"),
    "city_indicators": ("city_code", "indicator_code", "period_code", "period_type"),
    "plan_progress": ("target_code", "period_code", "period_type"),
    "plan_table": ("target_code",),
}
VALUE = {"plan_progress": "actual_value", "plan_table": "actual_value"}


def values(workspace: Workspace, table: str) -> dict[tuple[Any, ...], Any]:
    key = KEYS[table]
    value = VALUE.get(table, "value")
    rows = workspace.query(f"select {', '.join(key)}, {value} from marts.{table}")
    return {row[:-1]: row[-1] for row in rows}


def moved(before: dict[Any, Any], after: dict[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    assert before.keys() == after.keys()
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


def test_adding_one_to_a_cell_moves_what_depends_on_it_and_nothing_else(
    copied: Workspace, tmp_path: Path
) -> None:
    unit, element, period = "150202", "ip_workforce", "2025-Q4"
    [(submission, place, old)] = copied.query(
        "select submission_id, source_cell, value from marts.unit_observations"
        " where unit_code = ? and element_code = ? and period_code = ?",
        unit, element, period,
    )  # fmt: skip
    before = {table: values(copied, table) for table in KEYS}
    book = copied.filed_workbook(submission, tmp_path)
    cell = place.split("!")[-1]
    copied.drop("150200", unit, "更正后.xlsx", changed(book, {cell: int(old) + 1}))
    night = copied.night()
    assert night["is_new"] is True
    after = {table: values(copied, table) for table in KEYS}
    differences = {table: moved(before[table], after[table]) for table in KEYS}

    assert differences["unit_observations"] == {(unit, element, period): (old, old + Decimal(1))}
    views = {("2025-Q4", "quarter"), ("2025-S2", "half"), ("2025", "year")}
    for table, area in (("unit_indicators", unit), ("city_indicators", "150200")):
        assert set(differences[table]) == {
            (area, "IP_WORKFORCE", code, kind) for code, kind in views
        }, table
        assert {new - was for was, new in differences[table].values()} == {1.0}
    [(target, (was, new))] = differences["plan_table"].items()
    assert new - was == 1.0
    assert {key[0] for key in differences["plan_progress"]} == {target[0]}
    assert {new - was for was, new in differences["plan_progress"].values()} == {1.0}

    revised = copied.query(
        "select table_name, old_value, new_value, reason_code from marts.revisions"
        " where table_name = 'unit_observations'"
    )
    assert len(revised) == 1
    assert Decimal(revised[0][2]) - Decimal(revised[0][1]) == 1
    assert revised[0][3] == "resubmitted"
    [(version,)] = copied.query(
        "select version from marts.unit_observations"
        " where unit_code = ? and element_code = ? and period_code = ?",
        unit, element, period,
    )  # fmt: skip
    assert version == 2


def test_a_withdrawn_file_leaves_a_gap_and_not_a_fall(copied: Workspace) -> None:
    submission = "150402.IP-Q1.2025-Q4.v1"
    full = copied.query(
        "select target_code, reported_units, expected_units from marts.plan_table"
        " where city_code = '150400' and indicator_code = 'TM_VALID_STOCK'"
    )
    assert full[0][1:] == (12, 12)
    copied.run(
        "decide",
        "withdraw",
        submission,
        "--reason",
        "填报单位发现口径有误，撤回重报",
        "--author",
        "hongshan-01",
    )
    assert copied.night()["is_new"] is True
    [(status, reported, expected, coverage)] = copied.query(
        "select status_code, reported_units, expected_units, coverage_pct from marts.plan_table"
        " where target_code = ?",
        full[0][0],
    )
    assert (reported, expected) == (11, 12)
    assert round(coverage, 1) == 91.7
    assert status in {"incomplete", "met"}
    gaps = copied.query(
        "select distinct value, obs_status from marts.unit_observations"
        " where unit_code = '150402' and form_code = 'IP-Q1' and period_code = '2025-Q4'"
    )
    assert gaps == [(None, "missing")]


def test_the_same_file_twice_is_one_submission_and_two_versions_in_one_night_are_two(
    copied: Workspace, tmp_path: Path
) -> None:
    from datetime import datetime

    submission = "150202.IP-Q1.2025-Q4.v1"
    original = copied.filed_workbook(submission, tmp_path).read_bytes()
    copied.drop("150200", "150202", "再报一次（同一文件）.xlsx", original)
    assert copied.night()["is_new"] is False
    [(cell, value)] = copied.query(
        "select source_cell, value from marts.unit_observations where submission_id = ?"
        " and element_code = 'ip_service_orgs'",
        submission,
    )
    for number, hour in ((1, 9), (2, 15)):
        path = tmp_path / "filed.xlsx"
        path.write_bytes(original)
        data = changed(path, {cell.split("!")[-1]: int(value) + number})
        copied.drop(
            "150200", "150202", f"第{number}次 更正.xlsx", data, datetime(2026, 1, 30, hour)
        )
    copied.night()
    states = {
        row["submission_id"]: row["state_code"]
        for row in copied.run("submissions", "--json").json
        if row["submission_id"].startswith("150202.IP-Q1.2025-Q4")
    }
    assert states["150202.IP-Q1.2025-Q4.v3"] == "published"
    assert states["150202.IP-Q1.2025-Q4.v1"] == "superseded"
    assert len(states) == 3
    [(now, version)] = copied.query(
        "select value, version from marts.unit_observations where unit_code = '150202'"
        " and element_code = 'ip_service_orgs' and period_code = '2025-Q4'"
    )
    assert (now, version) == (value + 2, 3)
