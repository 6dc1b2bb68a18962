"""A table handed out, two releases later: which of its numbers changed, to what, and why."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

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
    assert three.workspace.run("verify", str(three.workspace.home / "workspace.toml"),
                               ends_with=2).output == ""  # fmt: skip


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
