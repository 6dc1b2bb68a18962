"""What Great Expectations counts is what a plain Polars filter of the same rule counts.

Two hundred random months. The filter is the rule's own text, read by Polars' SQL, over one wide
row per sheet (or one row per figure, for rules of history): it shares nothing with the frames and
checks the engine is given.
"""

from __future__ import annotations

import random
import re
from statistics import median

import polars as pl
import pytest

import expectations.runner
from expectations.engine import failing_rows
from expectations.rules import Rule, Rules
from sources.definitions import Definitions

SEED = 20260131
MONTHS = 200
FORM = "IP-M1"
LEAST = 6
"""Months of history below which a unit has no past; see `reference.MINIMUM_HISTORY`."""

CELLS = {
    "V01": pl.col("value").is_null(),
    "V08": pl.col("value") < 0,
    "V09": pl.col("value") % 1 != 0,
}
CONSISTENCY = [f"C{number:02d}" for number in range(1, 19)]
HISTORY = ["H01", "H02", "H04"]
_LAGGED = re.compile(r"(?:prev|ytd_before)\((\w+)\)")


class Sample:
    """The months as filed, with what was known of the units, and what the engine said."""

    def __init__(self, night, elements: list[str]) -> None:
        random_ = random.Random(SEED)
        sheets, cells = [], []
        for number in range(MONTHS):
            unit, month = str(100000 + number), random_.randint(2, 12)
            usual = random_.choice([2, 40, 400, 3000])
            filed = {element: _said(random_) for element in elements}
            past = {element: _past(random_, usual) for element in elements}
            for back in range(12, 0, -1):
                known = {e: str(past[e][-back]) for e in elements if past[e][-back] is not None}
                night.know(unit, FORM, _months_before(month, back), known)
            shown = {e: (None, "blank") if said is None else said for e, said in filed.items()}
            key = night.file(unit, FORM, f"2025-{month:02d}", shown)
            figures = {e: None if said is None else float(said) for e, said in filed.items()}
            before = {f"before_{element}": past[element][-1] for element in elements}
            sheets.append({"submission_id": key, **figures, **before})
            cells += [
                {"submission_id": key, "element_code": e, "value": figures[e]} | _usual(past[e])
                for e in elements
            ]
        self.sheets = pl.DataFrame(sheets, infer_schema_length=None)
        self.cells = pl.DataFrame(cells, infer_schema_length=None)
        self.found: dict[str, list[str]] = {}

    def heard(self, frame: pl.DataFrame, checks: list) -> dict[str, list[int]]:
        """The engine's own answer, kept on its way to the rest of the room."""
        positions = failing_rows(frame, checks)
        for check in checks:
            rows = frame[positions.get(check.rule.key, [])]
            self.found[check.rule.rule_id] = sorted(rows["submission_id"].to_list())
        return positions


def _said(random_: random.Random) -> str | None:
    """A small count, so that sums agree now and then; or what clerks write instead of one."""
    kind = random_.random()
    if kind < 0.05:
        return None
    if kind < 0.08:
        return str(-random_.randint(1, 3))
    if kind < 0.11:
        return f"{random_.randint(0, 9)}.5"
    return str(
        random_.choice([0, 0, 1, 1, 2, 3, random_.randint(4, 60), random_.randint(4, 90000)])
    )


def _past(random_: random.Random, usual: int) -> list[int | None]:
    """Twelve months, some of them never filed; of some units hardly any."""
    kept = random_.choice([0.4, 0.9, 1.0])
    return [random_.randint(0, 2 * usual) if random_.random() < kept else None for _ in range(12)]


def _months_before(month: int, back: int) -> str:
    return f"2025-{month - back:02d}" if month > back else f"2024-{12 + month - back:02d}"


def _usual(past: list[int | None]) -> dict[str, float | None]:
    known = [one for one in past if one is not None]
    positive = [one for one in known if one > 0]
    usual = median(positive) if len(positive) >= LEAST else None
    return {
        "median": median(known) if len(known) >= LEAST else None,
        "usual": usual,
        "spread": None if usual is None else median(abs(one - usual) for one in positive),
    }


@pytest.fixture(scope="module")
def sample(new_night, definitions: Definitions) -> Sample:
    night = new_night()
    elements = [
        one.element_code for one in definitions.form_elements(FORM, "2021") if one.element_code
    ]
    sample = Sample(night, elements)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expectations.runner, "failing_rows", sample.heard)
        night.validate()
    return sample


def fails(rule: Rule) -> pl.Expr:
    """The rule's own text as a filter; a comparison with nothing is no failure."""
    left, right = (pl.sql_expr(_LAGGED.sub(r"before_\1", text)) for text in (rule.left, rule.right))
    holds = {"=": left == right, "<=": left <= right, ">=": left >= right}[rule.operator]
    return ~holds & ((left - right).abs() > float(rule.tolerance_abs))


@pytest.mark.parametrize("rule_id", CONSISTENCY)
def test_a_rule_of_the_sheet_counts_as_the_filter_does(
    sample: Sample, rules: Rules, rule_id: str
) -> None:
    expected = sample.sheets.filter(fails(rules.get(rule_id)))["submission_id"].to_list()
    assert sample.found[rule_id] == sorted(expected)
    assert 0 < len(expected) < MONTHS


@pytest.mark.parametrize("rule_id", HISTORY)
def test_a_rule_of_history_counts_as_the_filter_does(
    sample: Sample, rules: Rules, definitions: Definitions, rule_id: str
) -> None:
    elements = definitions.table("elements").select("element_code", "kind", "unit_zh")
    flows = sample.cells.join(elements, on="element_code").filter(kind="flow")
    assert set(flows["unit_zh"]) == {"件"}
    expected = flows.filter(fails(rules.get(rule_id)))["submission_id"].to_list()
    assert sample.found[rule_id] == sorted(expected)
    assert expected


@pytest.mark.parametrize("rule_id", sorted(CELLS))
def test_a_rule_of_the_cell_counts_as_the_filter_does(sample: Sample, rule_id: str) -> None:
    expected = sample.cells.filter(CELLS[rule_id])["submission_id"].to_list()
    assert sample.found[rule_id] == sorted(expected)
    assert expected
