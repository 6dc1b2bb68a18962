"""Publishing: once changed, once released; unchanged, nothing moves but the day of the check."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.unit.warehouse.marts import Observed, ask, build, figures, release
from warehouse.errors import LockedTarget, NoRelease, ReleaseBroken
from warehouse.releases import places, swap
from warehouse.releases import publish as publishing
from warehouse.releases.gate import Verdict
from warehouse.releases.history import (
    last_as_of,
    published_manifest,
    release_as_of,
    release_manifests,
)
from warehouse.releases.publish import publish
from warehouse.settings import Settings

FEB_1 = date(2026, 2, 1)
TOTAL = "select actual_value from marts.plan_table where plan_code = 'red'"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.releases.iterdir() if path.name[0] != ".")


def test_a_first_release_lies_in_both_places_with_every_hash_of_its_manifest(settings: Settings):
    result = release(settings)
    assert (result.outcome, result.release_id) == ("released", "20260131-001")
    folder = settings.releases / "20260131-001"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert sha256(settings.published_db) == manifest["files"]["ip_marts.duckdb"]["sha256"]
    for name, facts in manifest["files"].items():
        assert sha256(folder / name) == facts["sha256"], name
        assert (folder / name).stat().st_size == facts["size"]
        assert not (folder / name).stat().st_mode & stat.S_IWUSR
    assert f"parquet/{'plan_table'}.parquet" in manifest["files"]
    assert manifest["tables"]["unit_observations"]["rows"] == 3
    assert (manifest["as_of"], manifest["checked_as_of"]) == ("2026-01-31", "2026-01-31")
    assert manifest["storage_version"].rstrip("+") == "v1.2.0"
    assert (manifest["held_cities"], manifest["chain_head"]) == ([], None)
    assert published_manifest(settings)["tables"] == manifest["tables"]
    rows = duckdb.sql(f"select count(*) from '{folder}/parquet/unit_observations.parquet'")
    assert rows.fetchall() == [(3,)]


def test_comments_and_not_null_reach_the_published_file(settings: Settings):
    release(settings)
    comments = "select comment from duckdb_tables() where table_name = 'plan_table'"
    assert ask(settings.published_db, comments) == [("规划指标表",)]
    nullable = (
        "select is_nullable from information_schema.columns "
        "where table_name = 'unit_observations' and column_name = 'unit_code'"
    )
    assert ask(settings.published_db, nullable) == [("NO",)]


def test_the_same_content_a_day_later_moves_only_the_day_of_the_check(settings: Settings):
    release(settings)
    before, identity = sha256(settings.published_db), settings.published_db.stat().st_ino
    again = release(settings, as_of=FEB_1)
    assert (again.outcome, again.release_id) == ("unchanged", "20260131-001")
    assert sha256(settings.published_db) == before
    assert settings.published_db.stat().st_ino == identity
    assert kept(settings) == ["20260131-001"]
    manifest = published_manifest(settings)
    assert (manifest["as_of"], manifest["checked_as_of"]) == ("2026-01-31", "2026-02-01")
    assert last_as_of(settings) == FEB_1


def test_the_same_content_on_the_same_day_leaves_the_manifest_as_it_is(settings: Settings):
    release(settings)
    before = settings.published_manifest.read_bytes()
    assert release(settings).outcome == "unchanged"
    assert settings.published_manifest.read_bytes() == before
    assert list((settings.releases / ".building").iterdir()) == []


def test_changed_content_is_a_new_release_and_the_old_one_stays(settings: Settings):
    release(settings)
    result = release(settings, figures(u150402=Observed("11", "v2")))
    assert (result.outcome, result.release_id) == ("released", "20260131-002")
    assert kept(settings) == ["20260131-001", "20260131-002"]
    assert ask(settings.published_db, TOTAL) == [(31.0,)]
    assert ask(settings.releases / "20260131-001" / "ip_marts.duckdb", TOTAL) == [(30.0,)]


def test_a_reader_keeps_its_release_through_a_swap_and_a_new_one_sees_the_next(settings: Settings):
    release(settings)
    with duckdb.connect(str(settings.published_db), read_only=True) as reader:
        assert reader.sql(TOTAL).fetchall() == [(30.0,)]
        release(settings, figures(u150402=Observed("11", "v2")))
        assert reader.sql(TOTAL).fetchall() == [(30.0,)]
    assert ask(settings.published_db, TOTAL) == [(31.0,)]


def test_the_release_of_a_day_is_the_newest_that_stood_at_its_end(settings: Settings):
    assert last_as_of(settings) is None
    release(settings)
    release(settings, figures(u150402=Observed("11", "v2")), date(2026, 2, 5))
    assert release_as_of(settings, date(2026, 2, 4)) == "20260131-001"
    assert release_as_of(settings, date(2026, 2, 5)) == "20260205-001"
    with pytest.raises(NoRelease):
        release_as_of(settings, date(2026, 1, 30))
    assert [m["release_id"] for m in release_manifests(settings)] == [
        "20260131-001",
        "20260205-001",
    ]


def test_a_verdict_on_all_publishes_nothing(settings: Settings):
    release(settings)
    before = settings.published_manifest.read_bytes()
    held = Verdict(all_held_because=("检查 x 未通过",))
    result = release(settings, figures(u150402=Observed("11", "v2")), verdict=held)
    assert (result.outcome, result.release_id) == ("blocked", "20260131-001")
    assert settings.published_manifest.read_bytes() == before
    assert kept(settings) == ["20260131-001"]


def test_a_night_killed_between_keeping_and_swapping_is_finished_by_the_next(
    settings: Settings, monkeypatch
):
    release(settings)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(places, "replace_patiently", die)
        with pytest.raises(KeyboardInterrupt):
            release(settings, figures(u150402=Observed("11", "v2")))
    assert published_manifest(settings)["release_id"] == "20260131-001"
    assert ask(settings.published_db, TOTAL) == [(30.0,)]
    result = release(settings, figures(u150402=Observed("11", "v2")))
    assert (result.outcome, result.release_id) == ("unchanged", "20260131-002")
    assert ask(settings.published_db, TOTAL) == [(31.0,)]


def test_a_locked_target_is_told_as_a_warning_and_made_good_later(settings: Settings, monkeypatch):
    release(settings)

    def locked(_: Path, target: Path) -> None:
        raise LockedTarget(target, 5)

    with monkeypatch.context() as patched:
        patched.setattr(places, "replace_patiently", locked)
        result = release(settings, figures(u150402=Observed("11", "v2")))
    assert result.outcome == "released"
    assert "占用" in (result.warning_zh or "")
    assert published_manifest(settings)["release_id"] == "20260131-001"
    assert swap.finish_interrupted(settings) == "20260131-002"
    assert ask(settings.published_db, TOTAL) == [(31.0,)]
    assert swap.finish_interrupted(settings) is None


def test_a_locked_file_is_tried_again_and_then_given_up(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(places, "PAUSE_SECONDS", 0)
    tries: list[int] = []

    def refuse(self: Path, target: Path) -> Path:
        tries.append(1)
        if len(tries) in (3, 4, 5):
            raise PermissionError
        if len(tries) < 3:
            raise PermissionError
        return target

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(LockedTarget):
        places.replace_patiently(tmp_path / "a", tmp_path / "b", attempts=5)
    assert len(tries) == 5
    places.replace_patiently(tmp_path / "a", tmp_path / "b", attempts=5)
    assert len(tries) == 6


def test_a_published_file_that_went_missing_comes_back_though_nothing_changed(settings: Settings):
    release(settings)
    before = sha256(settings.published_db)
    settings.published_db.unlink()
    assert release(settings, as_of=FEB_1).outcome == "unchanged"
    assert sha256(settings.published_db) == before
    assert published_manifest(settings)["checked_as_of"] == "2026-02-01"


def test_a_release_names_the_offices_in_which_one_person_decides(settings: Settings):
    declared = {"unit_code": "150400", "starts_on": "2026-01-01", "ends_on": "2026-02-01"}
    building, run = build(settings, figures())
    publish(settings, building, replace(run, small_offices=[declared]), Verdict())
    assert published_manifest(settings)["small_offices"] == [declared]
    release(settings, figures(u150402=Observed("11", "v2")), as_of=FEB_1)
    assert published_manifest(settings)["small_offices"] == []


def test_a_file_of_another_storage_version_is_not_published(settings: Settings):
    building, run = build(settings, figures(), storage="v2.0.0")
    with pytest.raises(ReleaseBroken, match="存储版本"):
        publish(settings, building, run, Verdict())
    assert published_manifest(settings) is None
    assert kept(settings) == []


def test_a_file_of_another_run_or_none_is_not_published(settings: Settings):
    building, run = build(settings, figures())
    with duckdb.connect(str(building.file)) as connection:
        connection.execute("update marts.release set release_id = '20200101-001'")
    with pytest.raises(ReleaseBroken, match="20200101-001"):
        publish(settings, building, run, Verdict())
    building.file.unlink()
    with pytest.raises(ReleaseBroken, match="没有建成"):
        publish(settings, building, run, Verdict())


def test_a_file_that_reads_back_otherwise_than_it_was_written_is_not_published(
    settings: Settings, monkeypatch
):
    building, run = build(settings, figures())
    complete = publishing._complete

    def and_spoil(*arguments: Any) -> Any:
        answer = complete(*arguments)
        with duckdb.connect(str(building.file)) as connection:
            connection.execute("update marts.plan_table set actual_value = 99")
        return answer

    monkeypatch.setattr(publishing, "_complete", and_spoil)
    with pytest.raises(ReleaseBroken, match="不一致"):
        publish(settings, building, run, Verdict())
    assert not settings.published_db.exists()
