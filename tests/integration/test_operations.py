"""What an operator meets: two nights at once, a cut-off night, rereading, the decisions' trail."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.stages import definitions_of
from orchestration.stages.rereading import reread
from tests.integration.conftest import Workspace
from warehouse.settings import Settings

QIANGSHI = str(Path(sys.executable).parent / "qiangshi")


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo's last quarter of one city, filed and not yet processed."""
    workspace = Workspace(tmp_path_factory.mktemp("quarter") / "var")
    workspace.run("init")
    toml = workspace.home / "workspace.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text + '\ncities = ["140600"]\n', encoding="utf-8")
    workspace.run("demo", "--from", "2025-10", "--to", "2025-12")
    return workspace


def test_of_two_nights_at_once_one_waits_and_nothing_breaks(quarter: Workspace) -> None:
    env = os.environ | {"QIANGSHI_HOME": str(quarter.home)}
    command = [QIANGSHI, "nightly", "--json", "--wait", "300"]
    nights = [
        subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [night.communicate(timeout=400) for night in nights]
    assert [night.returncode for night in nights] == [0, 0], said
    assert sorted(json.loads(out)["is_new"] for out, _ in said) == [False, True]
    assert any("另一次夜间运行正在进行" in err for _, err in said)
    assert len(list((quarter.home / "releases").glob("2*"))) == 1


def test_a_workspace_of_one_city_has_that_citys_plan_only(quarter: Workspace) -> None:
    assert quarter.query("select distinct city_code from marts.plan_table") == [("140600",)]
    assert quarter.query("select distinct city_code from marts.unit_observations") == [("140600",)]


@pytest.mark.parametrize("is_garbage", [False, True])
def test_a_lost_private_warehouse_is_filled_again_from_ledger_and_bytes(
    quarter: Workspace, is_garbage: bool
) -> None:
    before = quarter.query("select sum(value) from marts.unit_observations")
    private = quarter.home / "work/warehouse.duckdb"
    private.unlink()
    if is_garbage:
        private.write_bytes(b"no database" * 1000)
        (quarter.home / "work/inputs.json").unlink(missing_ok=True)
    assert quarter.night("--date", "2026-02-01")["is_new"] is False
    assert quarter.query("select sum(value) from marts.unit_observations") == before


def test_reading_a_month_again_changes_nothing_when_the_readers_have_not(
    quarter: Workspace,
) -> None:
    from datetime import date

    settings = Settings.load(quarter.home)
    done = reread(settings, definitions_of(settings), date(2025, 11, 1), date(2025, 11, 30))
    assert done.submissions == done.chosen == 7
    assert quarter.night("--date", "2026-02-01")["is_new"] is False


def test_a_correction_needs_evidence_and_a_second_person(
    quarter: Workspace, tmp_path: Path
) -> None:
    submission = "140602.IP-Q1.2025-Q4.v1"
    [(old,)] = quarter.query(
        "select value from marts.unit_observations where submission_id = ?"
        " and element_code = 'ip_workforce'",
        submission,
    )
    scan = tmp_path / "盖章说明.pdf"
    scan.write_bytes(b"%PDF-1.4 sealed")
    arguments = [
        "decide", "correct", submission, "--row", "18", "--value", str(int(old) + 4),
        "--reason", "填报单位来函更正从业人员数", "--evidence", str(scan),
        "--confirmed-by", "朔城区统计负责人", "--author", "steward-a", "--json",
    ]  # fmt: skip
    proposed = quarter.run(*arguments).json
    correction = proposed["correction_id"]
    refused = quarter.run("decide", "approve", correction, "--author", "steward-a", ends_with=1)
    assert refused.exit_code == 1
    quarter.run("decide", "approve", correction, "--author", "approver-b")
    assert quarter.night("--date", "2026-02-01")["is_new"] is True
    assert quarter.query(
        "select value, obs_status from marts.unit_observations where submission_id = ?"
        " and element_code = 'ip_workforce'",
        submission,
    ) == [(old + 4, "corrected")]
    with sqlite3.connect(quarter.home / "ledger.sqlite") as ledger:
        trail = ledger.execute(
            "select verb, author from events where submission_id = ? order by event_order",
            [submission],
        ).fetchall()
    assert [verb for verb, _ in trail][-2:] == ["correct", "approve"]
    assert trail[-1][1] == "approver-b"


def test_trace_leads_from_the_number_to_the_cell_as_filed(quarter: Workspace) -> None:
    found = quarter.run("trace", "SZ-H02", "--json").json
    assert found["target"]["quote"]
    units = [unit for term in found["terms"] for unit in term["units"]]
    leaves = [leaf for unit in units for leaf in unit["leaves"]]
    assert found["is_equal"] is True
    assert len(leaves) == 6
    assert sum(float(leaf["value"]) for leaf in leaves) == found["figure"]["actual_value"]
    for leaf in leaves:
        assert float(leaf["text_as_filed"]) == float(leaf["value"])
        assert leaf["file_name"]
        assert "!" in leaf["source_cell"]


def test_an_older_release_can_be_put_back_and_the_difference_is_told(quarter: Workspace) -> None:
    newest, *_, oldest = [row["release_id"] for row in quarter.run("releases", "--json").json]
    changed = quarter.run("diff", oldest, newest, "--json").json
    assert {row["table_name"] for row in changed} >= {"unit_observations", "city_indicators"}
    quarter.run("rollback", oldest)
    manifest = json.loads((quarter.home / "published/manifest.json").read_text(encoding="utf-8"))
    assert manifest["release_id"] == oldest
    kept = quarter.home / "releases" / oldest / "ip_marts.duckdb"
    assert (quarter.home / "published/ip_marts.duckdb").read_bytes() == kept.read_bytes()
    quarter.run("rollback", newest)


def test_a_killed_night_holds_up_nobody(tmp_path: Path) -> None:
    """Killed in the middle of a writing step, it leaves a lease, a started run and a pool slot."""
    workspace = Workspace(tmp_path / "var")
    workspace.run("init")
    toml = workspace.home / "workspace.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + '\ncities = ["140600"]\n', encoding="utf-8")
    workspace.run("demo", "--from", "2025-12", "--to", "2025-12")
    env = os.environ | {"QIANGSHI_HOME": str(workspace.home)}
    night = subprocess.Popen([QIANGSHI, "nightly"], env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)  # fmt: skip
    spool = workspace.home / "work/night/arrivals.json"
    deadline = time.monotonic() + 120
    while not spool.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    night.kill()
    night.wait(timeout=30)
    again = subprocess.run(
        [QIANGSHI, "nightly", "--json"], env=env, capture_output=True, text=True, timeout=240
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["is_new"] is True
    assert "接管" in again.stderr
    assert workspace.query("select count(*) from marts.plan_table") == [(5,)]


def test_a_night_in_the_past_is_refused_and_the_release_stays(quarter: Workspace) -> None:
    before = (quarter.home / "published/manifest.json").read_bytes()
    quarter.run("nightly", "--date", "2020-01-01", ends_with=1)
    assert (quarter.home / "published/manifest.json").read_bytes() == before


def test_a_published_file_that_was_deleted_is_put_back(quarter: Workspace) -> None:
    path = quarter.home / "published/ip_marts.duckdb"
    before = path.read_bytes()
    path.chmod(0o644)
    path.unlink()
    assert quarter.night("--date", "2026-02-01")["is_new"] is False
    assert path.read_bytes() == before
