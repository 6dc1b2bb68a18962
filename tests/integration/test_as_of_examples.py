"""The examples of docs/as-of.md, run as they stand over two releases of the demo."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.conftest import Workspace
from warehouse.releases.history import MANIFEST, read_manifest, write_manifest

PAGE = Path(__file__).resolve().parents[2] / "docs/as-of.md"
BLOCKS = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
EARLIER = "20260131-001"


@pytest.fixture(scope="module")
def answers(
    demo: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> list[list[tuple[Any, ...]]]:
    """The answer of each block, in a workspace whose published release changed one county."""
    home = tmp_path_factory.mktemp("as_of")
    published = str((read_manifest(demo.home / "published" / MANIFEST) or {})["release_id"])
    source = demo.home / "releases" / published / "ip_marts.duckdb"
    for target in (home / "releases" / EARLIER, home / "published"):
        target.mkdir(parents=True)
        shutil.copyfile(source, target / source.name)
    write_manifest(home / "published" / MANIFEST, {"release_id": "20260201-001"})
    with duckdb.connect(str(home / "published" / source.name)) as connection:
        for statement in (
            "update marts.plan_table set actual_value = 99,"
            " release_id = '20260201-001' where target_code = 'BT-T01'",
            "update marts.unit_observations set value = value + 5"
            " where unit_code = '150402' and element_code = 'patent_grants'"
            " and period_code = '2025-12' and period_type = 'month'",
        ):
            connection.execute(statement)
    found = []
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(home)
        with duckdb.connect("published/ip_marts.duckdb", read_only=True) as connection:
            for block in BLOCKS:
                found.append(connection.execute(block).fetchall())
    return found


def test_every_example_runs(answers: list[list[tuple[Any, ...]]]) -> None:
    assert len(answers) == len(BLOCKS) == 6


def test_only_what_changed_is_told(answers: list[list[tuple[Any, ...]]]) -> None:
    _, plan_rows, values, history, known, _ = answers
    assert len(plan_rows) == 1
    assert plan_rows[0][0] == "baotou-145"
    assert plan_rows[0][4] == 99 != plan_rows[0][3]
    assert [(row[:3], row[5]) for row in values] == [(("150402", "patent_grants", "2025-12"), 5)]
    assert [row[2] for row in history] == [plan_rows[0][3], plan_rows[0][4]]
    assert known
