"""Further places of a release: each healed by the next delivery, none of them a failed night."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.unit.warehouse.marts import Observed, ask, figures, release
from warehouse.errors import InvalidSetting, LockedTarget, ReleaseUnwritten
from warehouse.queries.history import roll_back
from warehouse.releases import delivery, places, publish, targets
from warehouse.releases.history import published_manifest, read_manifest
from warehouse.releases.swap import finish_interrupted, restore_published
from warehouse.releases.targets import deliver
from warehouse.settings import Settings

TOTAL = "select actual_value from marts.plan_table where plan_code = 'red'"
CHANGED = figures(u150402=Observed("11", "v2"))


@pytest.fixture
def mirrored(settings: Settings, tmp_path: Path) -> Settings:
    folders = (tmp_path / "share", tmp_path / "共享 盘")
    for folder in folders:
        folder.mkdir()
    return replace(settings, publish_folders=folders)


def test_a_mirror_has_the_file_the_parquet_and_the_manifest_of_what_is_published(
    mirrored: Settings,
):
    release(mirrored)
    assert [one.is_new for one in deliver(mirrored)] == [True, True]
    for folder in mirrored.publish_folders:
        assert ask(folder / "ip_marts.duckdb", TOTAL) == [(30.0,)]
        assert read_manifest(folder / "manifest.json") == published_manifest(mirrored)
        rows = duckdb.sql(f"select count(*) from '{folder}/parquet/unit_observations.parquet'")
        assert rows.fetchall() == [(3,)]
    assert [one.is_new for one in deliver(mirrored)] == [False, False]


def test_a_mirror_that_is_gone_is_a_line_and_hinders_no_other(mirrored: Settings):
    release(mirrored)
    gone = mirrored.publish_folders[0]
    gone.rmdir()
    first, second = deliver(mirrored)
    assert "目录不存在" in str(first.problem_zh)
    assert (second.is_new, second.problem_zh) == (True, None)
    gone.mkdir()
    (gone / "manifest.json").write_text("{ half", encoding="utf-8")
    first, second = deliver(mirrored)
    assert (first.is_new, first.problem_zh, second.is_new) == (True, None, False)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries made here, where a test can put something in their way."""
    monkeypatch.setattr(targets, "perform_within_limit", delivery.perform)


@pytest.mark.usefixtures("in_this_process")
def test_a_locked_mirror_keeps_its_release_until_the_next_delivery(mirrored: Settings, monkeypatch):
    release(mirrored)
    deliver(mirrored)
    release(mirrored, CHANGED)

    def locked(_: Path, target: Path) -> None:
        raise LockedTarget(target, 5)

    with monkeypatch.context() as patched:
        patched.setattr(places, "replace_patiently", locked)
        assert all("占用" in str(one.problem_zh) for one in deliver(mirrored))
    folder = mirrored.publish_folders[0]
    assert ask(folder / "ip_marts.duckdb", TOTAL) == [(30.0,)]
    assert [path.name for path in folder.glob(".2*")] == []
    assert all(one.is_new for one in deliver(mirrored))
    assert ask(folder / "ip_marts.duckdb", TOTAL) == [(31.0,)]


def test_a_roll_back_and_a_later_check_reach_the_mirrors(mirrored: Settings):
    release(mirrored)
    release(mirrored, CHANGED)
    deliver(mirrored)
    roll_back(mirrored, "20260131-001")
    assert all(one.is_new for one in deliver(mirrored))
    folder = mirrored.publish_folders[0]
    assert ask(folder / "ip_marts.duckdb", TOTAL) == [(30.0,)]
    assert ask(folder / "ip_marts.duckdb", "select release_id from marts.release") == [
        ("20260131-001",)
    ]


def test_the_parquet_pointer_moves_and_the_folder_before_stays_for_its_readers(
    settings: Settings,
):
    release(settings)
    before = (settings.published / "parquet").resolve()
    release(settings, CHANGED)
    now = (settings.published / "parquet").resolve()
    assert before != now
    asked = "select actual_value from '{}/plan_table.parquet' where plan_code = 'red'"
    assert duckdb.sql(asked.format(before)).fetchall() == [(30.0,)]
    assert duckdb.sql(asked.format(settings.published / "parquet")).fetchall() == [(31.0,)]
    release(settings, figures(u150402=Observed("12", "v3")))
    assert not before.exists()
    assert now.exists()


def test_a_mirror_that_hangs_is_given_up_and_hinders_no_other(mirrored: Settings, monkeypatch):
    """Nobody writes into the pipe that lies there: who opens it waits, as on a dead share."""
    release(mirrored)
    hung, _ = mirrored.publish_folders
    os.mkfifo(hung / "manifest.json")
    monkeypatch.setattr(delivery, "LONGEST_SECONDS", 3.0)
    first, second = deliver(mirrored)
    assert "没有写完" in str(first.problem_zh)
    assert (second.is_new, second.problem_zh) == (True, None)
    (hung / "manifest.json").unlink()
    assert [one.is_new for one in deliver(mirrored)] == [True, False]
    assert ask(hung / "ip_marts.duckdb", TOTAL) == [(30.0,)]


def test_a_full_mirror_keeps_what_it_has_until_there_is_room(mirrored: Settings):
    release(mirrored)
    deliver(mirrored)
    release(mirrored, CHANGED)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        found = deliver(mirrored)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert all("放不下" in str(one.problem_zh) for one in found)
    for folder in mirrored.publish_folders:
        assert ask(folder / "ip_marts.duckdb", TOTAL) == [(30.0,)]
        assert str((read_manifest(folder / "manifest.json") or {})["release_id"]).endswith("-001")
        assert [path.name for path in folder.rglob(".2*")] == []
    assert [one.problem_zh for one in deliver(mirrored)] == [None, None]
    assert ask(mirrored.publish_folders[0] / "ip_marts.duckdb", TOTAL) == [(31.0,)]


def test_a_mirror_that_may_not_be_written_is_a_line(settings: Settings, tmp_path: Path):
    """Root may write everywhere, but not there."""
    folder = Path("/sys/kernel") if os.geteuid() == 0 else tmp_path / "sealed"
    folder.mkdir(exist_ok=True)
    if os.geteuid():
        folder.chmod(0o555)
    sealed = replace(settings, publish_folders=(folder,))
    release(sealed)
    (found,) = deliver(sealed)
    assert not found.is_new
    assert "写不进去：" in str(found.problem_zh)
    assert "只读" in str(found.problem_zh) or "没有写的权限" in str(found.problem_zh)


def test_a_delivery_that_breaks_down_is_a_line(mirrored: Settings, monkeypatch):
    release(mirrored)
    monkeypatch.setattr(delivery.sys, "executable", "/nowhere/python")
    assert all("未能启动" in str(one.problem_zh) for one in deliver(mirrored))


@pytest.mark.usefixtures("in_this_process")
def test_a_share_without_pointers_holds_the_parquet_folder_itself(mirrored: Settings, monkeypatch):
    def unsupported(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(Path, "symlink_to", unsupported)
    for observed in (figures(), CHANGED):
        release(mirrored, observed)
        assert [one.problem_zh for one in deliver(mirrored)] == [None, None]
    folder = mirrored.publish_folders[0] / "parquet"
    assert not folder.is_symlink()
    asked = f"select actual_value from '{folder}/plan_table.parquet' where plan_code = 'red'"
    assert duckdb.sql(asked).fetchall() == [(31.0,)]


@pytest.mark.parametrize("number", [errno.EBUSY, errno.ETXTBSY, errno.EACCES])
def test_what_a_share_answers_of_a_held_file_is_told_as_held(
    tmp_path: Path, monkeypatch, number: int
):
    def held(self: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(places, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(LockedTarget):
        places.replace_patiently(tmp_path / "a", tmp_path / "b")


def test_a_file_locked_for_two_nights_does_not_fail_the_second(settings: Settings, monkeypatch):
    release(settings)

    def locked(_: Path, target: Path) -> None:
        raise LockedTarget(target, 5)

    with monkeypatch.context() as patched:
        patched.setattr(places, "replace_patiently", locked)
        release(settings, CHANGED)
        assert finish_interrupted(settings) is None
        restore_published(settings)
        result = release(settings, figures(u150402=Observed("12", "v3")))
        assert "占用" in str(result.warning_zh)
    assert finish_interrupted(settings) == result.release_id
    assert ask(settings.published_db, TOTAL) == [(32.0,)]


WRITER = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
con.execute("update marts.plan_table set actual_value = 77")
print("written", flush=True)
sys.stdin.read()
"""


def test_a_program_that_writes_into_the_published_file_spoils_no_release(settings: Settings):
    """Its log, laid over the next release, would mix its rows into it."""
    release(settings)
    settings.published_db.chmod(0o644)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(settings.published_db)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        assert places.log_of(settings.published_db).exists()
        release(settings, CHANGED)
        assert ask(settings.published_db, TOTAL) == [(31.0,)]
    finally:
        writer.communicate(timeout=30)
    assert ask(settings.published_db, TOTAL) == [(31.0,)]


def test_a_published_file_that_somebody_changed_is_put_back(settings: Settings):
    release(settings)
    settings.published_db.chmod(0o644)
    with duckdb.connect(str(settings.published_db)) as connection:
        connection.execute("update marts.plan_table set actual_value = 77")
    restore_published(settings)
    assert ask(settings.published_db, TOTAL) == [(30.0,)]


def test_a_full_disk_while_the_release_is_finished_publishes_nothing(
    settings: Settings, monkeypatch
):
    release(settings)
    before = settings.published_manifest.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "file_facts", full)
        with pytest.raises(ReleaseUnwritten, match="写不下去"):
            release(settings, CHANGED)
    assert settings.published_manifest.read_bytes() == before
    assert ask(settings.published_db, TOTAL) == [(30.0,)]
    assert release(settings, CHANGED).outcome == "released"


def test_a_full_disk_while_the_file_is_copied_is_a_warning_and_made_good(
    settings: Settings, monkeypatch
):
    release(settings)
    copyfile = places.shutil.copyfile

    def full(source: Path, target: Path) -> Path:
        if target.suffix == ".duckdb":
            target.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return copyfile(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(places.shutil, "copyfile", full)
        result = release(settings, CHANGED)
    assert "No space left" in str(result.warning_zh)
    assert ask(settings.published_db, TOTAL) == [(30.0,)]
    assert list(settings.published.glob(".2*")) == []
    assert finish_interrupted(settings) == "20260131-002"
    assert ask(settings.published_db, TOTAL) == [(31.0,)]


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from tests.unit.warehouse.marts import Observed, build, figures
from warehouse.errors import ReleaseUnwritten
from warehouse.releases.gate import Verdict
from warehouse.releases.publish import publish
from warehouse.settings import Settings
settings = Settings.load(sys.argv[1], environ={})
building, run = build(settings, figures(u150402=Observed("11", "v2")))
size = building.file.stat().st_size
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    publish(settings, building, run, Verdict())
except ReleaseUnwritten as error:
    print(error.message_zh[:8])
"""


def test_a_system_that_takes_no_more_bytes_leaves_the_published_release(settings: Settings):
    release(settings)
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(settings.home), root],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == "发布文件写不下去", done.stderr
    assert ask(settings.published_db, TOTAL) == [(30.0,)]
    assert release(settings, CHANGED).outcome == "released"


def test_a_setting_of_folders_and_of_a_database_is_read(tmp_path: Path):
    one, two = tmp_path / "a", tmp_path / "b"
    found = Settings.load(
        tmp_path,
        environ={
            "QIANGSHI_PUBLISH_DIRS": f"{one}{os.pathsep}{two}",
            "QIANGSHI_PUBLISH_POSTGRES": "postgresql+psycopg://bi:geheim@host/db",
        },
    )
    assert found.publish_folders == (one, two)
    assert found.publish_postgres == "postgresql://bi:geheim@host/db"
    assert "geheim" not in repr(found)
    with pytest.raises(InvalidSetting) as refused:
        Settings.load(tmp_path, environ={"QIANGSHI_PUBLISH_POSTGRES": "mysql://bi:geheim@host"})
    assert "geheim" not in str(refused.value)
