"""Past years filed afterwards: an office's own yearly totals beside the counties' regular forms.

One workspace of one city: its counties file 2025 quarter by quarter, the city itself files the four
years before, one county files 2025 a second time as a yearly figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import Workspace

CITY, UNIT, PLAN = "150600", "150602", "ordos-2022-draft"
FORM, SOURCE = "IP-H1", "鄂尔多斯市统计年鉴"
PLEDGED = {"2021": 61_000, "2022": 72_500, "2023": 80_000, "2024": 91_250}
MARKS = {"2021": 31_000, "2024": 47_000}
SECOND_FIGURE = 777
LOADED = datetime(2026, 1, 30, 9, 0)


def _filed(
    workspace: Workspace, unit: str, year: str, values: Mapping[str, int], source: str | None
) -> None:
    blank = workspace.home.parent / f"{unit}-{year}.xlsx"
    workspace.run("template", "--form", FORM, "--unit", unit, "--period", year, "--out", str(blank))
    book = load_workbook(blank)
    sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    for row in sheet.iter_rows():
        if row[0].value in values:
            row[3].value, row[4].value = values[row[0].value], source
    book.save(blank)
    workspace.drop(CITY, unit, blank.name, blank.read_bytes(), LOADED)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("history") / "var")
    workspace.run("init")
    toml = workspace.home / "workspace.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + f'\ncities = ["{CITY}"]\n', encoding="utf-8")
    workspace.run("demo", "--from", "2025-01")
    for year, amount in PLEDGED.items():
        values = {"知识产权质押融资登记金额": amount}
        if year in MARKS:
            values["有效注册商标总量"] = MARKS[year]
        _filed(workspace, CITY, year, values, None if year == "2022" else SOURCE)
    _filed(workspace, UNIT, "2025", {"知识产权质押融资登记金额": SECOND_FIGURE}, SOURCE)
    workspace.night()
    return workspace


def _row(workspace: Workspace, target: str, *arguments: str) -> dict[str, Any]:
    rows = workspace.run("table", PLAN, "--json", *arguments).json
    return next(row for row in rows if row["target_code"] == target)


def test_a_filed_year_is_history_known_from_the_day_it_came(office: Workspace) -> None:
    found = office.query(
        "select period_code, value, obs_status, is_provisional, cast(known_from as date)"
        " from marts.unit_observations where unit_code = ? and form_code = ?"
        " and element_code = 'pledge_registered_amount' order by period_code",
        CITY,
        FORM,
    )
    # The year without a source document waits for a word about it, and counts provisionally.
    assert [(year, float(value), status, waits) for year, value, status, waits, _ in found] == [
        (year, amount, "history", year == "2022") for year, amount in PLEDGED.items()
    ]
    assert {day for *_, day in found} == {LOADED.date()}


def test_the_regions_releases_are_taken_where_one_of_its_cities_is_served(
    office: Workspace,
) -> None:
    """A workspace of one city is told of by the region above it, and waits for no other file."""
    assert not [path for path in (office.home / "inbox").rglob("*") if path.is_file()]
    [(figures,)] = office.query(
        "select count(*) from marts.reconciliation where area_code = ?", CITY
    )
    assert figures > 0


def test_nobody_owes_history(office: Workspace) -> None:
    assert office.query("select count(*) from marts.reporting_rates where form_code = ?", FORM) == [
        (0,)
    ]


def test_a_running_total_goes_on_from_the_citys_years_to_the_counties_quarters(
    office: Workspace,
) -> None:
    [(of_2025,)] = office.query(
        "select sum(value) from marts.unit_observations where city_code = ?"
        " and element_code = 'pledge_registered_amount' and period_type = 'quarter'"
        " and period_start >= date '2025-01-01' and is_partition_member",
        CITY,
    )
    row = _row(office, "EO-H06")
    assert row["actual_value"] == pytest.approx(
        (sum(PLEDGED.values()) + float(of_2025)) / 10_000, rel=1e-12
    )
    assert (row["coverage_pct"], row["source_of_record"]) == (100, "history+sum_of_units")
    assert row["is_additive"] is False


def test_a_level_of_a_past_year_is_the_first_period_known(office: Workspace) -> None:
    row = _row(office, "EO-H03")
    assert (row["baseline_year"], row["baseline_source"]) == (2021, "observed")
    assert row["baseline_value"] == pytest.approx(MARKS["2021"] / 10_000)


def test_the_day_before_it_came_knew_nothing_of_it(office: Workspace) -> None:
    row = _row(office, "EO-H06", "--as-of", "2026-01-29")
    assert row["status_code"] == "incomplete"
    assert row["actual_value"] < sum(PLEDGED.values()) / 10_000


def test_complete_regular_filings_of_the_year_keep_their_place(office: Workspace) -> None:
    [(of_year, annual, difference, in_force, taken, status)] = office.query(
        "select sum_of_periods, annual_value, difference, value_in_force, is_annual_in_force,"
        " status_code from marts.annual_adjustments where unit_code = ?",
        UNIT,
    )
    assert (annual, taken, status) == (SECOND_FIGURE, False, "adjusted")
    assert (in_force, difference) == (of_year, SECOND_FIGURE - of_year)


def test_the_trace_ends_in_the_cells_of_history_and_adds_up(office: Workspace) -> None:
    found = office.run("trace", "EO-H06", "--json").json
    assert found["is_equal"]
    [term] = [term for term in found["terms"] if term["term_role"] == "numerator"]
    own = next(unit for unit in term["units"] if unit["unit_code"] == CITY)
    assert [leaf["period_code"] for leaf in own["leaves"]] == list(PLEDGED)
    for leaf in own["leaves"]:
        sheet, _, address = leaf["source_cell"].rpartition("!")
        path = office.home / "raw" / leaf["file_sha256"][:2] / leaf["file_sha256"]
        book = load_workbook(_as_workbook(path, office.home.parent))
        assert book[sheet][address].value == PLEDGED[leaf["period_code"]]
    # The county's second figure of 2025 was not taken, so it is no leaf.
    others = [leaf for unit in term["units"] for leaf in unit["leaves"]]
    assert not [leaf for leaf in others if leaf["submission_id"].startswith(f"{UNIT}.{FORM}")]


def _as_workbook(path: Path, folder: Path) -> Path:
    copy = folder / "filed.xlsx"
    copy.write_bytes(path.read_bytes())
    return copy
