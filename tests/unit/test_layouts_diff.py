"""Forms of two versions and drifted headers as a clerk meets them: template, check, diff."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from orchestration.cli.main import app
from tests.two_versions import fill, write_two_versions

UNIT = "150202"


@dataclass(frozen=True)
class Desk:
    """A clerk's folder, and definitions in which the monthly form changes in 2026."""

    folder: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        environment = {
            "QIANGSHI_HOME": str(self.folder / "none"),
            "QIANGSHI_DEFINITIONS": str(self.folder / "definitions"),
            "QIANGSHI_CLOCK": "2026-06-10",
        }
        result = CliRunner().invoke(app, list(arguments), env=environment, catch_exceptions=False)
        return result.exit_code, result.stdout + result.stderr

    def template(self, period: str, name: str = "报表.xlsx", **headings: str) -> Path:
        """A template of a period with every figure 0, and some headings renamed."""
        path = self.folder / name
        code, said = self.run(
            "template", "--form", "IP-M1", "--unit", UNIT, "--period", period, "--out", str(path)
        )
        assert code == 0, said
        fill(path, headings)
        return path

    def rules(self, path: Path) -> list[str]:
        """The blocking rules of a dry run."""
        said = self.run("check", str(path), "--json")[1]
        found = json.loads(said[: said.rindex("}") + 1])["findings"]
        return [row["rule_id"] for row in found if row["severity_code"] == "blocking"]

    def diff(self, path: Path) -> tuple[int, list[dict[str, Any]]]:
        code, said = self.run("layouts", "diff", str(path), "--json")
        return code, json.loads(said)["layouts"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    write_two_versions(tmp_path / "definitions")
    return Desk(tmp_path)


def test_a_late_filing_of_an_old_period_comes_on_the_old_form(desk: Desk) -> None:
    path = desk.template("2025-11", "2025年11月补报.xlsx")
    assert desk.rules(path) == []
    code, found = desk.diff(path)
    assert code == 0
    assert [(one["form_version"], one["fits"], one["is_in_force"]) for one in found] == [
        ("2021", True, True), ("2026", False, False),
    ]  # fmt: skip


def test_the_new_form_is_the_one_of_new_periods(desk: Desk) -> None:
    path = desk.template("2026-03")
    assert desk.rules(path) == []
    code, found = desk.diff(path)
    assert (code, [one["fits"] for one in found]) == (0, [False, True])
    assert found[1]["fingerprint"] == found[1]["file_fingerprint"]


@pytest.mark.parametrize(
    ("made_for", "filed_for", "words"),
    [("2026-03", "2025-11", "第 2026 版不适用于报告期 2025-11"),
     ("2025-11", "2026-03", "第 2021 版不适用于报告期 2026-03")],
)  # fmt: skip
@pytest.mark.parametrize("is_retyped", [False, True])
def test_a_form_of_the_other_version_is_refused_in_words(
    desk: Desk, made_for: str, filed_for: str, words: str, is_retyped: bool
) -> None:
    path = desk.template(made_for)
    book = load_workbook(path)
    year, month = filed_for.split("-")
    book.worksheets[0]["B4"] = f"{year}年{int(month)}月"
    told = book["_qiangshi"]
    for row in told.iter_rows():
        if row[0].value == "period_code":
            row[1].value = filed_for
    if is_retyped:
        book.remove(told)
    book.save(path)
    assert desk.rules(path) == ["S14"]
    assert words in desk.run("check", str(path))[1].replace("\n", "")
    assert desk.diff(path)[0] == 1


def test_a_renamed_heading_is_refused_and_its_column_proposed(desk: Desk) -> None:
    path = desk.template("2025-11", 本月="十一月份")
    assert desk.rules(path) == ["S09"]
    code, said = desk.run("layouts", "diff", str(path))
    assert code == 1
    assert "表头不相符" in said
    line = next(line for line in said.splitlines() if "十一月份" in line)
    assert "D6" in line
    assert "无法识别" in line
    assert line.rstrip("│ ").endswith("本月")


def test_the_name_of_a_file_must_tell_the_period_of_its_form(desk: Desk) -> None:
    path = desk.template("2025-11", "东河区2025年10月月报.xlsx")
    assert desk.rules(path) == ["S19"]
    said = desk.run("check", str(path))[1].replace("\n", "")
    assert "期别不符" in said
    for told in ("“2025-11”", "“2025年11月”（B4）", "“2025年10月”"):
        assert told in said


def test_what_cannot_be_read_cannot_be_compared(desk: Desk) -> None:
    path = desk.folder / "假.xlsx"
    path.write_text("这不是工作簿", encoding="utf-8")
    code, said = desk.run("layouts", "diff", str(path))
    assert code == 2
    assert "假.xlsx" in said


def test_a_release_is_held_against_its_layouts(desk: Desk) -> None:
    path = desk.folder / "合成示例（虚构数据）.csv"
    head = "起始日期,截止日期,地区代码,专利类型,企业,高等院校,科研机构,机关团体,个人,合计\n"
    path.write_text(head + "2023-01-01,2023-01-31,150200,发明,1,1,1,0,1,4\n", encoding="utf-8")
    code, [found] = desk.diff(path)
    assert (code, found["form_code"], found["fits"]) == (1, "RA-M2", False)
    likely = {one["text"]: one["likely_zh"] for one in found["columns"] if one["likely_zh"]}
    assert likely == {"高等院校": "大专院校"}
