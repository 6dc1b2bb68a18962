"""Which rules a blank form shows as checks, and what each of their names is there."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from expectations.form_checks import aids_of, amounts_of
from expectations.rules import Rules
from sources.definitions import Definitions
from sources.periods import Period, parse_period
from sources.templates import FormCheck, FormFigure, KnownFigure


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def rules(definitions: Definitions) -> Rules:
    return Rules.load(definitions)


def checks(
    definitions: Definitions,
    rules: Rules,
    form_code: str,
    period: str,
    amounts: dict[tuple[str, str], Decimal] | None = None,
) -> dict[str, FormCheck]:
    when: Period = parse_period(period)
    form = definitions.form(form_code, when)
    assert form is not None
    aids = aids_of(rules, definitions, form, when, amounts or {})
    return {check.rule_id: check for check in aids.checks}


def test_every_consistency_rule_is_a_check_of_some_form(
    definitions: Definitions, rules: Rules
) -> None:
    periods = {"month": "2025-12", "quarter": "2025-Q4", "half": "2025-S2", "year": "2025"}
    shown = {
        rule_id
        for form in definitions.form_versions if form.form_kind == "template"
        for rule_id in checks(definitions, rules, form.form_code, periods[form.frequency])
    }  # fmt: skip
    asked = {rule.rule_id for rule in rules if rule.rule_kind == "consistency"}
    assert shown == asked


def test_names_of_the_form_are_cells_and_names_of_other_periods_are_known_figures(
    definitions: Definitions, rules: Rules
) -> None:
    known = {("patent_grants_ytd", "2025-11"): Decimal(40)}
    check = checks(definitions, rules, "IP-M1", "2025-12", known)["C07"]
    assert check.figures == (
        FormFigure(("01", "ytd")),
        KnownFigure("专利授权量（1—本月累计）（2025年11月）", Decimal(40)),
        FormFigure(("01", "current")),
    )
    assert check.is_comparable
    assert check.relation_zh == (
        "[01]专利授权量（1—本月累计） ＝ 上期[01]专利授权量（1—本月累计）＋[01]专利授权量"
    )


def test_a_year_begins_with_nothing_before_it(definitions: Definitions, rules: Rules) -> None:
    check = checks(definitions, rules, "IP-M1", "2025-01")["C07"]
    known = [figure for figure in check.figures if isinstance(figure, KnownFigure)]
    assert [figure.amount for figure in known] == [Decimal(0)]


def test_an_earlier_figure_nobody_filed_leaves_the_check_open(
    definitions: Definitions, rules: Rules
) -> None:
    found = checks(definitions, rules, "IP-M1", "2025-12")
    assert not found["C07"].is_comparable
    assert found["C01"].is_comparable


def test_tolerance_and_severity_are_those_of_the_rule(
    definitions: Definitions, rules: Rules
) -> None:
    check = checks(definitions, rules, "IP-Q2", "2025-Q4")["C40"]
    assert (check.tolerance_abs, check.severity_zh) == (Decimal("0.01"), "强制性")
    assert check.relation_zh.endswith("（允许相差 0.01）")


def test_a_rule_not_yet_valid_is_not_shown(definitions: Definitions, rules: Rules) -> None:
    assert "C32" in checks(definitions, rules, "IP-Q1", "2022-Q2")
    assert "C32" not in checks(definitions, rules, "IP-Q1", "2022-Q1")


def test_earlier_figures_are_the_units_own_in_the_unit_of_the_form(
    definitions: Definitions, rules: Rules
) -> None:
    unit = next(a.unit for a in definitions.assignments if a.form_code == "IP-M1")
    history = pl.DataFrame(
        [
            (unit.unit_code, "IP-M1", "2025-11", "patent_grants", "12"),
            (unit.unit_code, "IP-M1", "2024-12", "patent_grants", "9"),
            (unit.unit_code, "IP-M1", "2025-10", "patent_grants", "77"),
            ("999999", "IP-M1", "2025-11", "patent_grants", "88"),
            (unit.unit_code, "IP-M1", "2025-11", "tm_registered", None),
        ],
        schema=["unit_code", "form_code", "period_code", "element_code", "number_text"],
        orient="row",
    )
    december = parse_period("2025-12")
    form = definitions.form("IP-M1", december)
    assert form is not None
    aids = aids_of(rules, definitions, form, december, amounts_of(unit, history, definitions))
    key = ("01", "current")
    assert aids.comparisons == {"previous": {key: 12}, "last_year": {key: 9}}


def test_a_yearly_form_has_one_earlier_year(definitions: Definitions, rules: Rules) -> None:
    form = definitions.form("IP-A1", parse_period("2025"))
    assert form is not None
    aids = aids_of(rules, definitions, form, parse_period("2025"), {})
    assert set(aids.comparisons or {}) == {"previous"}
