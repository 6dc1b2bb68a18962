"""The command line by itself: what it refuses and how it says so, and that it cuts no list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.intake import ParsedRecord, record_batch
from warehouse.settings import Settings
from warehouse.workspace import init

NOW = datetime(2026, 1, 31, 12)
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a workspace in which seven files were refused; exit code and words."""
    monkeypatch.setenv("QIANGSHI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "400")
    settings = Settings.load()
    init(settings)
    engine = open_ledger(settings)
    arrived = [
        ParsedRecord(
            unit_code="150402", city_code="150400", file_sha256=f"{number}".ljust(64, "0"),
            size_bytes=1, file_name=f"[b]{number}[red].xlsx", channel_kind="inbox",
            is_synthetic=True, received_at=NOW - timedelta(hours=number), is_refused=True,
        )
        for number in range(1, 8)
    ]  # fmt: skip
    record_batch(engine, arrived, NOW, None)
    engine.dispose()

    def told(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
        return result.exit_code, " ".join(result.output.replace("\n", " ").split())

    return told


@pytest.mark.parametrize(
    "arguments",
    [
        ["findings", "--city", "赤峰市"],
        ["status", "--city", "150400"],
        ["submissions", "--unit", "150402"],
    ],
)
def test_a_city_of_other_workspaces_is_no_empty_list(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("QIANGSHI_CITIES", "150200")
    code, told = run(*arguments)
    assert code == 1
    assert "本工作区不含赤峰市" in told
    assert "150200（包头市）" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["findings", "--city", "赤锋市"], "没有城市“赤锋市”。是不是：150400（赤峰市）"),
        (["findings", "--unit", "红山"], "没有单位“红山”。是不是：150402（红山区）"),
        (["findings", "--severity", "serious"], "可用：blocking（强制性）、quasi_blocking"),
        (["findings", "--rule", "V99"], "没有规则“V99”。是不是：V09"),
        (["submissions", "--state", "hold"], "可用：received（已收到，待审核）"),
        (["submissions", "--form", "IPM1"], "没有报表“IPM1”。是不是：IP-M1"),
        (["submissions", "--period", "2025-13"], "“2025-13”不是报告期代码"),
        (["submissions", "--period", "2025年1-12月"], "季写 2025-Q4 或 2025年四季度"),
        (["query", "--city", "包头市", "--indicator", "专利授权量", "--period", "第四季度"],
         "“第四季度”不是报告期代码，也不是报告期名称；月写 2025-12 或 2025年12月"),
        (["query", "--city", "包头市", "--indicator", "专利授权量", "--period", "2025年1—12月",
          "--measure", "本期"], "“2025年1—12月”是2025年12月的累计"),
        (["submissions", "--unsorted", "--city", "999"], "没有城市“999”"),
        (["status", "--city", "999"], "没有城市“999”"),
        (["coverage", "--city", "999"], "没有城市“999”"),
        (["coverage", "--owed", "--unit", "红山"], "是不是：150402（红山区）"),
    ],
)  # fmt: skip
def test_a_filter_that_names_nothing_is_refused_with_what_there_is(
    run: Run, arguments: list[str], words: str
) -> None:
    code, said = run(*arguments)
    assert code == 1
    assert words.replace(" ", "") in said.replace(" ", "")


def test_a_unit_may_be_named_by_its_full_name(run: Run) -> None:
    code, said = run("submissions", "--unit", "红山区")
    assert (code, "150402.refused" in said) == (0, True)


def test_a_file_name_that_looks_like_markup_is_shown_as_it_is(run: Run) -> None:
    code, said = run("submissions")
    assert (code, "[b]1[red].xlsx" in said) == (0, True)


def test_what_lies_in_the_inbox_and_is_not_taken_is_told_with_what_to_do(run: Run) -> None:
    inbox = Settings.load().inbox
    folder = inbox / "150400" / "150402"
    folder.mkdir(parents=True)
    (folder / "l.csv").symlink_to(inbox)
    (inbox / "lost.csv").write_bytes(b"x")
    code, told = run("status")
    assert code == 0
    assert "150400/150402/l.csv（是链接或特殊文件，不跟随" in told
    assert "lost.csv（请移到 城市代码/单位代码/ 下" in told


def test_a_misspelt_unit_of_a_template_is_answered_with_the_nearest(run: Run) -> None:
    code, said = run("template", "--form", "IP-M1", "--unit", "松山", "--period", "2025-12")
    assert code == 1
    assert "没有单位“松山”。是不是：150404（松山区）" in said


def test_a_form_of_another_frequency_is_refused_in_chinese(run: Run) -> None:
    _, said = run("template", "--form", "IP-M1", "--unit", "150402", "--period", "2025-Q4")
    assert said == "报表 IP-M1 是月报，2025-Q4 却是季报的报告期"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tabel"], "没有“tabel”这个命令，是不是 table。"),
        (["zzz"], "没有“zzz”这个命令；可用："),
        (["check"], "缺少参数 FILES（要检查的文件）。 用法见"),
        (["template"], "缺少选项 --form。"),
        (["check", "/nowhere.xlsx"], "“/nowhere.xlsx”不存在。"),
        (["findings", "--sity", "1"], "没有 --sity 这个选项，是不是 --city。"),
        (["findings", "--unit"], "选项 --unit 后面要写值。"),
        (["findings", "--limit", "x"], "选项 --limit 有误：应为整数。"),
        (["findings", "--limit", "-1"], "选项 --limit 有误：应不小于 0。"),
        (["findings", "--json=1"], "选项 --json 后面不能写值。"),
        (["rollback", "a", "b"], "多出了参数：b。"),
        (["nightly", "--date", "1"], "“1”不是 YYYY-MM-DD 形式的日期。"),
        (["definitions", "zzz"], "没有“zzz”这个命令；可用：check、diff。"),
        (["definitions", "check", "/nowhere/at/all"], "“/nowhere/at/all”不存在。"),
    ],
)
def test_a_usage_error_is_said_in_chinese(run: Run, arguments: list[str], words: str) -> None:
    code, said = run(*arguments)
    assert code != 0
    assert words in said
    assert not {"Usage", "Error", "Missing", "Invalid", "Try", "Traceback"} & set(said.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], "用法：qiangshi [选项] 命令 [参数]..."),
        (["submit", "--help"], "用法：qiangshi submit [选项] {files}..."),
        (["layouts", "--help"], "用法：qiangshi layouts [选项] 命令 [参数]..."),
        (["definitions", "check", "--help"], "用法：qiangshi definitions check [选项]"),
    ],
)
def test_the_help_of_a_command_is_chinese(run: Run, arguments: list[str], words: str) -> None:
    code, said = run(*arguments)
    assert code == 0
    assert words in said
    assert "显示本说明" in said
    assert not {"Usage:", "[OPTIONS]", "COMMAND", "Show", "Options", "Commands"} & set(said.split())


@pytest.mark.parametrize(
    ("arguments", "shown", "rest"),
    [
        ([], 7, "共 7 条，已全部列出。"),
        (["--limit", "0"], 7, "共 7 条，已全部列出。"),
        (["--limit", "3"], 3, "以上为第 1～3 条。接着看：--offset 3；全部列出：--limit 0"),
        (["--limit", "3", "--offset", "6"], 1, "共 7 条，以上为第 7～7 条。全部列出：--limit 0"),
        (["--offset", "9"], 0, "共 7 条，第 9 条之后没有了。"),
    ],
)
def test_a_list_says_how_long_it_is_and_how_to_see_the_rest(
    run: Run, arguments: list[str], shown: int, rest: str
) -> None:
    code, said = run("submissions", *arguments)
    assert code == 0
    assert said.count("150402.refused") == shown
    assert rest in said


def test_states_are_shown_in_words(run: Run) -> None:
    for command in ("submissions", "status"):
        _, said = run(command)
        assert "不予接收" in said
        assert "refused " not in said.replace("150402.refused.", "")


def test_programs_get_the_whole_list_unless_they_ask_for_less(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.cli import console

    rows: list[dict[str, Any]] = [{"n": number} for number in range(console.PAGE + 5)]
    assert len(console.Page.of(rows, None, 0, as_json=True).rows) == console.PAGE + 5
    assert len(console.Page.of(rows, None, 0, as_json=False).rows) == console.PAGE
    assert run("submissions", "--json", "--limit", "2")[1].count("submission_id") == 2


def test_help_cuts_no_sentence_in_a_narrow_window() -> None:
    for arguments in (["--help"], ["decide", "--help"]):
        told = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"}).output
        assert "报送件" in told
        assert "…" not in told
