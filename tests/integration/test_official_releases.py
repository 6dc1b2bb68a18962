"""A quarter's report goes official, a figure of it changes, and only a decision lets it be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.conftest import Workspace, changed
from warehouse.exports.bundle import open_source
from warehouse.reports.facts import gather
from warehouse.reports.notices import notice_text
from warehouse.settings import Settings

CITY, UNIT, ELEMENT, INDICATOR = "150200", "150202", "ip_workforce", "IP_WORKFORCE"
QUARTER = (
    "select value from marts.city_indicators where city_code = '150200'"
    " and indicator_code = 'IP_WORKFORCE' and period_code = '2025-Q4'"
)


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def put_in_force(workspace: Workspace, report: str, period: str, *more: str) -> dict[str, Any]:
    """Proposed by one account and approved by another; the approval's own words."""
    proposed = workspace.run(
        "official", "propose", CITY, report, period, "--author", "steward", "--json", *more
    ).json
    done: dict[str, Any] = workspace.run(
        "official", "approve", proposed["proposal_id"], "--author", "approver", "--json"
    ).json
    return done


@pytest.fixture
def papers(tmp_path: Path) -> tuple[str, ...]:
    scan = tmp_path / "盖章表.pdf"
    scan.write_bytes(b"%PDF-1.4 sealed")
    return ("--document-number", "知发〔2026〕1号", "--scan", str(scan))


def test_an_official_figure_stands_until_a_decision_says_otherwise(
    copied: Workspace, tmp_path: Path, papers: tuple[str, ...]
) -> None:
    home = copied.home
    bare = copied.run("official", "propose", "包头市", "quarterly", "2025-Q4", "--json").json
    assert bare["missing_zh"] == ["文号", "盖章扫描件"]
    assert {"form_code": "IP-Q1", "period_code": "2025-Q4"} in bare["open_forms"]
    copied.run("official", "approve", bare["proposal_id"], "--author", "other", ends_with=1)
    first = put_in_force(copied, "quarterly", "2025-Q4", *papers, "--embargo", "2026-02-02")
    assert first["manifest"]["kind"] == "official"
    place = home / "published/official" / CITY / "quarterly-2025-Q4"
    assert (place / "office/ip_marts.duckdb").is_file()
    assert not (place / "public").exists()

    # A county files a cell anew, and the night after the embargo comes.
    [(submission, cell, old)] = copied.query(
        "select submission_id, source_cell, value from marts.unit_observations"
        " where unit_code = ? and element_code = ? and period_code = '2025-Q4'",
        UNIT, ELEMENT,
    )  # fmt: skip
    book = copied.filed_workbook(submission, tmp_path)
    copied.drop(CITY, UNIT, "更正后.xlsx", changed(book, {cell.split("!")[-1]: int(old) + 1}))
    night = copied.night("--date", "2026-02-03")
    assert [(one["release_id"], one["audience"]) for one in night["officials"]] == [
        (first["release_id"], "public")
    ]
    [(official_value,)] = rows(place / "public/ip_marts.duckdb", QUARTER)
    assert copied.query(QUARTER) == [(official_value + 1,)]
    assert rows(home / "releases" / first["release_id"] / "ip_marts.duckdb", QUARTER) == [
        (official_value,)
    ]
    assert not list((place / "public").glob("sealed_table*"))

    # The night's release shows the new value and says beside it what is official.
    moved = copied.query(
        "select table_name, indicator_code, current_value - official_value, official_release_id"
        " from marts.official_figures where is_changed"
    )
    assert {(name, code, by) for name, code, by, _ in moved} == {
        ("city_indicators", INDICATOR, 1.0),
        ("plan_progress", INDICATOR, 1.0),
    }
    assert {release for *_, release in moved} == {first["release_id"]}
    assert night["official_changes"] == [
        {"city_code": CITY, "city_name_zh": "包头市", "changed": len(moved),
         "undecided": len(moved)}
    ]  # fmt: skip
    assert copied.query("select distinct city_code from marts.official_figures") == [(CITY,)]
    [(held, kept)] = copied.query(
        "select count(*), count(*) filter (not is_changed) from marts.official_figures"
    )
    assert held == kept + len(moved) > 500
    unnamed = copied.query(
        "select count(*) from marts.official_figures"
        " where period_end is null or indicator_zh is null"
    )
    assert unnamed == [(0,)]
    source = open_source(Settings.load(home, environ={}), night["release_id"])
    notice = notice_text(source, CITY, gather(source))
    assert f"已正式发布的数有{len(moved)}个与现值不同" in notice

    # The year's report would say the new value: only after a decision that names it.
    proposed = copied.run(
        "official", "propose", CITY, "annual", "2025", "--author", "steward", "--json", *papers,
        "--embargo", "2026-02-02",
    ).json  # fmt: skip
    assert len(proposed["changes"]) == len(moved)
    again = (proposed["proposal_id"], "--author", "approver")
    copied.run("official", "approve", *again, ends_with=1)
    revised = copied.run(
        "official", "revise", first["release_id"], "--reason", "旗县更正", "--document-number",
        "知发〔2026〕2号", "--author", "leader", "--json",
    ).json  # fmt: skip
    assert len(revised["figures"]) == len(moved)
    second = copied.run("official", "approve", *again, "--json").json
    [decision] = second["manifest"]["revision_decisions"]
    assert (decision["document_number"], decision["figures"]) == ("知发〔2026〕2号", len(moved))
    file = home / "releases" / second["release_id"] / "ip_marts.duckdb"
    assert rows(file, "select count(*), min(reason_zh) from marts.revisions") == [
        (len(moved), "修订决定（知发〔2026〕2号）：旗县更正")
    ]

    # The nights' lineage is as it was, and every reading command takes an official release.
    manifest = json.loads((home / "published/manifest.json").read_text(encoding="utf-8"))
    assert manifest["release_id"] == night["release_id"]
    copied.run("rollback", second["release_id"], ends_with=1)
    listed = copied.run("releases", "--json").json
    assert [one["kind"] for one in listed] == ["official", "nightly", "official", "nightly"]
    found = copied.run("diff", first["release_id"], night["release_id"], "--json").json
    assert {row["table_name"] for row in found} >= {"unit_observations", "city_indicators"}
    marks = (INDICATOR, ELEMENT, "BT-")
    assert [row for row in found if not any(mark in row["key_text"] for mark in marks)] == []
    table = copied.run("table", "baotou-145", "--release", second["release_id"], "--json").json
    target = next(row for row in table if row["indicator_code"] == INDICATOR)["target_code"]
    trace = copied.run("trace", target, "--release", second["release_id"], "--json").json
    assert trace["is_equal"]
    assert copied.run("doctor", "--json").json["is_sound"]
    shown = copied.run("official", "show", first["release_id"]).output
    assert "修订决定 1（知发〔2026〕2号，leader）" in shown
