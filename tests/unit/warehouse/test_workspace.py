"""The workspace: created once, synthetic or real for ever."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from warehouse.errors import LedgerOutdated, WorkspaceKindConflict, WorkspaceMissing
from warehouse.ledger.engine import open_ledger, writing
from warehouse.settings import Settings
from warehouse.workspace import init, is_synthetic, mark_kind, set_demo


def test_init_creates_the_folders_of_the_contract_and_a_second_one_creates_nothing(tmp_path: Path):
    settings = Settings.load(tmp_path / "w", environ={})
    assert settings.toml_path in init(settings)
    for name in ("inbox", "outbox", "raw", "work/definitions", "dagster", "published", "releases"):
        assert (tmp_path / "w" / name).is_dir(), name
    assert (tmp_path / "w" / "ledger.sqlite").is_file()
    settings.toml_path.write_text("# mine\n", encoding="utf-8")
    assert init(settings) == []
    assert settings.toml_path.read_text(encoding="utf-8") == "# mine\n"


def test_the_settings_file_that_init_writes_changes_nothing_by_itself(settings: Settings):
    assert Settings.load(settings.home, environ={}) == settings


def test_what_a_workspace_is_stays_open_until_first_use_and_then_stands(settings: Settings):
    assert is_synthetic(settings) is None
    mark_kind(settings, True)
    mark_kind(settings, True)
    assert is_synthetic(settings) is True
    with pytest.raises(WorkspaceKindConflict, match="演示工作区"):
        mark_kind(settings, False)
    assert is_synthetic(settings) is True


def test_demo_is_refused_in_a_real_workspace(settings: Settings):
    mark_kind(settings, False)
    with pytest.raises(WorkspaceKindConflict, match="真实工作区"):
        set_demo(settings)
    assert Settings.load(settings.home, environ={}).clock_day is None


def test_demo_writes_its_business_day_once_and_leaves_a_day_set_by_hand(settings: Settings):
    assert set_demo(settings).clock_day == date(2026, 1, 31)
    assert Settings.load(settings.home, environ={}).clock_day == date(2026, 1, 31)
    by_hand = settings.toml_path.read_text(encoding="utf-8").replace("2026-01-31", "2026-02-28")
    settings.toml_path.write_text(by_hand, encoding="utf-8")
    assert set_demo(settings).clock_day == date(2026, 2, 28)


def test_without_init_there_is_no_ledger_to_open_and_no_file_comes_into_being(tmp_path: Path):
    settings = Settings.load(tmp_path / "none", environ={})
    with pytest.raises(WorkspaceMissing, match="qiangshi init"):
        open_ledger(settings)
    assert is_synthetic(settings) is None
    assert not (tmp_path / "none").exists()


def test_a_ledger_of_another_version_is_named_and_not_opened(settings: Settings):
    engine = open_ledger(settings)
    with writing(engine) as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(LedgerOutdated, match="9999"):
        open_ledger(settings)
