"""Each of the 114 targets moves when one cell it is made of is changed, by exactly what it must.

One cell is chosen for every target, all are changed in a copy of what was filed, and the models run
once. What each target must then show is worked out here from the cells, not by the product.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import dbt
from sources.definitions import Definitions
from tests.integration.conftest import Workspace
from warehouse.ledger.engine import open_ledger
from warehouse.queries.trace import trace
from warehouse.settings import Settings

SEEDS = Path(__file__).resolve().parents[2] / "models" / "seeds"
with (SEEDS / "plan_targets.csv").open(encoding="utf-8", newline="") as _handle:
    TARGETS = {row["target_code"]: row for row in csv.DictReader(_handle)}
COMPUTED = [code for code, row in TARGETS.items() if not row["not_computable_reason_zh"]]
Trace = dict[str, Any]
Cell = tuple[str, str]


@dataclass(frozen=True)
class Nudged:
    """The targets before and after, and by how much which cells were changed."""

    before: dict[str, Trace]
    after: dict[str, tuple[float | None, str]]
    changes: dict[Cell, int]


def _leaves(terms: list[dict[str, Any]], role: str) -> Iterator[tuple[dict[str, Any], Cell]]:
    for term in terms:
        if term["term_role"] == role:
            for unit in term["units"]:
                for leaf in unit["leaves"]:
                    yield leaf, (leaf["submission_id"], term["element_code"])


def _chosen(found: Trace) -> tuple[Cell, int]:
    """The cell to change: the last one filed; where each unit is judged, one of the lowest."""
    if found["target"]["basis"] == "per_unit":
        lowest = next(unit for unit in found["units"] if unit["is_deciding"])
        leaf_cells, step = list(_leaves(lowest["terms"], "numerator")), -1
    else:
        leaf_cells, step = list(_leaves(found["terms"], "numerator")), 1
    *_, cell = (cell for leaf, cell in leaf_cells if leaf["obs_status"] == "reported")
    return cell, step


@pytest.fixture(scope="module")
def nudged(demo: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Nudged:
    settings = Settings.load(demo.home)
    engine = open_ledger(settings)
    before = {code: trace(settings, engine, code) for code in COMPUTED}
    engine.dispose()
    changes: dict[Cell, int] = {}
    for found in before.values():
        cell, step = _chosen(found)
        changes.setdefault(cell, step)
    home = tmp_path_factory.mktemp("nudged") / "var"
    shutil.copytree(demo.home / "work", home / "work")
    aside = Settings.load(home)
    with duckdb.connect(str(aside.warehouse_db)) as connection:
        connection.executemany(
            "update raw.reported_values"
            " set number_text = cast(cast(number_text as decimal(24, 6)) + ? as varchar)"
            " where submission_id = ? and element_code = ?",
            [(step, *cell) for cell, step in changes.items()],
        )
    built = home / "ip_marts.duckdb"
    dbt.build(aside, Definitions.load(), built)
    with duckdb.connect(str(built), read_only=True) as connection:
        rows = connection.execute(
            "select target_code, period_code, actual_value, actual_printed from marts.plan_progress"
        ).fetchall()
    values = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    after = {code: values[code, before[code]["figure"]["period_code"]] for code in COMPUTED}
    return Nudged(before, after, changes)


def _side(terms: list[dict[str, Any]], role: str, changes: dict[Cell, int]) -> Fraction:
    total = Fraction(0)
    for term in terms:
        if term["term_role"] != role:
            continue
        amount = Fraction(0) if term["units"] else Fraction(term["value"])
        for leaf, cell in _leaves([term], role):
            if leaf["value"] is not None:
                amount += Fraction(leaf["value"])
                amount += changes.get(cell, 0) * Fraction(leaf["unit_factor"])
        total += amount * Fraction(term["coefficient"])
    return total


def _worked_out(found: Trace, changes: dict[Cell, int]) -> Fraction:
    """What the target must show, from its leaves and the changes to them."""
    target, indicator = found["target"], found["indicator"]
    factor = Fraction(indicator["factor"]) / Fraction(target["unit_factor"])

    def value(terms: list[dict[str, Any]]) -> Fraction:
        above = _side(terms, "numerator", changes) * factor
        return above / _side(terms, "denominator", changes) if indicator["is_ratio"] else above

    if target["basis"] == "per_unit":
        return min(value(unit["terms"]) for unit in found["units"])
    if target["basis"] == "growth":
        now, then = value(found["terms"]), value(found["base_terms"])
        return 100 * (now - then) / then
    return value(found["terms"])


@pytest.mark.parametrize("code", TARGETS)
def test_a_target_moves_with_a_cell_it_is_made_of(nudged: Nudged, code: str) -> None:
    if code not in COMPUTED:
        assert TARGETS[code]["not_computable_reason_zh"]
        return
    found = nudged.before[code]
    old = found["figure"]["actual_value"]
    new, _ = nudged.after[code]
    assert old is not None
    assert new is not None
    assert float(_worked_out(found, {})) == pytest.approx(old, rel=1e-12)
    expected = float(_worked_out(found, nudged.changes))
    assert expected != pytest.approx(old, rel=1e-12)
    assert new == pytest.approx(expected, rel=1e-12)
