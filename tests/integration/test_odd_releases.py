"""Releases that are awkward to show: odd names, no rows, a hundred plans, nothing changed."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import duckdb
import pytest
from docx import Document
from openpyxl import load_workbook

from tests.integration.conftest import Workspace
from warehouse.exports import bundle
from warehouse.exports.bundle import Bundle, write_bundle
from warehouse.exports.parts import PARTS
from warehouse.settings import Settings

COUNTY, ODD = "150402", "红\"山'区<script>alert(1)</script>=1+1"
MANY = 100


@pytest.fixture(scope="module")
def odd(demo: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Path]:
    """The demo's release with an odd county, an empty plan and a hundred more, exported."""
    home = tmp_path_factory.mktemp("odd") / "var"
    published = json.loads((demo.home / "published/manifest.json").read_text(encoding="utf-8"))
    release = published["release_id"]
    source, target = demo.home / "releases" / release, home / "releases" / release
    target.mkdir(parents=True)
    shutil.copytree(source / "definitions", target / "definitions")
    for name in ("manifest.json", "ip_marts.duckdb"):
        shutil.copyfile(source / name, target / name)
    with duckdb.connect(str(target / "ip_marts.duckdb")) as marts:
        for table in ("unit_indicators", "unit_observations", "units"):
            marts.execute(f"update marts.{table} set unit_name_zh = ? where unit_code = ?",
                          [ODD, COUNTY])  # fmt: skip
        marts.execute(
            "insert into marts.plans select * replace ('empty' as plan_code,"
            " '空规划' as plan_zh) from marts.plans limit 1"
        )
        for table, also in (
            ("plans", ""), ("plan_table", ", 'N' || n || target_code as target_code")
        ):  # fmt: skip
            marts.execute(
                f"insert into marts.{table}"
                f" select found.* replace ('many-' || n as plan_code{also})"
                f" from marts.{table} as found cross join range({MANY}) as numbers(n)"
                " where plan_code = 'shuozhou-2021'"
            )
    made = write_bundle(Settings.load(home, environ={}), release, PARTS)
    return made, bundle.exports_folder(Settings.load(home, environ={}), release)


def test_every_part_of_an_odd_release_is_written(odd: tuple[Bundle, Path]) -> None:
    made, folder = odd
    assert made.failed == []
    assert len(list((folder / "brief").glob("*.docx"))) == MANY + 6


def test_a_name_is_never_markup_and_never_a_formula(odd: tuple[Bundle, Path]) -> None:
    _, folder = odd
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    sheet = load_workbook(folder / "plan_tables.xlsx")["旗县区"]
    names = {value for row in sheet.iter_rows(values_only=True) for value in row}
    assert ODD in names
    with (folder / "csv/units.csv").open(encoding="utf-8-sig", newline="") as handle:
        assert ODD in {row["unit_name_zh"] for row in csv.DictReader(handle)}


def test_a_plan_without_rows_says_so(odd: tuple[Bundle, Path]) -> None:
    _, folder = odd
    assert len(Document(str(folder / "brief/empty.docx")).tables[0].rows) == 1
    assert "本规划没有可以列出的指标" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_hundred_plans_have_a_sheet_each(odd: tuple[Bundle, Path]) -> None:
    _, folder = odd
    names = load_workbook(folder / "plan_tables.xlsx", read_only=True).sheetnames
    assert len(names) == len({name.lower() for name in names}) == MANY + 6 + 3
    assert all(len(name) <= 31 for name in names)


def test_a_release_without_changes_says_so(odd: tuple[Bundle, Path]) -> None:
    _, folder = odd
    assert "已公布的数没有变化" in (folder / "report.html").read_text(encoding="utf-8")
    notice = (folder / "notices/150200.txt").read_text(encoding="utf-8")
    assert "已公布的数没有变化。" in notice
