"""Official releases: who may do what, what stands in the way, and what is kept for ever."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.unit.warehouse.builders import NOW
from tests.unit.warehouse.marts import Observed, ask, figures, release
from warehouse.errors import DecisionRefused, NoRelease, ReleaseUnwritten
from warehouse.ledger.chain_check import chain_damage
from warehouse.ledger.closing import close
from warehouse.ledger.engine import writing
from warehouse.official import making, verbs
from warehouse.official.errors import (
    FiguresChanged,
    OfficialRefused,
    ProposalDecided,
    ProposalIncomplete,
    SamePerson,
    UnknownProposal,
)
from warehouse.releases.history import (
    first_release,
    last_as_of,
    next_release_id,
    published_manifest,
    release_as_of,
)
from warehouse.releases.seals import kept_heads
from warehouse.settings import Settings

CITY, OTHER = "150400", "150200"
PDF = b"%PDF-1.4 sealed"
BASE, FIRST = "20260131-001", "20260131-002"
TOTAL = "select value from marts.city_indicators"
ONE_LEDGER = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what is of the files: the ledger's part is shown on both databases by the other tests."""


def propose(settings: Settings, ledger: Any, **words: Any) -> verbs.Proposed:
    """Proposes the quarter's report of the city, ready for approval."""
    given: dict[str, Any] = {
        "city_code": CITY, "report_code": "quarterly", "period_code": "2025-Q4",
        "author": "steward", "at": NOW, "document_number": "赤知〔2026〕1号", "scan": PDF,
        "scan_name": "盖章 表.PDF",
    } | words  # fmt: skip
    return verbs.propose(settings, ledger.engine, **given)


def approve(settings: Settings, ledger: Any, proposed: verbs.Proposed) -> verbs.Approved:
    return verbs.approve(settings, ledger.engine, proposed.proposal_id, author="approver", at=NOW)


def official(settings: Settings, ledger: Any, **words: Any) -> verbs.Approved:
    """Proposed by one and approved by another."""
    return approve(settings, ledger, propose(settings, ledger, **words))


@pytest.fixture
def published(settings: Settings) -> Settings:
    """A workspace with one nightly release of two cities, on the night's own day."""
    release(settings)
    return settings.on(date(2026, 1, 31))


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


def test_document_number_and_scan_are_required_before_the_approval(published, ledger):
    bare = propose(published, ledger, document_number=" ", scan=None)
    assert bare.missing_zh == ("文号", "盖章扫描件")
    with pytest.raises(ProposalIncomplete, match="缺少文号、盖章扫描件，不能批准"):
        approve(published, ledger, bare)
    assert not (published.releases / FIRST).exists()
    # Proposed again with both, the new proposal takes the first one's place.
    full = propose(published, ledger)
    with pytest.raises(ProposalDecided, match="重新提请"):
        approve(published, ledger, bare)
    assert approve(published, ledger, full).release_id == FIRST
    states = {row["proposal_id"][-1]: row["state_code"] for row in listed(published, ledger)}
    assert states == {"1": "replaced", "2": "approved"}


def listed(settings: Settings, ledger: Any) -> list[dict[str, Any]]:
    return verbs.official_releases(settings, ledger.engine)


def test_who_proposed_cannot_approve_in_any_spelling(published, ledger):
    proposed = propose(published, ledger)
    with pytest.raises(SamePerson, match="须由另一账户批准"):
        verbs.approve(published, ledger.engine, proposed.proposal_id, author=" Steward ", at=NOW)
    assert listed(published, ledger)[0]["state_code"] == "proposed"


def test_a_decision_is_taken_once(published, ledger):
    proposed = propose(published, ledger)
    engine = ledger.engine
    with pytest.raises(OfficialRefused, match="须写明理由"):
        verbs.reject(engine, proposed.proposal_id, author="approver", at=NOW, reason=" ")
    verbs.reject(engine, proposed.proposal_id, author="approver", at=NOW, reason="表号不对")
    with pytest.raises(ProposalDecided, match="已由“approver”"):
        approve(published, ledger, proposed)
    again = official(published, ledger)
    with pytest.raises(ProposalDecided, match="批准"):
        verbs.reject(engine, again.proposal_id, author="approver", at=NOW, reason="表号不对")
    with pytest.raises(UnknownProposal):
        verbs.reject(engine, "x.y.z.1", author="approver", at=NOW, reason="表号不对")


@ONE_LEDGER
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"report_code": "weekly"}, "没有报告种类“weekly”"),
        ({"period_code": "2025"}, "季报的报告期应写成 2025-Q4 的样子"),
        ({"period_code": "Q4"}, "不是报告期代码"),
        ({"period_code": "2026-Q1"}, "尚未结束"),
        ({"city_code": "999999"}, "没有城市“999999”"),
        ({"scan": b"PK\x03\x04 no paper"}, "应为 PDF、JPG、PNG 或 OFD"),
        ({"author": "system"}, "操作人“system”无效"),
    ],
)
def test_what_cannot_be_proposed_is_said_and_nothing_is_written(published, ledger, words, said):
    with pytest.raises(DecisionRefused, match=said):
        propose(published, ledger, **words)
    assert listed(published, ledger) == []


@ONE_LEDGER
def test_only_a_nightly_release_is_a_base(published, ledger):
    official(published, ledger)
    with pytest.raises(OfficialRefused, match="不能作依据"):
        propose(published, ledger, base_release_id=FIRST)
    with pytest.raises(NoRelease):
        propose(published, ledger, base_release_id="20200101-001")


@ONE_LEDGER
def test_a_proposal_tells_which_forms_are_not_closed(published, ledger):
    open_forms = [{"form_code": "M1", "period_code": "2025-12"}]
    assert list(propose(published, ledger).open_forms) == open_forms
    close(ledger.engine, (CITY, "M1", "2025-12"), author="approver", at=NOW)
    assert propose(published, ledger).open_forms == ()


def changed(settings: Settings) -> str:
    """A later nightly release in which the city's total is 31."""
    later = release(settings, figures(u150402=Observed("11", "v2")))
    assert later.release_id is not None
    return later.release_id


def test_another_value_of_an_official_figure_needs_a_decision_that_names_it(published, ledger):
    official(published, ledger)
    base = changed(published)
    proposed = propose(published, ledger, report_code="annual", period_code="2025")
    [change] = proposed.changes
    assert change["key_text"] == "150400|patents|2025-12|month"
    assert (change["old_value"], change["new_value"]) == ("30.0", "31.0")
    with pytest.raises(FiguresChanged, match="1 个与本次不同，须先有修订决定：150400"):
        approve(published, ledger, proposed)
    done = verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="赤知〔2026〕2号",
    )  # fmt: skip
    assert [one["new_value"] for one in done.figures] == ["31.0"]
    made = approve(published, ledger, proposed)
    assert made.manifest["official"]["base_release_id"] == base
    assert made.manifest["official"]["replaces"] is None
    [decision] = made.manifest["revision_decisions"]
    assert (decision["document_number"], decision["figures"]) == ("赤知〔2026〕2号", 1)
    file = published.releases / made.release_id / "ip_marts.duckdb"
    assert ask(
        file, "select from_release, old_value, new_value, reason_zh from marts.revisions"
    ) == [(FIRST, "30.0", "31.0", "修订决定（赤知〔2026〕2号）：补报一件")]
    # The decision was for 31, not for whatever comes after it.
    release(published, figures(u150402=Observed("12", "v3")))
    third = propose(published, ledger)
    with pytest.raises(FiguresChanged):
        approve(published, ledger, third)
    # Nor for going back: the figure that stands is now 31.
    back = propose(published, ledger, base_release_id=BASE)
    assert back.changes[0]["from_release_id"] == made.release_id


@ONE_LEDGER
def test_a_figure_that_is_gone_is_another_value(published, ledger):
    official(published, ledger)
    gone = figures(u150402=Observed(None, None, "missing"), u150403=Observed(None, None, "missing"))
    release(published, gone)
    changes = propose(published, ledger).changes
    # The total of nothing is 0 here; what is said is what the release says.
    assert [one["new_value"] for one in changes] == ["0.0"]


@ONE_LEDGER
def test_a_decision_to_revise_needs_reason_number_and_a_figure_that_differs(published, ledger):
    words: dict[str, Any] = {"author": "leader", "at": NOW}
    with pytest.raises(UnknownProposal):
        verbs.revise(published, ledger.engine, BASE, reason="补报", document_number="1号", **words)
    official(published, ledger)
    for given in (
        {"reason": "", "document_number": "1号"},
        {"reason": "补报", "document_number": ""},
    ):
        with pytest.raises(OfficialRefused, match="理由（--reason）和文号"):
            verbs.revise(published, ledger.engine, FIRST, **given, **words)
    with pytest.raises(OfficialRefused, match="相同，或不在其中"):
        verbs.revise(published, ledger.engine, FIRST, reason="补报", document_number="1号", **words)
    changed(published)
    with pytest.raises(OfficialRefused, match="no-such-figure"):
        verbs.revise(
            published, ledger.engine, FIRST, reason="补报", document_number="1号",
            keys=["no-such-figure"], **words,
        )  # fmt: skip


@ONE_LEDGER
def test_another_citys_change_concerns_nobody_else(published, ledger):
    official(published, ledger)
    release(published, figures(u150202=Observed("6", "v2")))
    assert propose(published, ledger).changes == ()


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


def test_every_row_is_in_the_chain_and_the_release_keeps_its_head(published, ledger):
    official(published, ledger)
    changed(published)
    verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="2号",
    )  # fmt: skip
    seals = kept_heads(published)
    assert [seal.place_zh for seal in seals] == [f"发布版本 {FIRST} 的清单"]
    assert chain_damage(ledger.engine, seals) == []
    for act in (
        "update official_proposals set document_number = 'x'",
        "delete from official_decisions",
        "update official_revisions set reason_text = 'x'",
        "delete from official_revision_figures",
    ):
        with pytest.raises(DBAPIError, match="append-only"), writing(ledger.engine) as connection:
            connection.exec_driver_sql(act)


@ONE_LEDGER
def test_an_edit_behind_the_ledgers_back_is_found(published, ledger):
    official(published, ledger)
    engine = ledger.engine
    with writing(engine) as connection:
        connection.exec_driver_sql("drop trigger official_proposals_no_update")
        connection.exec_driver_sql("update official_proposals set document_number = 'x'")
    [damage] = chain_damage(engine, [])
    assert damage.place_zh == "正式发布的提请 150400.quarterly.2025-Q4.1"


@ONE_LEDGER
def test_a_lost_place_of_readers_is_laid_out_again(published, ledger):
    official(published, ledger)
    shutil.rmtree(Path(published.published) / "official")
    assert all(one.is_new for one in verbs.publish_due(published, ledger.engine)[1])
