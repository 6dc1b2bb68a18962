"""Register rules: each has a row it lets pass and one it finds; patterns judge as rows would."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from expectations.engine import failing_rows
from expectations.register_facts import sign
from expectations.registers import (
    CROSS_UNIT_RULES,
    columns_compared,
    cross_unit_findings,
    judge_register,
    rules_of,
)
from expectations.rules import Rules
from expectations.suites.checks import Check
from sources.definitions import Definitions
from sources.periods import parse_period
from sources.registers import register_of
from tests.unit.expectations.rule_mutants import mutants
from tests.unit.expectations.test_registers_side_by_side import AGAINST_FORMS

PERIOD = "2025-Q4"
SOUND = {
    "IP-R1": {
        "application_number": "201710601862.3", "patent_kind": "发明专利",
        "application_date": "2017-07-21", "grant_date": "2019-05-03", "legal_status": "有效",
        "is_emerging": "是", "is_family": "否", "is_over10": "否", "is_pledged": None,
        "is_award": "否",
    },
    "IP-R2": {
        "contract_number": "Y1", "pledge_kind": "专利", "registered_on": "2025-11-03",
        "amount": "300", "disbursed": "200",
    },
    "IP-R3": {
        "registration_number": "1", "gi_kind": "证明商标", "registered_on": "2020-01-01",
        "legal_status": "有效",
    },
}  # fmt: skip

# rule → the form, what is changed, the issue a reader gives, and the column found
FAILING: dict[str, tuple[str, dict[str, str | None], str | None, str]] = {
    "R01": ("IP-R1", {"grant_date": None}, "grant_date=blank", "grant_date"),
    "R02": ("IP-R1", {}, "application_number=format", "application_number"),
    "R03": ("IP-R2", {}, "pledgor_code=check_digit", "pledgor_code"),
    "R04": ("IP-R1", {"grant_date": "去年"}, "grant_date=not_a_date", "grant_date"),
    "R05": ("IP-R2", {"amount": "很多"}, "amount=not_a_number", "amount"),
    "R06": ("IP-R2", {"disbursed": "-1"}, "disbursed=negative", "disbursed"),
    "R07": ("IP-R3", {"gi_kind": "其他"}, "gi_kind=unknown_code", "gi_kind"),
    "R08": ("IP-R1", {}, "application_number=duplicate_key", "application_number"),
    "R09": ("IP-R1", {"patent_kind": "实用新型", "is_emerging": None}, None, "patent_kind"),
    "R10": ("IP-R1", {"grant_date": "2026-01-01"}, None, "grant_date"),
    "R11": ("IP-R1", {"application_date": "2019-05-04"}, None, "application_date"),
    "R12": ("IP-R1", {"application_number": "201720601862.3", "patent_kind": "实用新型"}, None,
            "is_emerging"),
    "R13": ("IP-R1", {"application_number": "201720601862.3", "patent_kind": "实用新型",
                      "is_emerging": None, "is_family": "是"}, None, "is_family"),
    "R14": ("IP-R1", {"application_number": "201720601862.3", "patent_kind": "实用新型",
                      "is_emerging": None, "is_pledged": "是"}, None, "is_pledged"),
    "R15": ("IP-R1", {"application_number": "201720601862.3", "patent_kind": "实用新型",
                      "is_emerging": None, "is_award": "是"}, None, "is_award"),
    "R16": ("IP-R1", {"is_over10": "是"}, None, "is_over10"),
    "R17": ("IP-R2", {"registered_on": "2026-01-01"}, None, "registered_on"),
    "R18": ("IP-R2", {"registered_on": "2025-09-30"}, None, "registered_on"),
    "R19": ("IP-R2", {"disbursed": "300.01"}, None, "disbursed"),
    "R20": ("IP-R3", {"registered_on": "2026-01-01"}, None, "registered_on"),
    "R22": ("IP-R2", {"amount": "=1+1"}, "amount=uncached_formula", "amount"),
    "R23": ("IP-R2", {}, "amount=formula", "amount"),
    "R24": ("IP-R2", {}, "amount=external_formula", "amount"),
    "R25": ("IP-R1", {}, "application_number=hidden_row", "application_number"),
    "R26": ("IP-R2", {"amount": "0", "disbursed": "0"}, None, "amount"),
}  # fmt: skip


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def rules(definitions: Definitions) -> Rules:
    return Rules.load(definitions)


def judged(definitions: Definitions, rules: Rules, form: str, rows: list[dict[str, str | None]]):
    register = register_of(definitions, form, "2021")
    columns = sorted(columns_compared(register, rules))
    block = pl.DataFrame(
        [{"submission_id": row["submission_id"], "sheet": "台账", "row_no": place + 5,
          "issues": row.get("issues"), **{name: row.get(name) for name in columns}}
         for place, row in enumerate(rows)],
        schema={"submission_id": pl.String, "sheet": pl.String, "row_no": pl.Int32,
                "issues": pl.String, **dict.fromkeys(columns, pl.String)},
    )  # fmt: skip
    names = list(dict.fromkeys(row["submission_id"] for row in rows))
    filed = pl.DataFrame({
        "submission_id": names, "unit_code": ["150402"] * len(names),
        "form_code": [form] * len(names), "period_code": [PERIOD] * len(names),
    })  # fmt: skip
    headers = pl.DataFrame(
        [(name, "台账", column.column_code, column.column_order - 1)
         for name in names for column in register.columns],
        orient="row", schema={"submission_id": pl.String, "sheet": pl.String,
                              "column_code": pl.String, "column_no": pl.Int32},
    )  # fmt: skip
    halves = (block[: len(rows) // 2], block[len(rows) // 2 :])
    return judge_register([half for half in halves if half.height], filed, headers, register, rules)


@pytest.fixture(scope="module")
def night(definitions: Definitions, rules: Rules):
    return night_of(definitions, rules)


@pytest.fixture(scope="module")
def night_of_mutants(definitions: Definitions):
    return night_of(definitions, Rules.load(mutants(definitions, "<=")))


def night_of(definitions: Definitions, rules: Rules):
    """One night per form: a sound register S, and one of its own for each rule."""
    found = {}
    for form, sound in SOUND.items():
        rows = [{**sound, "submission_id": "S"}]
        for rule_id, (of_form, changes, issue, _) in FAILING.items():
            if of_form == form:
                rows.append({**sound, **changes, "issues": issue, "submission_id": rule_id})
        found[form] = judged(definitions, rules, form, rows)
    return found


def test_every_register_rule_has_an_example(rules: Rules) -> None:
    asked = {rule.rule_id for rule in rules.of_stage("register")}
    assert asked == set(FAILING) | set(CROSS_UNIT_RULES) | set(AGAINST_FORMS)


@pytest.mark.parametrize("form", sorted(SOUND))
def test_a_sound_register_raises_nothing(night, form: str) -> None:
    assert night[form].findings.filter(pl.col("submission_id") == "S").is_empty()


@pytest.mark.parametrize("rule_id", sorted(FAILING))
def test_the_failing_row_is_found_by_its_rule_alone(night, rules: Rules, rule_id: str) -> None:
    form, _, _, column = FAILING[rule_id]
    found = night[form].findings.filter(pl.col("submission_id") == rule_id).to_dicts()
    assert [row["rule_id"] for row in found] == [rule_id]
    assert found[0]["severity_code"] == rules.get(rule_id).severity_code
    cells = night[form].cells.filter(pl.col("submission_id") == rule_id)
    assert cells["column_code"].to_list() == [column]
    assert found[0]["cell"] == cells["cell"][0]
    assert found[0]["cell"] in found[0]["message_zh"]
    assert "{" not in found[0]["message_zh"] + found[0]["advice_zh"]


@pytest.mark.parametrize("rule_id", sorted(FAILING))
def test_the_rule_made_wrong_misses_its_failing_row(night_of_mutants, rule_id: str) -> None:
    form = FAILING[rule_id][0]
    found = night_of_mutants[form].findings.filter(pl.col("submission_id") == rule_id)
    assert rule_id not in found["rule_id"].to_list()


def test_a_thousand_bad_rows_are_one_finding_and_a_thousand_cells(
    definitions: Definitions, rules: Rules
) -> None:
    row = {**SOUND["IP-R1"], "grant_date": "2026-01-01", "submission_id": "S"}
    found = judged(definitions, rules, "IP-R1", [row] * 1000)
    [finding] = found.findings.to_dicts()
    assert (finding["value_text"], finding["cell"]) == ("1000", "G5")
    assert "1000 行" in finding["message_zh"]
    assert found.cells.height == 1000
    assert found.cells["cell"].n_unique() == 1000


def test_patterns_are_judged_as_the_rows_themselves_would_be(
    definitions: Definitions, rules: Rules
) -> None:
    days = [date(2025, 9, 1).replace(day=1 + n % 28, month=1 + n % 12) for n in range(400)]
    rows = [
        {**SOUND["IP-R1"], "submission_id": "S", "grant_date": day.isoformat(),
         "application_date": days[(place * 7) % 400].isoformat(),
         "patent_kind": ("发明专利", "实用新型", None)[place % 3]}
        for place, day in enumerate(days)
    ]  # fmt: skip
    found = judged(definitions, rules, "IP-R1", rows)
    register = register_of(definitions, "IP-R1", "2021")
    period = parse_period(PERIOD)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    for rule in rules_of(register, rules):
        if rule.operator == "not_in":
            continue
        signs = frame.select(sign(rule, register, period).cast(pl.Float64).alias("sign"))
        bounds = {"<=": (None, 0.0), ">=": (0.0, None)}.get(rule.operator, (0.0, 0.0))
        check = Check(rule, "between", "sign", minimum=bounds[0], maximum=bounds[1], evaluated=1)
        whole = failing_rows(signs, [check])[rule.key]
        cells = found.cells.filter(pl.col("rule_id") == rule.rule_id)
        assert sorted(cells["row_no"]) == sorted(place + 5 for place in whole), rule.rule_id


def test_a_right_of_two_units_is_a_finding_for_each_and_names_the_other(
    definitions: Definitions, rules: Rules
) -> None:
    register = register_of(definitions, "IP-R1", "2021")
    twice = pl.DataFrame({
        "submission_id": ["A", "B"], "sheet": ["台账", "台账"], "row_no": [5, 9],
        "other_unit_code": ["150403", "150402"],
    }, schema_overrides={"row_no": pl.Int32})  # fmt: skip
    filed = pl.DataFrame({
        "submission_id": ["A", "B"], "unit_code": ["150402", "150403"], "period_code": [PERIOD] * 2,
    })  # fmt: skip
    headers = pl.DataFrame({
        "submission_id": ["A", "B"], "sheet": ["台账"] * 2,
        "column_code": ["application_number"] * 2, "column_no": [0, 1],
    }, schema_overrides={"column_no": pl.Int32})  # fmt: skip
    names = {"150402": "红山区", "150403": "元宝山区"}
    found = cross_unit_findings(twice, filed, headers, register, rules, names).findings
    said = {row["submission_id"]: (row["cell"], row["message_zh"]) for row in found.to_dicts()}
    assert said["A"][0] == "A5"
    assert "元宝山区" in said["A"][1]
    assert said["B"][0] == "B9"
    assert "红山区" in said["B"][1]
