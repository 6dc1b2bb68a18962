"""The catalogue on the validation page is the registry, and every rule has a level."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.catalogue import LEVELS, catalogue, level_of, with_catalogue
from expectations.rules import Rules
from sources.definitions import Definitions

PAGE = Path(__file__).resolve().parents[3] / "docs" / "validation.md"


def test_the_page_is_what_make_catalogue_writes(rules: Rules, definitions: Definitions) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_catalogue(page, catalogue(rules, definitions))


def test_every_line_has_every_column(rules: Rules, definitions: Definitions) -> None:
    lines = catalogue(rules, definitions).splitlines()[2:]
    assert {line.count("|") for line in lines} == {9}
    assert len(lines) == 2 + len(rules.rules)


@pytest.mark.parametrize(
    ("rule_id", "level"),
    [
        ("S05", "form"), ("A01", "form"), ("P01", "form"), ("V08", "cell"),
        ("C01", "form"), ("C07", "history"), ("C13", "row"), ("C20", "history"), ("H01", "history"),
        ("R02", "cell"), ("R11", "row"), ("R21", "cross-unit"),
    ],
)  # fmt: skip
def test_the_level_follows_from_what_a_rule_compares(
    rules: Rules, definitions: Definitions, rule_id: str, level: str
) -> None:
    assert level_of(rules.get(rule_id), definitions) == level


def test_every_rule_has_a_level_a_source_and_a_first_day(
    rules: Rules, definitions: Definitions
) -> None:
    for rule in rules:
        assert level_of(rule, definitions) in LEVELS
        assert rule.source_zh, rule.rule_id
        assert rule.valid_from.year > 1, rule.rule_id
