"""Planted faults: each in a file of its own, each tied to what must be found."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from sources.definitions import Definitions
from sources.demo.faults import PlantedFault, listed_faults, plant_faults, write_manifest
from sources.demo.generator import blueprints, write_demo
from sources.demo.planning import plan_demo
from sources.demo.spoiling import ACTIONS
from sources.demo.submission import DemoSubmission
from sources.errors import SourceError
from sources.submission_files import parse_submission


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def demo(definitions: Definitions) -> list[DemoSubmission]:
    return list(plan_demo(definitions, "2025-10", "2025-12"))


@pytest.fixture(scope="module")
def planted(definitions: Definitions, demo: list[DemoSubmission]) -> list[PlantedFault]:
    return list(plant_faults(demo, blueprints(definitions, demo)))


def test_every_listed_fault_is_planted(planted: list[PlantedFault]) -> None:
    assert [one.fault.fault_code for one in planted] == [f.fault_code for f in listed_faults()]
    assert len(planted) >= 25


def test_every_fault_stands_in_a_form_of_its_own(planted: list[PlantedFault]) -> None:
    places = [
        (p.submission.unit.unit_code, p.fault.form_code, p.submission.period.code) for p in planted
    ]
    assert len(set(places)) == len(places)


def test_faults_stand_in_the_newest_period_so_that_nothing_later_is_held_against_them(
    planted: list[PlantedFault],
) -> None:
    for one in planted:
        assert one.submission.period.end.isoformat() >= "2025-12-31"


def test_every_fault_names_rules_of_the_registry(
    definitions: Definitions, planted: list[PlantedFault]
) -> None:
    known = set(definitions.table("rules")["rule_id"].to_list())
    assert all(one.findings for one in planted)
    assert {rule for one in planted for rule, _, _ in one.findings} <= known


def test_every_kind_of_spoiling_is_used() -> None:
    assert {fault.action for fault in listed_faults()} == set(ACTIONS)


def test_a_file_s_fault_is_refused_with_the_rule_sheet_and_cell_promised(
    definitions: Definitions, planted: list[PlantedFault]
) -> None:
    refused = [one for one in planted if one.findings[0][0].startswith("S")]
    assert len(refused) > 12
    for one in refused:
        filed = one.submission
        with pytest.raises(SourceError) as caught:
            parse_submission(one.data, filed.file_name, filed.unit.unit_code, definitions, True)
        error = caught.value
        assert [(error.rule_id, error.sheet or "", error.cell or "")] == list(one.findings)


def test_a_figure_s_fault_is_read_and_changes_no_more_cells_than_it_says(
    definitions: Definitions, planted: list[PlantedFault]
) -> None:
    for one in planted:
        if one.findings[0][0].startswith(("S", "P", "V16")):
            continue
        filed = one.submission
        parsed = parse_submission(
            one.data, filed.file_name, filed.unit.unit_code, definitions, True
        )
        changed = {
            f"{row}.{column}"
            for row, column, number, issue in parsed.values.select(
                "row_code", "value_column", "number_text", "issue_code"
            ).iter_rows()
            if issue is not None or Decimal(number) != filed.values[row, column]
        }
        swapped = one.fault.argument.split() if one.fault.action == "swap" else []
        assert changed == {*one.fault.target.split(), *swapped}, one.fault.fault_code
        assert {cell for _, _, cell in one.findings} <= set(parsed.values["cell"].to_list())


def test_a_nil_return_with_figures_promises_each_figure(planted: list[PlantedFault]) -> None:
    nil = next(one for one in planted if one.fault.action == "nil")
    assert len(nil.findings) == sum(1 for value in nil.submission.values.values() if value)


def test_the_manifest_has_a_row_per_cell_and_rule(
    tmp_path: Path, planted: list[PlantedFault]
) -> None:
    path = tmp_path / "home" / "demo_faults.csv"
    write_manifest(path, planted)
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == sum(len(one.findings) for one in planted)
    assert {row["fault_code"] for row in rows} == {f.fault_code for f in listed_faults()}
    total = [row for row in rows if row["fault_code"] == "F15"]
    assert [row["rule_id"] for row in total] == ["C01", "C05", "C07"]
    assert len({row["cell"] for row in total}) == 2


def test_a_spoiled_file_takes_the_place_of_the_sound_one(
    tmp_path: Path, definitions: Definitions
) -> None:
    city = sorted(definitions.plan_cities)[0]
    sound = write_demo(definitions, tmp_path / "a" / "inbox", "2025-12", "2025-12", cities={city})
    spoiled = write_demo(
        definitions, tmp_path / "b" / "inbox", "2025-12", "2025-12", cities={city}, faults=True
    )
    assert spoiled.faults_manifest_path == tmp_path / "b" / "demo_faults.csv"
    with (tmp_path / "b" / "demo_faults.csv").open(encoding="utf-8", newline="") as handle:
        files = {(row["unit_code"], row["file_name"]) for row in csv.DictReader(handle)}
    names = [
        {path.relative_to(home) for path in home.rglob("*") if path.is_file()}
        for home in (tmp_path / "a" / "inbox", tmp_path / "b" / "inbox")
    ]
    extra = names[1] - names[0]
    assert names[0] <= names[1]
    assert spoiled.files == sound.files + len(extra)
    for unit, name in files:
        first, second = ((tmp_path / side / "inbox" / city / unit / name) for side in ("a", "b"))
        assert not first.exists() or first.read_bytes() != second.read_bytes()
