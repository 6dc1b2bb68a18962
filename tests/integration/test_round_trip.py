"""A clerk's round trip: a fault, the marked workbook, the correction in it, sent back, clean."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import Workspace, changed

CITY, UNIT, FORM, PERIOD = "150400", "150402", "IP-M1", "2025-12"
SERIES = f"{UNIT}.{FORM}.{PERIOD}"
FAULT = "约十二"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One city's last quarter, and a night over it."""
    made = Workspace(tmp_path_factory.mktemp("round") / "var")
    made.run("demo", "--from", "2025-11", "--to", "2025-12")
    for folder in (made.home / "inbox").iterdir():
        for unit in folder.iterdir():
            if unit.name != UNIT:
                for file in unit.iterdir():
                    file.unlink()
    made.night()
    return made


def outbox(workspace: Workspace, submission_id: str, part: str) -> Path:
    return workspace.home / "outbox" / CITY / UNIT / f"{submission_id}{part}"


def states(workspace: Workspace, submission_id: str) -> list[tuple[str, str]]:
    rows = workspace.run("findings", "--all", "--json").json
    return sorted(
        (row["rule_id"], row["status_code"])
        for row in rows
        if row["submission_id"] == submission_id
    )


def test_a_fault_comes_back_marked_and_its_correction_in_the_returned_workbook_is_clean(
    workspace: Workspace, tmp_path: Path
) -> None:
    filed = workspace.filed_workbook(f"{SERIES}.v1", tmp_path)
    book = load_workbook(filed)
    [name] = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    place = next(
        cell.coordinate for cell in book[name]["D"] if isinstance(cell.value, int) and cell.value
    )
    true_value = book[name][place].value
    bad = changed(filed, {place: FAULT})
    workspace.drop(CITY, UNIT, "十二月.xlsx", bad, datetime(2026, 1, 30, 9, 0))
    workspace.night()

    held = f"{SERIES}.v2"
    receipt = outbox(workspace, held, ".回执.txt").read_text(encoding="utf-8")
    assert "审核未通过" in receipt
    assert re.search(r"短码：[2-9A-Z]{4}-[2-9A-Z]{4}\n", receipt)
    counted = re.search(r"读取单元格：(\d+) 个\n入库回读：单元格 (\d+) 个，指标 (\d+) 项", receipt)
    assert counted
    assert counted[1] == counted[2]
    entries = json.loads(outbox(workspace, held, ".校验报告.json").read_text(encoding="utf-8"))
    assert [one["value"] for one in entries if one["type"] == "validation"] == ["0"]
    page = outbox(workspace, held, ".审核结果.html").read_text(encoding="utf-8")
    assert FAULT in page

    returned = outbox(workspace, held, ".审核结果.xlsx")
    marked = load_workbook(returned)
    assert marked.sheetnames[0] == "审核结果"
    assert FAULT in (marked[name][place].comment or "").text  # type: ignore[union-attr]
    [link] = [row[2].hyperlink for row in marked["审核结果"].iter_rows() if row[2].hyperlink]
    assert link.location == f"'{name}'!{place}"
    assert marked[name].protection.sheet
    assert marked[name].data_validations.dataValidation
    assert marked["_qiangshi"].sheet_state == "veryHidden"

    marked[name][place] = true_value
    saved = io.BytesIO()
    marked.save(saved)
    workspace.drop(CITY, UNIT, returned.name, saved.getvalue(), datetime(2026, 1, 30, 15, 0))
    workspace.night()

    clean = f"{SERIES}.v3"
    receipt = outbox(workspace, clean, ".回执.txt").read_text(encoding="utf-8")
    assert "未发现问题。" in receipt
    assert "与上一版相比：已更正 1 条，仍有 0 条，新出现 0 条。" in receipt
    assert not outbox(workspace, clean, ".审核结果.xlsx").exists()
    assert states(workspace, clean) == []
    # The night's own release is in the receipt, and no older answer looks current.
    assert "状态：已纳入发布" in receipt
    first = outbox(workspace, f"{SERIES}.v1", ".回执.txt").read_text(encoding="utf-8")
    assert "状态：已被第 3 版替代" in first
    assert "【已被第 3 版替代】" in outbox(workspace, held, ".回执.txt").read_text(encoding="utf-8")
    assert not outbox(workspace, held, ".审核结果.xlsx").exists()
    # The version before the fault is superseded; of the one held back, the finding is mended.
    assert states(workspace, held) == [("V02", "corrected")]
    [(value, version)] = workspace.query(
        "select value, version from marts.unit_observations where unit_code = ?"
        " and period_code = ? and submission_id = ? and source_cell like ?",
        UNIT, PERIOD, clean, f"%!{place}",
    )  # fmt: skip
    assert (value, version) == (Decimal(true_value), 3)


def test_a_file_refused_without_identity_is_mended_by_its_own_returned_copy(
    workspace: Workspace, tmp_path: Path
) -> None:
    filed = workspace.filed_workbook(f"{UNIT}.{FORM}.2025-11.v1", tmp_path)
    book = load_workbook(filed)
    sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    at = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "2025年11月")
    at.value = None
    told = book["_qiangshi"]
    [row] = [row for row in told.iter_rows() if row[0].value == "period_code"]
    row[1].value = None
    book.save(filed)
    workspace.drop(CITY, UNIT, "无期别.xlsx", filed.read_bytes(), datetime(2026, 1, 31, 9, 0))
    workspace.night()
    [refused] = [
        row["submission_id"]
        for row in workspace.run("submissions", "--state", "refused", "--json").json
        if row["unit_code"] == UNIT
    ]
    returned = load_workbook(outbox(workspace, refused, ".审核结果.xlsx"))
    returned[sheet.title][at.coordinate] = "2025年11月"
    saved = io.BytesIO()
    returned.save(saved)
    workspace.drop(CITY, UNIT, "补期别.xlsx", saved.getvalue(), datetime(2026, 1, 31, 10, 0))
    workspace.night()
    new = f"{UNIT}.{FORM}.2025-11.v2"
    assert "已更正 1 条" in outbox(workspace, new, ".回执.txt").read_text(encoding="utf-8")
    assert [state for _, state in states(workspace, refused)] == ["corrected"]


def test_a_dry_run_of_a_returned_workbook_says_what_it_would_mend(workspace: Workspace) -> None:
    returned = outbox(workspace, f"{SERIES}.v2", ".审核结果（已作废）.xlsx")
    before = sorted((workspace.home / "outbox").rglob("*"))
    said = workspace.run("check", str(returned), "--json", ends_with=1).json
    [form] = said["read"]
    assert (form["unit_code"], form["form_code"], form["period_code"]) == (UNIT, FORM, PERIOD)
    assert form["entries"] > form["figures"] > 0
    assert form["against_zh"] == "已更正 0 条，仍有 0 条，新出现 1 条。"
    assert [row["rule_id"] for row in said["findings"]] == ["V02"]
    assert sorted((workspace.home / "outbox").rglob("*")) == before


def test_who_owes_what_is_listed_with_a_text_to_copy_until_it_is_put_off(
    workspace: Workspace,
) -> None:
    other = "150403"
    asked = ("coverage", "--owed", "--unit", other, "--json")
    owed = workspace.run(*asked).json
    mine = {(row["form_code"], row["period_code"]): row for row in owed["owed"]}
    december = mine[FORM, PERIOD]
    assert december["state_zh"] == "未报送"
    assert december["days_late"] > 0
    assert f"已逾期 {december['days_late']} 天" in owed["reminders"][other]

    subject = f"{other}.{FORM}.{PERIOD}"
    words = ("--reason", "暴雪停电，资料尚未取得", "--author", "shi-01")
    workspace.run("decide", "extend", subject, "--until", "2026-02-10", *words)
    later = workspace.run(*asked).json
    [row] = [r for r in later["owed"] if (r["form_code"], r["period_code"]) == (FORM, PERIOD)]
    assert (row["days_late"], row["extended_to"]) == (0, "2026-02-10T23:59:59")
    assert later["reminders"][other].count("《") == owed["reminders"][other].count("《") - 1
    printed = workspace.run("coverage", "--owed", "--unit", other).output
    assert "【催报】" in printed
    assert "shi-01" not in printed
    workspace.run("decide", "extend", subject, "--until", "2025-12-31", *words, ends_with=1)
    workspace.run("decide", "extend", f"{other}.NONE.2025-12", *words, ends_with=1)
