"""Thinning: what goes, what never goes, and what is said of what went."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.warehouse.marts import Observed, figures, release
from warehouse.errors import InvalidSetting, NoRelease, ThinnedRelease
from warehouse.exports.records import record_of
from warehouse.exports.selection import Figure
from warehouse.exports.verify import verify
from warehouse.queries.history import differences, releases, roll_back
from warehouse.queries.published import release_file
from warehouse.releases import thinning
from warehouse.releases.build import DEFINITIONS
from warehouse.releases.history import next_release_id, release_db, thinned_releases, write_manifest
from warehouse.releases.seals import kept_heads
from warehouse.releases.swap import announce
from warehouse.releases.targets import deliver
from warehouse.releases.thinning import thin, thinnable
from warehouse.settings import Settings

DAYS = (
    date(2026, 1, 10), date(2026, 1, 20), date(2026, 1, 31), date(2026, 2, 5), date(2026, 2, 25),
    date(2026, 3, 10), date(2026, 3, 20), date(2026, 3, 25),
)  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, empty_workspace: Path) -> Path:
    """A workspace with a release of each day, each with another figure."""
    home = tmp_path_factory.mktemp("history") / "var"
    shutil.copytree(empty_workspace, home)
    settings = Settings.load(home, environ={})
    for number, day in enumerate(DAYS):
        release(settings, figures(u150402=Observed(str(10 + number), f"v{number + 1}")), day)
    return home


@pytest.fixture
def history(released: Path, settings: Settings) -> Settings:
    """A copy of it that a test may change."""
    shutil.rmtree(settings.home)
    shutil.copytree(released, settings.home, symlinks=True)
    return settings


def ids(found: list[Any]) -> list[str]:
    return [one.release_id for one in found]


def rewritten(settings: Settings, release_id: str, **told: Any) -> None:
    """The manifest of a kept release with other facts."""
    path = settings.releases / release_id / "manifest.json"
    path.chmod(0o644)
    write_manifest(path, json.loads(path.read_text(encoding="utf-8")) | told)


def test_the_last_days_stay_whole_and_of_months_before_the_last_release(history: Settings) -> None:
    assert ids(thinnable(history, 30)) == ["20260110-001", "20260120-001", "20260205-001"]
    assert ids(thinnable(history, 10)) == [
        "20260110-001", "20260120-001", "20260205-001", "20260310-001",
    ]  # fmt: skip
    assert thinnable(history, 365) == []


def test_days_are_those_of_the_figures_not_of_the_calendar(settings: Settings) -> None:
    for day in DAYS[:2]:
        release(settings, figures(u150402=Observed(str(day.day), "v2")), day)
    # The newest release is months old; counted from today it would be long ago.
    assert thinnable(settings, 30) == []


def test_nothing_goes_before_it_is_written_down_and_manifest_and_definitions_stay(
    history: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = history.releases / "20260110-001"
    (folder / DEFINITIONS).mkdir()
    (folder / DEFINITIONS / "units.csv").write_text("unit_code\n", encoding="utf-8")
    (folder / "exports").mkdir()
    (folder / "exports" / "report.html").write_text("…", encoding="utf-8")
    signed = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()

    def full(_: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(thinning, "_empty", full)
        with pytest.raises(OSError, match="Input/output"):
            thin(history, 30)
    assert list(thinned_releases(history)) == ["20260110-001"]
    assert release_db(history, "20260110-001").is_file()
    assert ids(thin(history, 30)) == ["20260110-001", "20260120-001", "20260205-001"]
    assert sorted(path.name for path in folder.iterdir()) == [DEFINITIONS, "manifest.json"]
    told = thinned_releases(history)["20260110-001"]
    assert told["manifest_sha256"] == signed
    assert (told["as_of"], told["bytes"] > 0) == ("2026-01-10", True)
    assert datetime.fromisoformat(told["thinned_at"])
    assert thin(history, 30) == []
    assert len(thinned_releases(history)) == 3


def test_what_is_published_what_was_before_and_what_is_announced_stay(history: Settings) -> None:
    roll_back(history, "20260205-001")
    assert ids(thinnable(history, 30)) == ["20260110-001", "20260120-001"]
    announce(history, "20260110-001")
    assert ids(thinnable(history, 30)) == ["20260120-001"]


def test_the_release_before_the_published_one_stays(history: Settings) -> None:
    roll_back(history, "20260131-001")
    assert "20260120-001" not in ids(thinnable(history, 1))


def test_what_a_mirror_still_has_stays(history: Settings, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    mirrored = replace(history, publish_folders=(share, tmp_path / "gone"))
    roll_back(history, "20260110-001")
    deliver(mirrored)
    roll_back(history, "20260325-001")
    assert ids(thinnable(mirrored, 30)) == ["20260120-001", "20260205-001"]


def test_official_releases_and_what_they_are_made_from_stay(history: Settings) -> None:
    rewritten(
        history, "20260120-001", kind="official", official={"base_release_id": "20260110-001"}
    )
    assert ids(thinnable(history, 1)) == ["20260205-001", "20260310-001"]


def test_what_a_standing_proposal_is_made_from_stays(
    history: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thinning, "bases_in", lambda _: {"20260205-001"})
    assert ids(thinnable(history, 30)) == ["20260110-001", "20260120-001"]


def test_the_chain_s_seals_stay_and_an_id_is_not_given_again(history: Settings) -> None:
    rewritten(history, "20260205-001", chain_head="ab" * 32, chain_length=7)
    before = kept_heads(history)
    assert [seal.length for seal in before] == [7]
    thin(history, 30)
    assert kept_heads(history) == before
    assert next_release_id(history, date(2026, 2, 5)) == "20260205-002"


def test_of_a_thinned_release_it_is_said_when_and_what_stands_for_it(history: Settings) -> None:
    thin(history, 30)
    day = thinned_releases(history)["20260120-001"]["thinned_at"][:10]
    with pytest.raises(ThinnedRelease) as caught:
        release_file(history, "20260120-001")
    assert caught.value.message_zh == (
        f"发布版本“20260120-001”已于 {day} 精简，只留清单和指标定义；可看其后保留的 20260131-001。"
    )
    for act in (
        lambda: differences(history, "20260110-001", "20260325-001"),
        lambda: roll_back(history, "20260120-001"),
    ):
        with pytest.raises(ThinnedRelease):
            act()
    with pytest.raises(NoRelease) as unknown:
        release_file(history, "20250101-001")
    assert not isinstance(unknown.value, ThinnedRelease)
    listed = {row["release_id"]: row["thinned_on"] for row in releases(history)}
    assert listed["20260120-001"] == day
    assert listed["20260131-001"] is None
    assert len(listed) == len(DAYS)


def test_a_table_of_a_thinned_release_is_still_verified_and_says_so(
    history: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = Figure(
        "k", "赤峰市", "30", "city_indicators", "150400|patents|2025-12|month", "value"
    )  # fmt: skip
    moved = replace(figure, value="37")
    record = record_of("20260110-001", "2026-01-10", True, {"kind": "query"}, [figure])
    monkeypatch.setattr("warehouse.exports.verify._now", lambda *_: [moved])
    assert verify(history, record).thinned_zh is None
    thin(history, 30)
    found = verify(history, record)
    assert "已于" in str(found.thinned_zh)
    [change] = found.changes
    # `revisions` is carried from release to release and knows why.
    assert change["reason_code"] == "resubmitted"


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("all", None), ("", None)])
def test_the_setting_is_days_or_all(text: str, days: int | None, tmp_path: Path) -> None:
    found = Settings.load(tmp_path, environ={"QIANGSHI_KEEP_RELEASES": text})
    assert found.keep_days == days


@pytest.mark.parametrize("text", ["30", "0d", "-1d", "三十天"])
def test_what_is_neither_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="30d"):
        Settings.load(tmp_path, environ={"QIANGSHI_KEEP_RELEASES": text})
