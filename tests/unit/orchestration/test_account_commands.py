"""The accounts commands: a password is shown once or read, and the audit needs its own login."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app
from warehouse.settings import Settings
from warehouse.workspace import init, mark_kind

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("QIANGSHI_HOME", str(tmp_path / "var"))
    init(Settings.load())

    def told(*arguments: str, typed: str | None = None) -> tuple[int, str]:
        result = CliRunner().invoke(
            app, ["accounts", *arguments], input=typed, env={"COLUMNS": "400"}
        )
        return result.exit_code, result.output

    return told


def test_a_first_password_is_shown_once_and_one_that_was_read_never(run: Run) -> None:
    code, said = run("add", "li", "--name", "李某", "--role", "city_steward", "--city", "赤峰市")
    assert code == 0
    assert re.search(r"初始密码（只显示这一次）：(\w{4}-){3}\w{4}", said)
    assert "任市级数据管理员（150400）" in said
    code, said = run(
        "add", "wang", "--name", "王某", "--password-stdin", typed="correct-horse-42\n"
    )
    assert (code, "correct-horse" in said, "初始密码" in said) == (0, False, False)
    code, said = run("reset", "wang")
    assert (code, "初始密码" in said) == (0, True)
    _, said = run("list", "--json")
    listed = {row["login"]: row for row in json.loads(said)}
    assert listed["li"]["posts"][0]["role_code"] == "city_steward"
    assert listed["wang"]["posts"] == []


REFUSED = [
    (["add", "wang", "--name", "王某", "--role", "steward"], "没有岗位“steward”"),
    (["add", "li", "--name", "李某"], "已被使用"),
    (["add", "wang", "--name", "王某", "--password-stdin"], "标准输入里没有密码"),
    (["post", "li", "--role", "reporter", "--unit", "红山"], "是不是：150402（红山区）"),
    (["post", "li", "--role", "auditor"], "三员分立"),
    (["disable", "nobody"], "没有账户“nobody”"),
    (["handover", "li", "li"], "同一账户"),
    (["demo"], "只能建在演示工作区"),
    (["office", "赤峰", "--reason", "三人"], "没有单位“赤峰”"),
]


def test_what_cannot_be_is_refused_in_words(run: Run) -> None:
    run("add", "li", "--name", "李某", "--role", "city_steward", "--city", "150400")
    for arguments, words in REFUSED:
        code, said = run(*arguments)
        assert (code, words in said) == (1, True), said


def test_the_audit_opens_to_the_auditors_password_only(run: Run) -> None:
    mark_kind(Settings.load(), is_synthetic=True)
    code, said = run("demo")
    assert (code, "yanshi-desk-2026" in said) == (0, True)
    again = run("demo")[1]
    assert again.startswith("演示账户已经建过")
    assert "yanshi-desk-2026" in again
    typed = "yanshi-desk-2026\n"
    code, said = run("audit", "auditor", "--password-stdin", typed=typed)
    assert (code, "新建账户" in said) == (0, True)
    code, said = run("audit", "system", "--password-stdin", typed=typed)
    assert (code, "没有“查看审计记录”的权限" in said) == (1, True)
    code, said = run("audit", "auditor", "--password-stdin", typed="wrong-password\n")
    assert (code, said.strip()) == (1, "账户或密码不正确。")


def test_a_post_ends_and_a_handover_tells_what_moved(run: Run) -> None:
    for login in ("li", "wang"):
        run("add", login, "--name", "某人")
    run("post", "li", "--role", "reporter", "--unit", "红山区")
    code, said = run("handover", "li", "wang", "--json")
    assert (code, json.loads(said)["post"]) == (0, 1)
    code, said = run(
        "post", "wang", "--role", "reporter", "--unit", "150402", "--end", "2099-01-01"
    )
    assert (code, "自 2099-01-01 起不再任填报员（150402）" in said) == (0, True)
