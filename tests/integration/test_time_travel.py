"""Three nights with a resubmission, a population revision and a new formula between them.

What was known on a day is computed anew from versions and must equal what was released that day,
cell by cell; a day without a release is answered too.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Workspace, changed

CITY, UNIT, PLAN = "150400", "150402", "chifeng-2023"
FIRST, SECOND, THIRD = "2026-01-31", "2026-02-10", "2026-02-20"
BETWEEN = "2026-02-05"
Table = list[dict[str, Any]]


def _cells(rows: Table) -> Table:
    return [{name: row[name] for name in row if name != "release_id"} for row in rows]


def _known(workspace: Workspace, day: str) -> Table:
    return _cells(workspace.run("table", PLAN, "--as-of", day, "--json").json)


def _released(workspace: Workspace, release_id: str) -> Table:
    return _cells(workspace.run("table", PLAN, "--release", release_id, "--json").json)


def _actual(rows: Table, target: str) -> float:
    return float(next(row["actual_value"] for row in rows if row["target_code"] == target))


def _overlay(folder: Path) -> Path:
    """A population revised on 1 January 2026, and a formula that counts each certificate twice."""
    folder.mkdir()
    (folder / "populations.csv").write_text(
        "area_code,area_name_zh,year,population_kind,reference_date,available_from,"
        "available_basis,resident_population,source\n"
        f"{CITY},赤峰市,2024,year_end,2024-12-31,2025-12-30,printed,3900000,修订公报\n",
        encoding="utf-8",
    )
    (folder / "indicator_terms.csv").write_text(
        "indicator_code,term_role,term_order,element_code,coefficient\n"
        "GI_CERT_TM_STOCK,numerator,1,gi_cert_tm_stock,2\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def travelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, str]]:
    """The workspace after its three nights, and which release each made."""
    workspace = Workspace(tmp_path_factory.mktemp("travel") / "var")
    workspace.run("init")
    toml = workspace.home / "workspace.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + f'\ncities = ["{CITY}"]\n', encoding="utf-8")
    workspace.run("demo", "--from", "2025-10")
    releases = {FIRST: workspace.night()["release_id"]}

    [(submission, place)] = workspace.query(
        "select submission_id, source_cell from marts.unit_observations where unit_code = ?"
        " and element_code = 'tm_valid_stock' and period_code = '2025-Q4'",
        UNIT,
    )
    folder = tmp_path_factory.mktemp("filed")
    filed = workspace.filed_workbook(submission, folder)
    [(old,)] = workspace.query(
        "select value from marts.unit_observations where unit_code = ?"
        " and element_code = 'tm_valid_stock' and period_code = '2025-Q4'",
        UNIT,
    )
    data = changed(filed, {place.split("!")[-1]: int(old) + 7})
    workspace.drop(CITY, UNIT, "补正.xlsx", data, datetime(2026, 2, 3, 9, 0))
    releases[SECOND] = workspace.night("--date", SECOND)["release_id"]

    overlay = _overlay(workspace.home.parent / "definitions")
    foreseen = workspace.run("definitions", "diff", str(overlay), "--json").json
    (workspace.home.parent / "foreseen.json").write_text(json.dumps(foreseen), encoding="utf-8")
    toml.write_text(
        toml.read_text(encoding="utf-8") + f'definitions = "{overlay}"\n', encoding="utf-8"
    )
    releases[THIRD] = workspace.night("--date", THIRD)["release_id"]
    # From here on the business day is the last night's.
    toml.write_text(toml.read_text(encoding="utf-8").replace(FIRST, "2026-02-28"), encoding="utf-8")
    return workspace, releases


def test_the_three_nights_released_three_different_tables(
    travelled: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, releases = travelled
    first, second, third = (_released(workspace, releases[day]) for day in (FIRST, SECOND, THIRD))
    assert _actual(second, "CF-H01") - _actual(first, "CF-H01") == 7
    assert _actual(third, "CF-H02") == 2 * _actual(second, "CF-H02")
    assert _actual(third, "CF-H03") > _actual(second, "CF-H03")
    vintages = {
        row["denominator_vintage"] for row in (*second, *third) if row["target_code"] == "CF-H03"
    }
    assert len(vintages) == 2


@pytest.mark.parametrize("day", [FIRST, SECOND, THIRD])
def test_a_day_computed_anew_equals_what_was_released_on_it(
    travelled: tuple[Workspace, dict[str, str]], day: str
) -> None:
    workspace, releases = travelled
    assert _known(workspace, day) == _released(workspace, releases[day])


def test_a_day_without_a_release_is_answered_by_what_had_arrived(
    travelled: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, releases = travelled
    rows = _known(workspace, BETWEEN)
    second = _released(workspace, releases[SECOND])
    assert {row["as_of"] for row in rows} == {BETWEEN}
    assert _actual(rows, "CF-H01") == _actual(second, "CF-H01")
    before = _known(workspace, "2026-02-02")
    assert _actual(before, "CF-H01") == _actual(second, "CF-H01") - 7


def test_asking_changes_nothing_and_a_day_to_come_is_refused(
    travelled: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, releases = travelled
    kept = {path.name for path in (workspace.home / "releases").iterdir()}
    _known(workspace, FIRST)
    assert {path.name for path in (workspace.home / "releases").iterdir()} == kept
    assert set(releases.values()) == {name for name in kept if not name.startswith(".")}
    outcome = workspace.run("table", PLAN, "--as-of", "2027-01-01", ends_with=1)
    assert outcome.exit_code == 1


def test_a_release_keeps_the_definitions_it_was_made_with(
    travelled: tuple[Workspace, dict[str, str]], tmp_path: Path
) -> None:
    workspace, releases = travelled
    for day, factor in ((SECOND, "1"), (THIRD, "2")):
        path = workspace.home / "releases" / releases[day] / "definitions/indicator_terms.csv"
        shutil.copyfile(path, tmp_path / f"{day}.csv")
        line = next(
            text
            for text in (tmp_path / f"{day}.csv").read_text(encoding="utf-8").splitlines()
            if text.startswith("GI_CERT_TM_STOCK,")
        )
        assert line.split(",")[4] == factor


def _reasons(rows: Table, table: str = "plan_table") -> dict[str, str]:
    return {
        row["key_text"].split("|")[1]: row["reason_code"]
        for row in rows
        if row["table_name"] == table and row["column_name"] == "actual_value"
    }


EXPLAINED = {"CF-H02": "definitions_changed", "CF-H03": "population_revised"}


def test_each_revision_names_its_own_reason_and_not_its_neighbours(
    travelled: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, releases = travelled
    first, second, third = (releases[day] for day in (FIRST, SECOND, THIRD))
    assert _reasons(workspace.run("diff", first, second, "--json").json) == {
        "CF-H01": "resubmitted"
    }
    assert _reasons(workspace.run("diff", second, third, "--json").json) == EXPLAINED
    assert _reasons(workspace.run("diff", first, third, "--json").json) == {
        "CF-H01": "resubmitted",
        **EXPLAINED,
    }
    told = workspace.query(
        "select split_part(key_text, '|', 2), reason_code from marts.revisions"
        " where table_name = 'plan_table' and column_name = 'actual_value'"
    )
    assert dict(told) == {"CF-H01": "resubmitted", **EXPLAINED}


def test_definitions_diff_had_foreseen_what_the_new_definitions_changed(
    travelled: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, releases = travelled
    foreseen = json.loads((workspace.home.parent / "foreseen.json").read_text(encoding="utf-8"))
    assert _reasons(foreseen) == EXPLAINED
    came = workspace.run("diff", releases[SECOND], releases[THIRD], "--json").json

    def changes(rows: Table) -> set[tuple[str, ...]]:
        return {(row["table_name"], row["key_text"], row["new_value"]) for row in rows}

    assert changes(foreseen) == changes(came)
