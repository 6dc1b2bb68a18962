"""Full disks, dead shares and spoilt files around a release: told, left standing, made good."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestration.stages import exporting
from tests.integration.conftest import Workspace
from warehouse.exports.placing import FIXED
from warehouse.releases import delivery

QIANGSHI = str(Path(sys.executable).parent / "qiangshi")
DAY = "2026-02-01"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One city's last month after its first night, with exports and two mirrors.

    Every test leaves it as it found it: sound, unchanged, on the same day.
    """
    home = tmp_path_factory.mktemp("weather")
    workspace = Workspace(home / "var", has_exports=True)
    workspace.run("init")
    for share in ("share", "other"):
        (home / share).mkdir()
    toml = workspace.home / "workspace.toml"
    text = toml.read_text(encoding="utf-8") + (
        f'\ncities = ["140600"]\npublish_dirs = ["{home}/share", "{home}/other"]\n'
    )
    toml.write_text(text, encoding="utf-8")
    workspace.run("demo", "--from", "2025-12", "--to", "2025-12")
    night = workspace.night("--date", DAY)
    assert night["exports"]["failed"] == []
    assert [one["problem_zh"] for one in night["deliveries"]] == [None, None]
    return workspace


def mirror(city: Workspace, name: str = "share") -> Path:
    return city.home.parent / name


def exports(city: Workspace) -> Path:
    [(release,)] = city.query("select release_id from marts.release")
    return city.home / "releases" / release / "exports"


def test_workbook_and_page_lie_at_a_fixed_path_here_and_in_every_mirror(city: Workspace) -> None:
    for folder in (city.home / "published", mirror(city), mirror(city, "other")):
        for name in FIXED:
            assert (folder / name).read_bytes() == (exports(city) / name).read_bytes()
            assert not [path for path in folder.glob(f".{name}*")]


def test_an_unchanged_night_tells_of_no_export_and_makes_good_what_is_gone(
    city: Workspace,
) -> None:
    for folder in (city.home / "published", mirror(city)):
        (folder / "plan_tables.xlsx").unlink()
    said = city.run("nightly", "--date", DAY).output
    assert "没有变化" in said
    assert "导出" not in said
    for folder in (city.home / "published", mirror(city)):
        assert (folder / "plan_tables.xlsx").is_file()


def test_a_mirror_that_hangs_delays_the_night_by_its_limit_once_and_is_told(
    city: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = mirror(city) / "manifest.json"
    there.unlink()
    os.mkfifo(there)
    waited = []
    perform = delivery.perform_within_limit
    monkeypatch.setattr(delivery, "LONGEST_SECONDS", 3.0)
    monkeypatch.setattr(
        "warehouse.exports.placing.perform_within_limit",
        lambda task: waited.append(task["folder"]) or perform(task),
    )
    try:
        night = city.night("--date", DAY)
    finally:
        there.unlink()
    [problem, fine] = [one["problem_zh"] for one in night["deliveries"]]
    assert "没有写完" in problem
    assert fine is None
    assert waited == [str(mirror(city, "other"))]
    assert [one["problem_zh"] for one in city.night("--date", DAY)["deliveries"]] == [None, None]
    assert there.is_file()


def test_the_doctor_checks_exports_and_copies(city: Workspace) -> None:
    def wrong() -> list[str]:
        told = city.run("doctor", "--json", ends_with=None).json["checks"]
        return [one["message_zh"] for one in told if not one["is_sound"]]

    assert wrong() == []
    for path in (exports(city) / "csv/plan_table.csv", city.home / "published/plan_tables.xlsx"):
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(whole[:-1] + b"!")
        assert [path.name in said for said in wrong()] == [True]
        path.write_bytes(whole)
    page = city.home / "published/report.html"
    page.rename(page.with_suffix(".aside"))
    assert ["published/report.html" in said for said in wrong()] == [True]
    page.with_suffix(".aside").rename(page)


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """A system that takes no more than so many bytes of one file, for this process and its own."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_too_full_for_the_exports_fails_no_night_and_the_next_one_writes_them(
    city: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exports(city)
    before = {path.name for path in folder.iterdir()}
    shutil.rmtree(folder)
    write = exporting.write_in_child

    def cramped(*arguments: Any) -> dict[str, Any]:
        with little_room(100_000):
            return write(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "write_in_child", cramped)
        night = city.night("--date", DAY)
    assert night["is_new"] is False
    assert {"CSV", "报告页"} & {one["part"] for one in night["exports"]["failed"]}, night
    assert not (folder / "report.html").exists()
    assert not (city.home / "published/report.html").exists(), "an old page would pass for new"
    said = city.run("nightly", "--date", DAY).output
    assert "导出未成" not in said
    assert {path.name for path in folder.iterdir()} == before
    assert (mirror(city) / "report.html").is_file()


def test_a_disk_too_full_for_the_night_fails_it_in_words_and_the_next_one_succeeds(
    city: Workspace,
) -> None:
    published = (city.home / "published/manifest.json").read_bytes()
    (city.home / "work/inputs.json").unlink()
    order = (
        "import os, resource, sys; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", order, QIANGSHI, "nightly", "--date", DAY],
        env=os.environ | {"QIANGSHI_HOME": str(city.home)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "磁盘已满" in done.stderr
    assert (city.home / "published/manifest.json").read_bytes() == published
    assert city.night("--date", DAY)["is_new"] is False
