"""The desk at the command line: every verb, who was first, closing and reopening, the doctor."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app
from warehouse.connection import warehouse_writer
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.intake import ParsedRecord, record_batch, settle
from warehouse.settings import Settings
from warehouse.workspace import init

NOW = datetime(2026, 1, 10, 12)
ONE = "150402.IP-M1.2025-12.v1"
MONTH = "150400.IP-M1.2025-12"
Run = Callable[..., tuple[int, str]]


def file(settings: Settings, sha: str) -> None:
    engine = open_ledger(settings)
    record = ParsedRecord(
        unit_code="150402", city_code="150400", file_sha256=sha.ljust(64, "0"), size_bytes=1,
        file_name=f"{sha}.xlsx", channel_kind="inbox", is_synthetic=True, received_at=NOW,
        form_code="IP-M1", form_version="2021", period_code="2025-12",
    )  # fmt: skip
    record_batch(engine, [record], NOW, None)
    settle(engine)
    engine.dispose()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a workspace in which one month of one county has passed."""
    monkeypatch.setenv("QIANGSHI_HOME", str(tmp_path / "var"))
    settings = Settings.load()
    init(settings)
    file(settings, "a1")
    with warehouse_writer(settings):
        pass  # makes the tables, as the first night does

    def told(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.output

    return told


@pytest.fixture
def paper(tmp_path: Path) -> str:
    path = tmp_path / "证明.pdf"
    path.write_bytes(b"%PDF-1.4 signed")
    return str(path)


def test_a_correction_goes_from_hand_to_hand_and_can_be_taken_back(run: Run, paper: str) -> None:
    propose = ("decide", "correct", ONE, "--row", "01", "--value", "12", "--reason", "多录一位",
               "--author", "li")  # fmt: skip
    assert "--evidence" in run(*propose)[1]
    code, said = run(*propose, "--evidence", paper)
    assert (code, f"更正编号 {ONE}.c1" in said) == (0, True), said
    steps = [
        (("approve", "chief", ""), 1, "尚未经填报单位确认"),
        (("confirm", "county", ""), 0, "状态不变"),
        (("approve", "li", ""), 1, "须由另一账户批准"),
        (("approve", "chief", ""), 0, "状态不变"),
        (("reject", "chief", "x"), 1, "已由“chief”"),
        (("undo", "chief", "依据有误"), 0, "已撤销“批准更正”"),
        (("reject", "chief", "依据有误"), 0, "状态不变"),
    ]
    for (verb, author, reason), expected, words in steps:
        code, said = run("decide", verb, f"{ONE}.c1", "--author", author, "--reason", reason)
        assert (code, words in said) == (expected, True), said


def test_the_second_of_two_is_told_who_was_first(run: Run) -> None:
    (row,) = json.loads(run("submissions", "--json")[1])
    seen = ("--expected-version", str(row["desk_version"]))
    county = ("decide", "accept", ONE, "--level", "county")
    code, said = run(*county, "--author", "li", "--json", *seen)
    assert (code, json.loads(said)["version"]) == (0, row["desk_version"] + 1)
    code, said = run("decide", "return", ONE, "--reason", "合计不符", "--author", "wang", *seen)
    assert (code, "已由“li”于" in said, "（接收）" in said) == (1, True, True), said


def test_what_comes_for_a_closed_month_waits_for_its_reopening(run: Run) -> None:
    code, said = run("decide", "close", MONTH, "--author", "chief")
    assert (code, f"尚有 1 件未市级接收：{ONE}" in said) == (0, True), said
    assert "已封库" in run("decide", "accept", ONE, "--level", "county", "--author", "li")[1]
    file(Settings.load(), "b2")
    code, said = run("submissions", "--pending")
    assert "补报" in said
    assert "150402.IP-M1.2025-12.v2" in said
    assert "待开封" in said
    assert "--release-name" in run("decide", "reopen", MONTH, "--reason", "补报")[1]
    code, said = run(
        "decide", "reopen", MONTH, "--reason", "补报", "--release-name", "更正一", "--json"
    )
    assert (code, json.loads(said)["waiting"]) == (0, ["150402.IP-M1.2025-12.v2"])


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("150400.IP-M1", "不是 城市.报表.报告期"),
        ("150402.IP-M1.2025-12", "没有城市“150402”"),
        ("150400.XX.2025-12", "没有报表“XX”"),
    ],
)
def test_a_period_that_is_none_is_not_closed(run: Run, identity: str, words: str) -> None:
    code, said = run("decide", "close", identity)
    assert (code, words in said) == (1, True), said


def test_the_doctor_finds_a_sound_ledger_sound_and_an_edited_one_not(run: Run) -> None:
    code, said = run("doctor")
    assert (code, said.count("【正常】")) == (0, 3), said
    with closing(sqlite3.connect(Settings.load().home / "ledger.sqlite")) as ledger:
        ledger.execute("drop trigger events_no_update")
        ledger.execute("update events set author = 'li' where verb = 'pass'")
        ledger.commit()
    code, said = run("doctor", "--json")
    told = json.loads(said)
    assert (code, told["is_sound"]) == (1, False)
    assert [one["kind"] for one in told["checks"] if not one["is_sound"]] == ["edit"]


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_manifest_that_cannot_be_read_is_named_with_what_to_do(run: Run, text: str) -> None:
    manifest = Settings.load().releases / "20260131-001" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(text, encoding="utf-8")
    code, said = run("doctor")
    assert (code, f"【异常】清单“{manifest}”已损坏" in said, "从备份恢复" in said) == (
        1,
        True,
        True,
    )
    code, said = run("releases")
    assert (code, "已损坏" in said) == (1, True), said
