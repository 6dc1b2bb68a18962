"""One table of words for codes, and one order of findings."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from sources import vocabulary
from sources.vocabulary import STATE_ZH, gravity, said, tally

ROOT = Path(__file__).resolve().parents[3]


def test_findings_go_by_severity_then_sheet_then_row_then_column() -> None:
    in_order = [
        ("blocking", "表一", "B12", "V2"),
        ("quasi_blocking", None, None, "S1"),
        ("quasi_blocking", "表一", None, "S2"),
        ("quasi_blocking", "表一", "C9", "V9"),
        ("quasi_blocking", "表一", "B10", "V1"),
        ("quasi_blocking", "表一", "Z10", "V1"),
        ("quasi_blocking", "表一", "AA10", "V1"),
        ("quasi_blocking", "表二", "A1", "V1"),
        ("verify", "表一", "A1", "V1"),
        ("info", "表一", "A1", "V1"),
    ]
    assert sorted(reversed(in_order), key=lambda one: gravity(*one)) == in_order


def test_a_range_stands_where_its_first_cell_stands() -> None:
    assert gravity("info", "表", "B3:D9", "V1") == gravity("info", "表", "B3", "V1")


def test_counts_are_told_in_the_order_of_the_course_and_nothing_is_left_out() -> None:
    told = tally({"published": 2, "held": 1, "passed": 0, "new_code": 3}, STATE_ZH)
    assert told == "审核未通过，暂不采用 1；已纳入发布 2；new_code 3"


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert said(STATE_ZH, "held") == "审核未通过，暂不采用"
    assert said(STATE_ZH, "unheard_of") == "unheard_of"
    assert said(STATE_ZH, None) == ""


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("rules", "severity_code", vocabulary.SEVERITY_ZH),
        ("forms", "frequency", vocabulary.PERIOD_TYPE_ZH),
    ],
)
def test_every_code_of_the_definitions_has_a_word(
    table: str, column: str, words: dict[str, str]
) -> None:
    path = ROOT / "models" / "seeds" / f"{table}.csv"
    with path.open(encoding="utf-8") as handle:
        codes = {row[column] for row in csv.DictReader(handle)} - {""}
    assert codes
    assert codes <= set(words)


def test_no_other_module_names_a_state_or_severity_once_more() -> None:
    codes = "|".join((*vocabulary.SEVERITY_ZH, *STATE_ZH, *vocabulary.TARGET_STATUS_ZH))
    own = re.compile(rf'"({codes})": "[\u4e00-\u9fff]{{1,9}}"')
    found = {
        (path.relative_to(ROOT).as_posix(), match[0])
        for room in ("sources", "expectations", "warehouse", "orchestration")
        for path in (ROOT / room).rglob("*.py")
        if path.name != "vocabulary.py"
        for match in own.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_the_reason_of_an_official_revision_has_a_word() -> None:
    from warehouse.official.making import REVISED

    assert REVISED in vocabulary.REVISION_REASON_ZH


def test_every_verb_of_the_steward_has_a_word() -> None:
    from orchestration.cli.steward import VERBS

    assert {verb for verb in VERBS if verb not in vocabulary.VERB_ZH} == set()
    assert vocabulary.VERB_ZH["standing"] == "批准长期说明"
