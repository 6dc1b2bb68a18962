"""A table handed out, two releases later: which of its numbers changed, to what, and why."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

from orchestration.cli.main import app
from tests.integration.conftest import Workspace, changed

CITY, UNIT, OTHER = "150200", "150202", "150203"
INDICATORS = ("IP_WORKFORCE", "PATENT_GRANTS")
ASKED = (
    "query",
    "--city",
    CITY,
    "--indicator",
    ",".join(INDICATORS),
    "--period",
    "2025-Q4,2025-12",
)
FILES = ("taken.xlsx", "taken.docx", "taken.csv")


@dataclass(frozen=True)
class Three:
    """A city after three nights: the tables handed out after the first, what was filed since."""

    workspace: Workspace
    folder: Path
    codes: dict[str, str]
    added: dict[str, int]

    def verified(self, what: str, ends_with: int) -> dict[str, Any]:
        found: dict[str, Any] = self.workspace.run(
            "verify", what, "--json", ends_with=ends_with
        ).json
        return found


def _add(workspace: Workspace, folder: Path, unit: str, element: str, period: str, by: int) -> None:
    [(submission, place, old)] = workspace.query(
        "select submission_id, source_cell, value from marts.unit_observations"
        " where unit_code = ? and element_code = ? and period_code = ?",
        unit, element, period,
    )  # fmt: skip
    book = workspace.filed_workbook(submission, folder)
    cell = place.split("!")[-1]
    data = changed(book, {cell: int(old) + by})
    workspace.drop(CITY, unit, f"更正{unit}.xlsx", data, datetime(2026, 1, 30, 9, 0))
    assert workspace.night()["is_new"] is True


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Three:
    folder = tmp_path_factory.mktemp("three")
    workspace = Workspace(folder / "var")
    workspace.run("init")
    toml = workspace.home / "workspace.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + f'\ncities = ["{CITY}"]\n', encoding="utf-8")
    workspace.run("demo", "--from", "2025-10")
    workspace.night()
    workspace.run("report", "--out", str(folder / "taken"))
    [release] = [row["release_id"] for row in workspace.run("releases", "--json").json]
    shutil.copytree(workspace.home / "releases" / release / "exports", folder / "handed")
    codes = {
        name: workspace.run(*ASKED, "--out", str(folder / name), "--json").json["code"]
        for name in FILES
    }
    _add(workspace, folder, UNIT, "ip_workforce", "2025-Q4", 5)
    _add(workspace, folder, OTHER, "ip_workforce", "2025-Q4", 2)
    return Three(workspace, folder, codes, {UNIT: 5, OTHER: 2})


def test_the_same_numbers_have_the_same_code_whatever_the_file(three: Three) -> None:
    assert len(set(three.codes.values())) == 1
    assert {three.verified(str(three.folder / name), 1)["code"] for name in FILES} == set(
        three.codes.values()
    )


def test_a_table_of_two_releases_ago_names_exactly_the_numbers_that_changed(three: Three) -> None:
    before, _, now = [row["release_id"] for row in reversed(three.workspace.run(
        "releases", "--json").json)]  # fmt: skip
    old, new = (
        {
            (row["unit_code"], row["indicator_code"], row["period_code"], measure): row[measure]
            for row in three.workspace.run(*ASKED, "--release", release, "--json").json["rows"]
            for measure in ("value", "ytd", "yoy_pct", "rank", "share_pct")
        }
        for release in (before, now)
    )
    moved = {key for key in old if old[key] != new[key]}
    found = three.verified(three.codes["taken.xlsx"], 1)
    assert {tuple(one["key"].split("|")) for one in found["changes"]} == moved
    told = {tuple(one["key"].split("|")): one for one in found["changes"]}
    values = {key: one for key, one in told.items() if key[3] == "value"}
    assert {key[0]: float(one["new_value"]) - float(one["old_value"])
            for key, one in values.items()} == three.added | {CITY: 7.0}  # fmt: skip
    assert {key[1:3] for key in values} == {("IP_WORKFORCE", "2025-Q4")}
    assert {one["reason_code"] for one in values.values()} == {"resubmitted"}
    shares = {key for key in moved if key[3] == "share_pct"}
    assert len({key[0] for key in shares}) > 2  # the whole has grown, so every share has moved
    assert all(told[key]["reason_zh"] for key in moved)


def cells_of(three: Three, release: str, table: str, key: tuple[str, ...]) -> dict[Any, str]:
    """Every cell of a mart by its row's key and its column, as text; stamps left out."""
    path = three.workspace.home / "releases" / release / "ip_marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as marts:
        found = marts.execute(f"select columns(*)::varchar from marts.{table}")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {
        (*(row[name] for name in key), column): cell
        for row in rows for column, cell in row.items() if column not in ("release_id", "as_of")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("city_indicators", ("city_code", "indicator_code", "period_code", "period_type",
                             "plan_code")),
        ("unit_observations", ("unit_code", "form_code", "element_code", "period_code",
                               "period_type")),
        ("plan_table", ("plan_code", "target_code", "period_code", "period_type")),
        ("reporting_rates", ("unit_code", "form_code", "period_code")),
    ],
)  # fmt: skip
def test_a_mart_handed_out_as_csv_names_exactly_its_cells_that_changed(
    three: Three, table: str, key: tuple[str, ...], tmp_path: Path
) -> None:
    before, _, now = [row["release_id"] for row in reversed(three.workspace.run(
        "releases", "--json").json)]  # fmt: skip
    old, new = (cells_of(three, release, table, key) for release in (before, now))
    moved = {place for place in old if place not in new or old[place] != new[place]}
    assert bool(moved) is (table != "reporting_rates")
    handed, ends_with = three.folder / "handed/csv" / f"{table}.csv", int(bool(moved))
    found = three.verified(str(handed), ends_with)
    assert found["is_file_untouched"] is True
    told = {one["key"]: (one["old_value"], one["new_value"]) for one in found["changes"]}
    assert told == {
        "|".join(part for part in place if part is not None): (old[place], new[place])
        for place in moved
    }
    assert all(one["reason_zh"] and one["label_zh"] for one in found["changes"])
    # Saved anew by a spreadsheet it has other bytes: the same numbers are told, and that it is so.
    copy = tmp_path / "另存.csv"
    copy.write_bytes(handed.read_bytes().replace(b"\r\n", b"\n") + b"\n")
    again = three.verified(str(copy), ends_with)
    assert again["is_file_untouched"] is False
    assert {one["key"] for one in again["changes"]} == set(told)


def test_the_sdmx_file_names_the_values_that_changed(three: Three) -> None:
    keys = ("city_code", "indicator_code", "period_code", "period_type", "plan_code")
    before, _, now = [row["release_id"] for row in reversed(three.workspace.run(
        "releases", "--json").json)]  # fmt: skip
    old, new = (cells_of(three, release, "city_indicators", keys) for release in (before, now))
    moved = {place for place, value in old.items()
             if place[-1] == "value" and new.get(place) != value}  # fmt: skip
    found = three.verified(str(three.folder / "handed/sdmx/city_indicators.csv"), 1)
    assert {one["key"] for one in found["changes"]} == {
        "|".join(part for part in place if part is not None) for place in moved
    }
    assert moved


@pytest.mark.parametrize(
    "name", ["plan_tables.xlsx", "report.html", "brief/baotou-145.docx", "notices/150200.txt"]
)
def test_the_papers_of_a_release_name_exactly_the_numbers_that_changed(
    three: Three, name: str
) -> None:
    before, _, now = [row["release_id"] for row in reversed(three.workspace.run(
        "releases", "--json").json)]  # fmt: skip
    handed = three.folder / "handed" / name
    found = three.verified(str(handed), 1)
    assert found["is_file_untouched"] is True
    told = {one["key"]: (one["old_value"], one["new_value"]) for one in found["changes"]}
    assert "BT-T08|actual_value" in told
    old, new = (
        cells_of(three, release, "unit_indicators", ("unit_code", "indicator_code", "period_code",
                                                     "period_type", "plan_code"))
        for release in (before, now)
    )  # fmt: skip
    moved = {
        "|".join(part for part in place if part is not None)
        for place in old if place[-1] == "value" and old[place] != new.get(place)
        and place[1] == "IP_WORKFORCE" and place[2] == "2025-Q4" and place[3] == "quarter"
    }  # fmt: skip
    assert moved == {f"{unit}|IP_WORKFORCE|2025-Q4|quarter|value" for unit in three.added}
    units = {key for key in told if key[:6] in three.added and "|quarter|" in key}
    assert units == (set() if name.startswith("brief") else moved)
    table = ("actual_printed", "expected_value", "completion_pct", "status_code")
    plan_old, plan_new = (cells_of(three, release, "plan_table", ("target_code",))
                          for release in (before, now))  # fmt: skip
    changed_targets = {place[0] for place in plan_old
                       if place[1] in table and plan_old[place] != plan_new[place]}  # fmt: skip
    assert {key.split("|")[0] for key in told if key.startswith("BT-")} == changed_targets


def test_a_slip_in_a_code_is_met_with_the_code(three: Three) -> None:
    code = three.codes["taken.xlsx"]
    slipped = code[:2] + ("2" if code[2] != "2" else "3") + code[3:]
    result = CliRunner().invoke(
        app, ["verify", slipped], env={"QIANGSHI_HOME": str(three.workspace.home)}
    )
    assert result.exit_code == 2
    assert f"是不是：{code}" in result.stderr


def test_going_back_makes_the_table_current_again(three: Three) -> None:
    rows = three.workspace.run("releases", "--json").json
    first, last = rows[-1]["release_id"], rows[0]["release_id"]
    code = three.codes["taken.csv"]
    three.workspace.run("rollback", first)
    try:
        assert three.verified(code.replace("-", "").lower(), 0)["is_current"] is True
    finally:
        three.workspace.run("rollback", last)
    assert three.verified(code, 1)["is_current"] is False


def test_a_file_saved_anew_is_known_by_its_code_and_said_to_be_touched(
    three: Three, tmp_path: Path
) -> None:
    copy = tmp_path / "改过.xlsx"
    book = load_workbook(three.folder / "taken.xlsx")
    book.worksheets[0]["D5"] = 1
    book.save(copy)
    assert three.verified(str(three.folder / "taken.xlsx"), 1)["is_file_untouched"] is True
    found = three.verified(str(copy), 1)
    assert (found["code"], found["is_file_untouched"]) == (three.codes["taken.xlsx"], False)


def test_a_code_that_was_never_given_is_told_so(three: Three) -> None:
    assert three.workspace.run("verify", "ABCD-2345", ends_with=2).output == ""
    assert three.workspace.run("verify", "nowhere.xlsx", ends_with=2).output == ""
    assert three.workspace.run("verify", str(three.workspace.home / "workspace.toml"),
                               ends_with=2).output == ""  # fmt: skip


@pytest.mark.parametrize(("suffix", "count"), [("xlsx", 1), ("csv", 2)])
def test_a_table_written_to_a_file_is_told_and_not_printed_beside(
    three: Three, tmp_path: Path, suffix: str, count: int
) -> None:
    """A printed row is a unit and an indicator, a row of the CSV one period of them."""
    asked = ("query", "--unit", UNIT, "--indicator", "PATENT_GRANTS", "--period", "2025-12,2025-Q4")
    file = tmp_path / f"表.{suffix}"
    told = three.workspace.run(*asked, "--out", str(file)).output
    code = three.verified(str(file), 0)["code"]
    [line] = told.splitlines()
    assert all(part in line for part in (f"已写入 {file}", f"{count} 行", code))
    printed = three.workspace.run(*asked).output
    assert "┃" in printed
    assert "核验码" not in printed


def test_the_files_bear_the_numbers_the_day_and_the_stamp(three: Three) -> None:
    release = three.workspace.run("releases", "--json").json[-1]["release_id"]
    rows = three.workspace.run(*ASKED, "--release", release, "--json").json["rows"]
    asked = {(row["unit_name_zh"], row["indicator_zh"], row["period_code"]): row for row in rows}
    sheet = load_workbook(three.folder / "taken.xlsx").worksheets[0]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    code = three.codes["taken.xlsx"]
    assert any("演示数据" in text and "截至 2026-01-31" in text for text in texts)
    assert any(code in text for text in texts)
    line = next(row for row in sheet.iter_rows(min_row=5, values_only=True)
                if row[:2] == ("昆都仑区", "知识产权从业人员数量"))  # fmt: skip
    assert line[3] == asked["昆都仑区", "知识产权从业人员数量", "2025-Q4"]["value"]
    paper = Document(str(three.folder / "taken.docx"))
    grid = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
    assert len(grid) == len(rows) // 2 + 2
    assert any(code in paragraph.text for paragraph in paper.paragraphs)
    raw = (three.folder / "taken.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    filed = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(filed) == len(rows)
    for row in filed:
        key = (row["单位"], row["指标"], row["报告期"])
        value = asked[key]["value"]
        assert row["本期"] == "" if value is None else float(row["本期"]) == value


def test_a_record_is_written_once_and_says_nothing_that_was_not_handed_out(three: Three) -> None:
    [record] = (three.workspace.home / "exports").glob(f"{three.codes['taken.csv']}.json")
    told = json.loads(record.read_text(encoding="utf-8"))
    assert sorted(told["files"].values()) == sorted(FILES)
    rows = three.workspace.run(*ASKED, "--json").json["rows"]
    assert len(told["figures"]) == 5 * len(rows)


def test_the_year_so_far_is_told_of_what_is_filed_by_the_quarter_too(demo: Workspace) -> None:
    """June is no period of a quarterly figure, but its first half year ends with June."""
    asked = ("query", "--unit", "150200", "--unit", "150202", "--indicator", "PLEDGE_REGISTERED")

    def so_far(period: str) -> dict[str, tuple[Any, Any]]:
        rows = demo.run(*asked, "--period", period, "--json").json["rows"]
        return {row["unit_code"]: (row["value"], row["ytd"]) for row in rows}

    by_quarter, by_month = so_far("2025-Q2"), so_far("2025年1—6月")
    assert all(value is not None for _, value in by_quarter.values())
    assert by_month == {unit: (None, value) for unit, (_, value) in by_quarter.items()}
    assert {ytd for _, ytd in so_far("2025-05").values()} == {None}
    told = demo.run(*asked, "--period", "2025年1—6月", "--measure", "累计,同比").output
    assert "此项指标没有这一期单独的数，累计取自 2025-Q2" in told
    assert "累计：自年初至该期末；同一期的同比只说该期" in told
