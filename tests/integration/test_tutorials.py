"""Both tutorials, followed to the letter: from CSV rows to the plan table, no file here touched.

What a page prints is what the commands print, so the pages cannot drift.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from tests.integration.pages import Walk, blocks_of, commands_of, pattern_of, plain

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "docs/tutorials"
ROOMS = ("sources", "expectations", "warehouse", "models", "orchestration")


def sources_of_the_repository() -> dict[str, str]:
    """Every file of the rooms but what Python leaves behind, by its content."""
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def walked(page: str, folder: Path) -> Path:
    before = sources_of_the_repository()
    Walk(folder).through((TUTORIALS / page).read_text(encoding="utf-8"))
    assert sources_of_the_repository() == before
    return folder


def asked(folder: Path, sql: str) -> list[tuple[object, ...]]:
    path = folder / "var/published/ip_marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_new_city_goes_from_rows_to_its_plan_table(tmp_path: Path) -> None:
    folder = walked("new-city.md", tmp_path)
    # 9600 + 5200 + 3480, the zone's 4100 lying within the first; printed in 万件.
    assert asked(
        folder,
        "select actual_value, numerator, reported_units, expected_units from marts.plan_table"
        " where target_code = 'YC-T01'",
    ) == [(1.828, 18280, 3, 3)]
    assert asked(
        folder,
        "select distinct form_code from marts.reporting_rates where is_expected",
    ) == [("YC-Q1",)]
    assert asked(folder, "select is_synthetic from marts.release") == [(False,)]


def test_the_next_plan_stands_beside_the_old_one_which_stays_as_it_was(tmp_path: Path) -> None:
    folder = walked("next-plan.md", tmp_path)
    old, new = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("旧表.json", "新表.json")
    )
    moving = {"release_id", "as_of", "links", "latest_value", "latest_period_code"}
    still = [[{k: v for k, v in row.items() if k not in moving} for row in t] for t in (old, new)]
    assert len(still[0]) == 10
    assert still[0] == still[1]
    assert {row["period_code"] for row in new} == {"2025", "2025-Q4"}
    assert {link["link_kind"] for row in new for link in row["links"]} == {
        "same", "redefined", "dropped",
    }  # fmt: skip

    # What the new plan sets out from is what the old one came to.
    joined = asked(
        folder,
        "select later.baseline_value * later.unit_factor,"
        " earlier.actual_value * earlier.unit_factor"
        " from marts.target_links as links"
        " join marts.plan_table as earlier on links.from_target_code = earlier.target_code"
        " join marts.plan_table as later on links.to_target_code = later.target_code"
        " where links.link_kind = 'same'",
    )
    assert len(joined) == 3
    for base, final in joined:
        assert base == pytest.approx(final)
    assert asked(
        folder,
        "select yoy_status from marts.city_indicators"
        " where indicator_code = 'IP_WORKFORCE' and period_code = '2026-Q1'"
        " and period_type = 'quarter'",
    ) == [("definition_changed",)]


def test_a_page_that_says_something_else_than_the_command_is_found(tmp_path: Path) -> None:
    walk = Walk(tmp_path)
    walk.through("```console\n$ echo 一 二\n一…\n$ false   # 退出码 1\n```\n")
    with pytest.raises(AssertionError, match="echo"):
        walk.through("```console\n$ echo 一\n二\n```\n")
    with pytest.raises(AssertionError, match="false"):
        walk.through("```console\n$ false\n```\n")


def test_blocks_commands_and_elisions_are_read_as_they_stand() -> None:
    page = (
        "```csv a/b.csv\nx,y\n1,2\n```\ntext\n```console\n$ for a in 1; do\n>  b\n> done\nc\n```\n"
    )
    first, second = blocks_of(page)
    assert (first.language, first.path, first.text) == ("csv", "a/b.csv", "x,y\n1,2\n")
    [command] = commands_of(second.text)
    assert (command.line, command.printed) == ("for a in 1; do\n b\ndone", "c")
    assert plain(" a  \nb \n") == "a\nb"
    assert pattern_of("a…(c)") == r"(?s:a.*?\(c\))"
