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
from warehouse.reports.facts import MOST_FINDINGS
from warehouse.settings import Settings

HELD, BEFORE, REASON = "150600", "20251231-001", "分项之和不等于合计"
NO_NUMBERS = "chifeng-2023"
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
    shutil.copyfile(source / "ip_marts.duckdb", target / "ip_marts.duckdb")
    told = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    told |= {"held_cities": [{"city_code": HELD, "reason": REASON}], "previous_release_id": BEFORE}
    (target / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
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
        for table in ("plan_table", "unit_indicators", "city_indicators"):
            marts.execute(f"update marts.{table} set release_id = ? where city_code = ?",
                          [BEFORE, HELD])  # fmt: skip
        marts.execute(
            "update marts.plan_table set actual_value = null, actual_printed = null,"
            " completion_pct = null, status_code = 'not_computable',"
            " status_reason_zh = '分母为零', numerator = null where plan_code = ?", [NO_NUMBERS]
        )  # fmt: skip
        marts.execute("delete from marts.plan_progress where plan_code = ?", [NO_NUMBERS])
        marts.execute("update marts.findings set status_code = 'open', severity_code = 'verify'")
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


def test_the_command_line_prints_an_empty_plan_beside_the_others(
    odd: tuple[Bundle, Path],
) -> None:
    _, folder = odd
    home, release = folder.parents[2], folder.parent.name
    workspace = Workspace(home)
    workspace.run("init")
    shutil.copyfile(folder.parent / "manifest.json", home / "published/manifest.json")
    told = workspace.run("table", "--all", "--release", release).output
    assert "空规划（empty）没有可以列出的指标。" in told
    assert "包头市“十四五”知识产权保护和运用规划" in told
    assert workspace.run("table", "empty", "--release", release, "--json").json == []


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


def section(folder: Path, plan_code: str) -> str:
    """The part of the page that tells of one plan."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    return page.partition(f'<h2 id="plan-{plan_code}"')[2].partition("</section>")[0]


def test_a_held_city_names_the_release_its_numbers_are_of(odd: tuple[Bundle, Path]) -> None:
    _, folder = odd
    note = f"本市被拦下，沿用 {BEFORE} 发布的数"
    plan = section(folder, "ordos-2022-draft")
    table, _, counties = plan.partition("各旗县区（可以相加的指标）")
    assert table.count(note) == 8
    assert counties.count(note) == 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "沿用上一版的城市：鄂尔多斯市。" in page
    assert note not in section(folder, "baotou-145")
    book = load_workbook(folder / "plan_tables.xlsx")
    captions = {str(row[0]) for row in book["旗县区"].iter_rows(values_only=True) if row[0]}
    assert f"鄂尔多斯市　2025年（{note}）" in captions
    assert "包头市　2025年" in captions
    assert {row[1].value for row in book["说明"].iter_rows()} >= {"鄂尔多斯市"}
    assert REASON in (folder / f"notices/{HELD}.txt").read_text(encoding="utf-8")


def test_a_plan_without_a_computable_row_is_told_and_has_no_chart(
    odd: tuple[Bundle, Path],
) -> None:
    _, folder = odd
    plan = section(folder, NO_NUMBERS)
    assert "无法计算 5" in plan
    assert "<figure" not in plan
    assert plan.count("分母为零") == 5
    sheet = load_workbook(folder / "plan_tables.xlsx")["赤峰市"]
    assert not sheet._charts
    assert {sheet.cell(row, 3).value for row in range(7, 12)} == {"—"}
    paper = Document(str(folder / f"brief/{NO_NUMBERS}.docx"))
    assert not paper.inline_shapes
    assert "无法计算 5" in "".join(paragraph.text for paragraph in paper.paragraphs)


def test_a_long_list_of_findings_is_cut_with_its_number_told(odd: tuple[Bundle, Path]) -> None:
    _, folder = odd
    page = (folder / "report.html").read_text(encoding="utf-8")
    with (folder / "csv/findings.csv").open(encoding="utf-8-sig", newline="") as handle:
        found = sum(1 for _ in csv.DictReader(handle))
    assert found > MOST_FINDINGS
    assert f"共 {found} 条，此处列前 {MOST_FINDINGS} 条，其余见 csv/findings.csv" in page
    part = page.partition('<h2 id="findings"')[2].partition("</section>")[0]
    assert part.count("<tr>") == MOST_FINDINGS + 1
    assert "csv!" not in part
    assert "IP-M1" not in part
