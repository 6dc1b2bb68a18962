"""Every named fault is found where it was planted, in one night, and stops nothing else."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.integration.conftest import Workspace, changed


@pytest.fixture(scope="module")
def faulted(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two years of the demo with all faults planted together, after one night."""
    workspace = Workspace(tmp_path_factory.mktemp("faulted") / "var")
    workspace.run("demo", "--from", "2024-01", "--to", "2025-12", "--faults")
    # Two more drops that no manifest can hold: a file still being copied, a strange name.
    copied = workspace.home / "inbox/150400/150402/正在复制.xlsx"
    copied.write_bytes(b"PK\x03\x04 half of a workbook")
    workspace.drop(
        "150400", "150403", "ᠬᠣᠲᠠ 报表 (第2稿)【终】.csv", "不是报表,1\n".encode("gb18030")
    )
    (workspace.home / "inbox/150400/随便.xlsx").write_bytes(b"nobody's")
    with _copying_on(copied):
        workspace.night()
    return workspace


@contextmanager
def _copying_on(path: Path) -> Iterator[None]:
    """A copy that goes on for as long as the block takes, and ten minutes at most."""
    is_done = Event()

    def copy() -> None:
        for _ in range(120):
            with path.open("ab") as handle:
                handle.write(b" and a bit more")
            if is_done.wait(timeout=5):
                return

    copier = Thread(target=copy)
    copier.start()
    try:
        yield
    finally:
        is_done.set()
        copier.join()


def manifest(workspace: Workspace) -> list[dict[str, str]]:
    with (workspace.home / "demo_faults.csv").open(encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle))


def found(workspace: Workspace) -> Iterator[tuple[str, str, str, str]]:
    for row in workspace.run("findings", "--all", "--json").json:
        if row["severity_code"] != "info":
            yield row["unit_code"], row["file_name"], row["cell"] or "", row["rule_id"]


def test_the_findings_are_the_planted_faults_no_more_and_no_fewer(faulted: Workspace) -> None:
    planted = manifest(faulted)
    assert len({row["fault_code"] for row in planted}) >= 25
    expected = {
        (row["unit_code"], row["file_name"], row["cell"], row["rule_id"]) for row in planted
    }
    strange = ("150403", "ᠬᠣᠲᠠ 报表 (第2稿)【终】.csv", "", "S05")
    assert set(found(faulted)) == expected | {strange}


def test_a_file_still_being_copied_is_left_alone(faulted: Workspace) -> None:
    assert (faulted.home / "inbox/150400/150402/正在复制.xlsx").exists()
    names = {row["file_name"] for row in faulted.run("submissions", "--json").json}
    assert "正在复制.xlsx" not in names


def test_a_file_of_no_unit_is_named_until_somebody_moves_it(faulted: Workspace) -> None:
    assert faulted.run("status", "--json").json["stray_files"] == ["150400/随便.xlsx"]
    assert "150400/随便.xlsx" in faulted.run("status").output


def test_a_blocked_submission_is_held_whole_and_the_rest_is_published(faulted: Workspace) -> None:
    states = {row["state_code"] for row in faulted.run("submissions", "--json").json}
    assert {"refused", "held", "published"} <= states
    leaked = faulted.query(
        "select count(*) from marts.unit_observations where value is not null"
        " and obs_status in ('held', 'missing', 'not_due')"
    )
    assert leaked == [(0,)]
    held = faulted.query("select count(*) from marts.unit_observations where obs_status = 'held'")
    assert held[0][0] > 0
    assert faulted.query("select count(*) from marts.plan_table") == [(47,)]


def test_the_receipt_of_a_refused_file_says_what_and_what_to_do(faulted: Workspace) -> None:
    refused = [
        row
        for row in faulted.run("submissions", "--state", "refused", "--json").json
        if row["unit_code"] == "150403"
    ]
    assert refused
    receipts = faulted.home / "outbox/150400/150403"
    for row in refused:
        text = (receipts / f"{row['submission_id']}.回执.txt").read_text(encoding="utf-8")
        assert row["file_name"] in text
        assert "不予接收" in text
        assert "建议" in text


def test_a_dry_run_says_the_same_and_writes_nothing(faulted: Workspace, tmp_path: Path) -> None:
    held = next(
        row
        for row in faulted.run("submissions", "--state", "held", "--json").json
        if row["file_name"].endswith(".xlsx")
    )
    copy = tmp_path / held["file_name"]
    copy.write_bytes(
        (faulted.home / "raw" / held["file_sha256"][:2] / held["file_sha256"]).read_bytes()
    )
    before = sorted(path.name for path in (faulted.home / "inbox").rglob("*"))
    said = faulted.run("check", str(copy), "--json", ends_with=1).json["findings"]
    night = {
        (row["rule_id"], row["cell"])
        for row in faulted.run("findings", "--unit", held["unit_code"], "--all", "--json").json
        if row["submission_id"] == held["submission_id"]
    }
    assert {(row["rule_id"], row["cell"]) for row in said} == night
    assert sorted(path.name for path in (faulted.home / "inbox").rglob("*")) == before
    text = tmp_path / "假.xlsx"
    text.write_text("这不是工作簿", encoding="utf-8")
    assert faulted.run("check", str(text), ends_with=2)


def test_an_earlier_arrival_processed_later_is_not_the_newest(
    faulted: Workspace, tmp_path: Path
) -> None:
    """Order of arrival decides, not order of processing."""
    submission = "150204.IP-Q1.2025-Q3.v1"
    [(cell, value)] = faulted.query(
        "select source_cell, value from marts.unit_observations where submission_id = ?"
        " and element_code = 'ip_workforce'",
        submission,
    )
    book = faulted.filed_workbook(submission, tmp_path)
    data = changed(book, {cell.split("!")[-1]: int(value) + 3})
    faulted.drop("150200", "150204", "早到的一稿.xlsx", data, datetime(2025, 10, 1, 8))
    faulted.night()
    [(now, version)] = faulted.query(
        "select value, version from marts.unit_observations where unit_code = '150204'"
        " and element_code = 'ip_workforce' and period_code = '2025-Q3'"
    )
    assert (now, version) == (value, 1)


def test_a_city_that_fails_the_gate_keeps_yesterdays_rows_and_no_other_city_waits(
    faulted: Workspace, tmp_path: Path
) -> None:
    """A correction that hits no cell is a fault of the machinery: it holds its own city."""
    before = faulted.query("select release_id from marts.release")[0][0]
    with sqlite3.connect(faulted.home / "ledger.sqlite") as ledger:
        ledger.execute(
            "insert into corrections (correction_id, submission_id, row_code, value_column,"
            " element_code, new_number_text, state_code, proposed_by, proposed_at, confirmed_by,"
            " evidence_sha256, evidence_name, decided_by, approved_at, reason_text)"
            " select 'stray', submission_id, '99', 'current', 'none', '1', 'approved', 'a',"
            " received_at, 'b', file_sha256, 'e', 'c', received_at, 'r' from submissions"
            " where city_code = '150400' and state_code = 'published' limit 1"
        )
    submission = "150203.IP-Q1.2025-Q4.v1"
    [(cell, value)] = faulted.query(
        "select source_cell, value from marts.unit_observations where submission_id = ?"
        " and element_code = 'ip_workforce'",
        submission,
    )
    data = changed(
        faulted.filed_workbook(submission, tmp_path), {cell.split("!")[-1]: int(value) + 5}
    )
    faulted.drop("150200", "150203", "更正.xlsx", data)
    night = faulted.night(ends_with=3)
    assert [city["city_code"] for city in night["held_cities"]] == ["150400"]
    releases = dict(
        faulted.query(
            "select city_code, max(release_id) from marts.plan_table"
            " group by city_code having min(release_id) = max(release_id)"
        )
    )
    assert releases.pop("150400") == before
    assert set(releases.values()) == {night["release_id"]}
    assert len(releases) == 4
    [(moved,)] = faulted.query(
        "select value from marts.unit_observations where unit_code = '150203'"
        " and element_code = 'ip_workforce' and period_code = '2025-Q4'"
    )
    assert moved == value + 5


def test_a_persons_name_in_the_wrong_place_stays_out_of_the_published_findings(
    faulted: Workspace,
) -> None:
    """A text that is no figure, a header or a file name may be anybody's; the rule is told."""
    rows = faulted.query(
        "select rule_id, value_text, message_zh, expected_text from marts.findings"
        " where rule_id in ('V02', 'S01', 'S05', 'S09', 'S10')"
    )
    assert {row[0] for row in rows} >= {"V02", "S01", "S05"}
    assert {row[1] for row in rows} == {None}
    names = {row["file_name"] for row in faulted.run("submissions", "--json").json}
    assert not [row for row in rows for name in names if name in (row[2] or "")]
    told = {row["rule_id"]: row["message_zh"] for row in faulted.run("findings", "--json").json}
    assert any(name in told["S05"] for name in names), "the unit's own receipt names the file"
