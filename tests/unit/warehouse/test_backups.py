"""A workspace in one file and back: all of it, checked, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse import backups, workspace
from warehouse.backups import BackupRefused, back_up, restore
from warehouse.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings.load(tmp_path / "var", environ={})
    workspace.init(settings)
    workspace.mark_kind(settings, is_synthetic=True)
    for name, data in {
        "raw/ab/abc": b"\x00filed", "inbox/150400/150402/红山区 表.xlsx": b"new",
        "releases/20260131-001/manifest.json": b"{}", "exports/ABCD-2345.json": b"{}",
        "releases/.building/half": b"x", "secrets/key.toml": b"password", "dagster/run": b"x",
    }.items():  # fmt: skip
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return settings


def files(settings: Settings) -> dict[str, bytes]:
    root = settings.home
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}  # fmt: skip


def test_what_comes_back_is_what_went_in_without_secrets(home: Settings, tmp_path: Path) -> None:
    made = back_up(home, tmp_path / "one.backup")
    other = Settings.load(tmp_path / "other", environ={})
    found = restore(other, tmp_path / "one.backup")
    assert found.files == made.files
    before, after = files(home), files(other)
    left_out = {name for name in before if name.split("/")[0] in ("secrets", "dagster")}
    left_out |= {"releases/.building/half"}
    assert left_out
    ledgers = {name for name in (*before, *after) if name.startswith("ledger.sqlite")}
    assert set(after) - ledgers == set(before) - left_out - ledgers
    assert all(after[name] == before[name] for name in set(after) - ledgers)
    assert workspace.is_synthetic(other) is True
    assert not list(tmp_path.glob(".*"))


def test_a_workspace_in_use_is_never_overwritten(home: Settings, tmp_path: Path) -> None:
    back_up(home, tmp_path / "one.backup")
    before = files(home)
    with pytest.raises(BackupRefused, match="不是空的"):
        restore(home, tmp_path / "one.backup")
    assert files(home) == before


@pytest.mark.parametrize("spoil", ["cut", "altered", "text", "missing"])
def test_a_backup_that_is_not_whole_is_refused_whole(
    home: Settings, tmp_path: Path, spoil: str
) -> None:
    file = tmp_path / "one.backup"
    back_up(home, file)
    data = file.read_bytes()
    if spoil == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif spoil == "altered":
        file.write_bytes(data[:-200] + bytes(100) + data[-100:])
    elif spoil == "text":
        file.write_text("no backup", encoding="utf-8")
    else:
        file.unlink()
    other = Settings.load(tmp_path / "other", environ={})
    with pytest.raises(BackupRefused):
        restore(other, file)
    assert not other.home.exists()
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_no_half_backup(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "_check", full)
    with pytest.raises(BackupRefused, match="No space left"):
        back_up(home, tmp_path / "one.backup")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


def test_a_file_that_stands_there_is_replaced_only_when_asked(
    home: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "one.backup"
    file.write_text("somebody's own", encoding="utf-8")
    with pytest.raises(BackupRefused, match="--force"):
        back_up(home, file)
    assert file.read_text(encoding="utf-8") == "somebody's own"
    assert back_up(home, file, may_replace=True).size == file.stat().st_size
