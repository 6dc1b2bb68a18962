"""Official releases as files: what is kept, where readers find it, what a cut-off leaves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app
from tests.unit.warehouse.builders import NOW
from tests.unit.warehouse.marts import Observed, ask, figures, release
from tests.unit.warehouse.officials import (
    BASE,
    CITY,
    FIRST,
    ONE_LEDGER,
    PDF,
    TOTAL,
    approve,
    changed,
    listed,
    official,
    propose,
)
from tests.unit.warehouse.test_confidentiality import overlay
from warehouse.connection import warehouse_writer
from warehouse.errors import ReleaseUnwritten
from warehouse.official import making, placing, verbs
from warehouse.official.checking import official_damage
from warehouse.official.figures import load_official_figures, official_state
from warehouse.releases.history import (
    first_release,
    last_as_of,
    next_release_id,
    published_manifest,
    release_as_of,
)
from warehouse.settings import Settings


@pytest.fixture
def published(settings: Settings) -> Settings:
    """A workspace with one nightly release of two cities, on the night's own day."""
    release(settings)
    return settings.on(date(2026, 1, 31))


def loaded(settings: Settings, ledger: Any, now: datetime = NOW) -> list[tuple[Any, ...]]:
    """What the night lays before the models."""
    with warehouse_writer(settings) as connection:
        count = load_official_figures(connection, settings, ledger.engine, now)
        found = connection.execute(
            "select official_release_id, indicator_code, period_end, official_value,"
            " revision_document_number, revision_reason_zh from raw.official_figures"
        ).fetchall()
    assert len(found) == count
    return found


@ONE_LEDGER
def test_an_official_release_is_one_citys_rows_kept_beside_its_scan(published, ledger):
    done = official(published, ledger)
    assert done.release_id == FIRST
    folder = published.releases / FIRST
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["kind"] == "official"
    assert told["official"] == {
        "city_code": CITY, "report_code": "quarterly", "period_code": "2025-Q4",
        "proposal_id": "150400.quarterly.2025-Q4.1", "base_release_id": BASE,
        "document_number": "赤知〔2026〕1号", "proposed_by": "steward", "approved_by": "approver",
        "approved_at": NOW.isoformat(), "embargo_until": None,
        "scan_sha256": told["files"]["sealed_table.pdf"]["sha256"],
        "scan_file": "sealed_table.pdf", "replaces": None,
    }  # fmt: skip
    assert (folder / "sealed_table.pdf").read_bytes() == PDF
    file = folder / "ip_marts.duckdb"
    assert ask(file, "select release_id, kind from marts.release") == [(FIRST, "official")]
    assert ask(file, "select city_code, release_id, value from marts.city_indicators") == [
        (CITY, FIRST, 30.0)
    ]
    assert ask(file, "select distinct city_code from marts.units") == [(CITY,)]
    assert ask(file, "select count(*) from marts.findings") == [(2,)]
    # Not even in blocks that are free: the other city's plan stands nowhere in the file.
    assert b"steel" not in file.read_bytes()
    assert (folder / "parquet/plan_table.parquet").is_file()
    comment = "select comment from duckdb_tables() where table_name = 'plan_table'"
    assert ask(file, comment) == [("规划指标表",)]
    assert all(path.stat().st_mode & 0o222 == 0 for path in folder.rglob("*.duckdb"))


@ONE_LEDGER
def test_the_nights_go_on_as_if_there_were_no_official_release(published, ledger):
    before = published_manifest(published)
    official(published, ledger)
    assert published_manifest(published) == before
    assert last_as_of(published) == date(2026, 1, 31)
    assert first_release(published) == BASE
    assert release_as_of(published, date(2026, 1, 31)) == BASE
    later = release(published, figures(u150402=Observed("11", "v2")))
    assert later.release_id == "20260131-003"
    assert later.manifest is not None
    assert later.manifest["previous_release_id"] == BASE
    assert release_as_of(published, date(2026, 1, 31)) == "20260131-003"


@ONE_LEDGER
def test_the_public_place_is_empty_until_the_embargo_is_over(published, ledger):
    until = datetime(2026, 2, 10, 9, 0)
    done = official(published, ledger, embargo_until=until)
    place = published.published / "official" / CITY / "quarterly-2025-Q4"
    assert [one.audience for one in done.placements] == ["office"]
    assert (place / "office/ip_marts.duckdb").is_file()
    assert (place / "office/sealed_table.pdf").is_file()
    assert not (place / "public").exists()
    assert verbs.publish_due(published.on(date(2026, 2, 9)), ledger.engine)[1][0].is_new is False
    assert not (place / "public").exists()
    later = published.on(date(2026, 2, 10))
    _, placed = verbs.publish_due(later, ledger.engine)
    assert [one.problem_zh for one in placed] == [None, None]
    assert [(one.audience, one.is_new) for one in placed] == [("office", False), ("public", True)]
    public = place / "public"
    assert ask(public / "ip_marts.duckdb", TOTAL) == [(30.0,)]
    tables = "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    assert ("findings",) not in ask(public / "ip_marts.duckdb", tables)
    told = (public / "manifest.json").read_text(encoding="utf-8")
    assert "steward" not in told
    assert "approver" not in told
    assert not list(public.glob("sealed_table*"))
    # Again: nothing moves.
    assert not any(one.is_new for one in verbs.publish_due(later, ledger.engine)[1])
    # Spoiled by another program, it is laid out anew.
    (public / "ip_marts.duckdb").unlink()
    assert [one.is_new for one in verbs.publish_due(later, ledger.engine)[1]] == [False, True]


@ONE_LEDGER
def test_the_public_reads_the_release_before_until_the_new_ones_embargo_is_over(published, ledger):
    official(published, ledger)
    changed(published)
    verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="2号",
    )  # fmt: skip
    again = official(published, ledger, embargo_until=datetime(2026, 2, 10))
    assert again.manifest["official"]["replaces"] == FIRST
    place = published.published / "official" / CITY / "quarterly-2025-Q4"
    assert ask(place / "public/ip_marts.duckdb", TOTAL) == [(30.0,)]
    assert ask(place / "office/ip_marts.duckdb", TOTAL) == [(31.0,)]
    verbs.publish_due(published.on(date(2026, 2, 10)), ledger.engine)
    assert ask(place / "public/ip_marts.duckdb", TOTAL) == [(31.0,)]


@pytest.mark.parametrize("step", ["make_aside", "finish"])
def test_what_was_cut_off_is_completed_and_takes_no_other_releases_id(
    published, ledger, monkeypatch, step
):
    proposed = propose(published, ledger)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verbs, step, killed)
        with pytest.raises(KeyboardInterrupt):
            approve(published, ledger, proposed)
    assert not (published.releases / FIRST).exists()
    if step == "make_aside":
        # Nothing was approved: it may be tried again.
        assert approve(published, ledger, proposed).release_id == FIRST
        return
    assert next_release_id(published, date(2026, 1, 31)) == "20260131-003"
    [row] = listed(published, ledger)
    assert (row["state_code"], row["is_made"]) == ("approved", False)
    problems, placed = verbs.publish_due(published, ledger.engine)
    assert problems == []
    assert {one.release_id for one in placed} == {FIRST}
    assert ask(published.releases / FIRST / "ip_marts.duckdb", TOTAL) == [(30.0,)]
    assert not list((published.releases / ".official").iterdir())


@ONE_LEDGER
def test_a_full_disk_leaves_the_approval_to_be_completed(published, ledger, monkeypatch):
    proposed = propose(published, ledger)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, "keep", full)
        with pytest.raises(ReleaseUnwritten, match="No space left"):
            approve(published, ledger, proposed)
        problems, _ = verbs.publish_due(published, ledger.engine)
        assert "未能制成" in problems[0]
        assert next_release_id(published, date(2026, 1, 31)) == "20260131-003"
    assert verbs.publish_due(published, ledger.engine)[0] == []
    assert (published.releases / FIRST / "manifest.json").is_file()


@ONE_LEDGER
def test_a_lost_place_of_readers_is_laid_out_again(published, ledger):
    official(published, ledger)
    shutil.rmtree(Path(published.published) / "official")
    assert all(one.is_new for one in verbs.publish_due(published, ledger.engine)[1])


@ONE_LEDGER
@pytest.mark.parametrize("audience", ["office", "public"])
@pytest.mark.parametrize("spoiled", ["", "{}", '{"release_id": '])
def test_a_spoiled_manifest_in_a_place_of_readers_is_laid_anew(
    published, ledger, audience, spoiled
):
    official(published, ledger)
    path = published.published / "official" / CITY / "quarterly-2025-Q4" / audience
    before = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    (path / "manifest.json").write_text(spoiled, encoding="utf-8")
    assert official_damage(published, ledger.engine) == []
    verbs.publish_due(published, ledger.engine)
    after = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    assert after["official"] == before["official"]


@ONE_LEDGER
def test_the_public_manifest_says_what_is_official_after_a_cut_off_too(
    published, ledger, monkeypatch
):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(placing, "write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            official(published, ledger)
    verbs.publish_due(published, ledger.engine)
    path = published.published / "official" / CITY / "quarterly-2025-Q4" / "public/manifest.json"
    assert json.loads(path.read_text(encoding="utf-8"))["official"]["document_number"]


@ONE_LEDGER
def test_a_class_that_is_raised_later_holds_for_what_lies_there(published, ledger, tmp_path):
    """No later release makes an official file anew: it follows the classes all the same."""
    official(published, ledger)
    overlay(tmp_path, "elements", {"element_code": "patent_grants", "confidentiality_zh": "内部"})
    raised = replace(published, definitions_overlay=tmp_path)
    placed = verbs.publish_due(raised, ledger.engine)[1]
    assert [(one.audience, one.is_new) for one in placed] == [("office", False), ("public", True)]
    assert not any(one.is_new for one in verbs.publish_due(raised, ledger.engine)[1])


@ONE_LEDGER
def test_the_doctor_is_told_of_what_is_not_as_the_ledger_has_it(published, ledger):
    official(published, ledger, embargo_until=datetime(2026, 2, 10))
    assert official_damage(published, ledger.engine) == []
    place = published.published / "official" / CITY / "quarterly-2025-Q4"
    shutil.copytree(place / "office", place / "public")
    manifest = published.releases / FIRST / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["official"]["document_number"] = "另一号"
    manifest.write_text(json.dumps(told), encoding="utf-8")
    found = official_damage(published, ledger.engine)
    assert found[0] == f"正式发布 {FIRST} 的清单与台账不符：document_number。"
    assert "尚在保密期" in found[1]
    assert official_damage(published.on(date(2026, 2, 10)), ledger.engine) == found[:1]
    shutil.rmtree(published.releases / FIRST)
    assert "已批准而没有制成" in official_damage(published, ledger.engine)[0]


@ONE_LEDGER
def test_the_doctor_looks_as_on_a_day_that_is_named(published, ledger, monkeypatch):
    """What was laid out for a later day is not early on that day."""
    official(published, ledger, embargo_until=datetime(2099, 2, 10))
    verbs.publish_due(published.on(date(2099, 2, 10)), ledger.engine)
    monkeypatch.setenv("QIANGSHI_HOME", str(published.home))
    today, then = (
        CliRunner().invoke(app, ["doctor", *day]) for day in ([], ["--date", "2099-02-10"])
    )
    assert (today.exit_code, "尚在保密期" in today.output) == (1, True)
    assert (then.exit_code, "尚在保密期" in then.output) == (0, False), then.output


@ONE_LEDGER
def test_a_night_is_given_the_figures_that_stand_and_none_under_embargo(published, ledger):
    assert loaded(published, ledger) == []
    assert official_state(ledger.engine, NOW) == []
    until = datetime(2026, 2, 10)
    official(published, ledger, embargo_until=until)
    assert loaded(published, ledger) == []
    end = date(2025, 12, 28)
    assert loaded(published, ledger, until) == [(FIRST, "patents", end, "30.0", None, None)]
    assert official_state(ledger.engine, until) == [(FIRST,)]
    # A decision stands beside the figure; the next official release takes its place.
    changed(published)
    verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="2号",
    )  # fmt: skip
    assert loaded(published, ledger, until) == [(FIRST, "patents", end, "30.0", "2号", "补报一件")]
    again = official(published, ledger, embargo_until=until)
    [(release_id, *_, number, reason)] = loaded(published, ledger, until)
    assert (release_id, number, reason) == (again.release_id, "2号", "补报一件")


@ONE_LEDGER
def test_a_spoiled_official_file_stops_no_night(published, ledger):
    official(published, ledger)
    file = published.releases / FIRST / "ip_marts.duckdb"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")
    assert [row[0] for row in loaded(published, ledger)] == [FIRST]
