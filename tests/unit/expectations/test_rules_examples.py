"""Every rule has one filing it must let pass and one it must find, side by side.

All passing examples are one night and all failing ones another, each in a unit of its own, so that
the engine starts a handful of times only.
"""

from __future__ import annotations

import polars as pl
import pytest

from expectations.rules import Rules
from sources.definitions import Definitions
from tests.unit.expectations.rule_examples import EXAMPLES
from tests.unit.expectations.rule_mutants import mutants

BY_RULE = {example.rule_id: example for example in EXAMPLES}


def _run(new_night, side: str, rules: Rules | None = None):
    night = new_night()
    night.rules = rules or night.rules
    filed = {}
    for place, example in enumerate(EXAMPLES):
        unit = f"{place + 100000}"
        period = example.failing_period if side == "failing" else None
        filed[example.rule_id] = night.file(
            unit,
            example.form,
            period or example.period,
            getattr(example, side),
            is_nil=example.is_nil,
        )
        for known, figures in example.past.items():
            night.know(unit, example.form, known, figures)
    return filed, night.validate()


@pytest.fixture(scope="module")
def definitions_with_floor(definitions: Definitions) -> Definitions:
    """The project's definitions, with one lower bound above zero: none of its forms has any."""
    tables = {name: definitions.table(name) for name in ("forms", "elements", "rules")}
    tables["form_elements"] = definitions.table("form_elements").with_columns(
        min_value=pl.when(
            pl.col("form_code") == "IP-C1", pl.col("element_code") == "satisfaction_score"
        )
        .then(pl.lit("59.99"))
        .otherwise("min_value")
    )
    return Definitions(tables)


@pytest.fixture(scope="module")
def new_night(new_night, definitions_with_floor: Definitions):
    def make():
        night = new_night()
        night.definitions = definitions_with_floor
        return night

    return make


@pytest.fixture(scope="module")
def passing_night(new_night):
    return _run(new_night, "passing")


@pytest.fixture(scope="module")
def failing_night(new_night):
    return _run(new_night, "failing")


@pytest.fixture(scope="module")
def nights_of_mutants(new_night, definitions: Definitions):
    """The failing examples, judged by rules made wrong; one night for each way to be unequal."""
    return [
        _run(new_night, "failing", Rules.load(mutants(definitions, way))) for way in ("<=", ">=")
    ]


def test_every_rule_this_room_runs_has_an_example(rules: Rules) -> None:
    assert {rule.rule_id for rule in rules.of_stage("expectation")} == set(BY_RULE)


@pytest.mark.parametrize("rule_id", sorted(BY_RULE))
def test_the_passing_example_is_judged_and_passes(passing_night, rule_id: str) -> None:
    filed, result = passing_night
    found = result.findings.filter(
        pl.col("rule_id") == rule_id, pl.col("submission_id") == filed[rule_id]
    )
    judged = result.evaluated.filter(pl.col("rule_id") == rule_id)["evaluated"].sum()
    assert found.is_empty(), found.to_dicts()
    assert judged > 0


@pytest.mark.parametrize("rule_id", sorted(BY_RULE))
def test_the_failing_example_is_found_at_its_cell(
    failing_night, rules: Rules, rule_id: str
) -> None:
    filed, result = failing_night
    found = result.findings.filter(
        pl.col("rule_id") == rule_id, pl.col("submission_id") == filed[rule_id]
    ).to_dicts()
    assert [row["element_code"] for row in found] == [BY_RULE[rule_id].element]
    assert found[0]["severity_code"] == rules.get(rule_id).severity_code
    assert (found[0]["cell"] is None) == (BY_RULE[rule_id].element is None)
    assert "{" not in found[0]["message_zh"] + found[0]["advice_zh"]
    assert found[0]["expected_text"]


@pytest.mark.parametrize("rule_id", sorted(BY_RULE))
def test_the_rule_made_wrong_misses_its_failing_example(nights_of_mutants, rule_id: str) -> None:
    """The mutant is told from the rule: what it finds, if anything, is not the planted fault."""
    found = [
        result.findings.filter(
            pl.col("rule_id") == rule_id, pl.col("submission_id") == filed[rule_id]
        )["element_code"].to_list()
        for filed, result in nights_of_mutants
    ]
    assert any(elements != [BY_RULE[rule_id].element] for elements in found)


def test_the_passing_night_raises_nothing_at_all(passing_night) -> None:
    _, result = passing_night
    strong = result.findings.filter(pl.col("rule_id").str.starts_with("V"))
    assert strong.is_empty(), strong.to_dicts()
