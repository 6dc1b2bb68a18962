"""Rules that lay a register beside another unit's, and beside the summary form.

Each has registers it lets pass and registers it finds, in a warehouse of their own, and is made
wrong once.
"""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from expectations.rules import Rules
from orchestration.stages.registering import judge_across_units, judge_against_forms
from sources.definitions import Definitions
from sources.registers import register_of
from tests.unit.expectations.rule_mutants import mutants
from warehouse.connection import scratch_warehouse
from warehouse.register_counts import register_counts

FIRST, SECOND = "150402", "150403"
PERIOD = "2025-Q4"
PATENTS = [
    {"application_number": "201710601862.3", "patent_kind": "发明专利", "legal_status": "有效",
     "grant_date": "2019-05-03", "application_date": "2017-07-21", "is_emerging": "是"},
    {"application_number": "201010601862.2", "patent_kind": "发明专利", "legal_status": "有效",
     "grant_date": "2013-05-03", "application_date": "2010-07-21", "is_emerging": "是",
     "is_award": "是"},
    {"application_number": "201720601862.3", "patent_kind": "实用新型", "legal_status": "有效",
     "grant_date": "2018-05-03", "application_date": "2017-07-21"},
    {"application_number": "201810601862.1", "patent_kind": "发明专利", "legal_status": "失效",
     "grant_date": "2020-05-03", "application_date": "2018-07-21"},
]  # fmt: skip
PLEDGES = [
    {"contract_number": f"Y{number}", "pledge_kind": "专利", "amount": amount, "disbursed": "100",
     "pledgor_code": f"FIRM{number}", "registered_on": "2025-11-03"}
    for number, amount in enumerate(("100", "250.5", "49.5"))
]  # fmt: skip
SIGNS = [
    {"registration_number": "G1", "gi_kind": "证明商标", "legal_status": "有效",
     "registered_on": "2020-01-01"},
    {"registration_number": "G2", "gi_kind": "证明商标", "legal_status": "失效",
     "registered_on": "2020-01-01"},
]  # fmt: skip
REGISTERS = {"IP-R1": PATENTS, "IP-R2": PLEDGES, "IP-R3": SIGNS}

AGAINST_FORMS = {
    "R31": ("IP-R1", "IP-Q1", "inv_valid_stock", "2", "3"),
    "R32": ("IP-R2", "IP-Q2", "pledge_registered_amount", "400.01", "400.02"),
    "R33": ("IP-R3", "IP-Q1", "gi_cert_tm_stock", "1", "2"),
}
"""Register, summary form, element; the figure that passes and the one that is found."""


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def rules(definitions: Definitions) -> Rules:
    return Rules.load(definitions)


@pytest.fixture
def warehouse():
    with scratch_warehouse() as connection:
        yield connection


def submit(connection: duckdb.DuckDBPyConnection, unit: str, form: str) -> str:
    submission_id = f"{unit}.{form}.{PERIOD}.v1"
    connection.execute(
        "insert into raw.submissions by name select ? as submission_id, ? as unit_code,"
        " ? as form_code, '2021' as form_version, ? as period_code, 1 as version,"
        " timestamp '2026-01-05' as received_at, 'a.xlsx' as file_name, 'received' as state_code",
        [submission_id, unit, form, PERIOD],
    )
    return submission_id


def register(
    connection: duckdb.DuckDBPyConnection, definitions: Definitions, unit: str, form: str,
    rows: list[dict[str, str]],
) -> str:  # fmt: skip
    submission_id = submit(connection, unit, form)
    columns = register_of(definitions, form, "2021").by_code
    for place, row in enumerate(rows):
        named = {columns[code].slot: text for code, text in row.items()}
        slots = ", ".join(f"? as {slot}" for slot in named)
        connection.execute(
            "insert into raw.register_rows by name select ? as submission_id, '台账' as sheet,"
            f" ? as row_no, {slots}", [submission_id, place + 5, *named.values()],
        )  # fmt: skip
    return submission_id


def form(connection: duckdb.DuckDBPyConnection, form_code: str, element: str, said: str) -> None:
    submission_id = submit(connection, FIRST, form_code)
    connection.execute(
        "insert into raw.reported_values by name select ? as submission_id, ? as unit_code,"
        " ? as form_code, '2021' as form_version, ? as period_code, ? as element_code,"
        " ? as number_text, '01' as row_code, 'current' as value_column",
        [submission_id, FIRST, form_code, PERIOD, element, said],
    )


def test_a_right_of_two_units_is_found_and_of_one_is_not(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules
) -> None:
    ours = register(warehouse, definitions, FIRST, "IP-R1", PATENTS)
    theirs = register(warehouse, definitions, SECOND, "IP-R1", PATENTS[2:])
    other = register(warehouse, definitions, "150404", "IP-R1", [
        {**PATENTS[0], "application_number": "202110601862.3"}
    ])  # fmt: skip
    found, looked_at = judge_across_units(warehouse, definitions, rules)
    assert sorted(found["submission_id"]) == sorted([ours, theirs])
    assert set(found["rule_id"]) == {"R21"}
    assert set(looked_at) == {ours, theirs, other}


def test_the_rule_on_rights_of_two_units_made_wrong_finds_none(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules
) -> None:
    """The mutant is the row that says that two units may file the same right."""
    register(warehouse, definitions, FIRST, "IP-R1", PATENTS)
    register(warehouse, definitions, SECOND, "IP-R1", PATENTS)
    tables = {name: definitions.table(name) for name in ("forms", "register_columns", "units")}
    tables["registers"] = definitions.table("registers").with_columns(
        is_unique_across_units=pl.lit("false")
    )
    assert judge_across_units(warehouse, definitions, rules)[0].height == 2
    assert judge_across_units(warehouse, Definitions(tables), rules)[0].is_empty()


def test_what_registers_count(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions
) -> None:
    counts = {}
    for form_code, rows in REGISTERS.items():
        register(warehouse, definitions, FIRST, form_code, [*rows, rows[0]])
        frame = register_counts(
            warehouse, register_of(definitions, form_code, "2021"), definitions
        )  # fmt: skip
        counts |= {row["element_code"]: row for row in frame.to_dicts()}
    told = {element: float(row["counted"]) for element, row in counts.items()}
    assert told["inv_valid_stock"] == 2
    assert (told["hvp_stock"], told["hvp_cat_emerging"], told["hvp_cat_over10"]) == (2, 2, 1)
    assert (told["hvp_cat_award"], told["hvp_cat_family"]) == (1, 0)
    assert (told["pledge_registered_amount"], told["pledge_items"], told["pledge_firms"]) == (
        400, 3, 3,
    )  # fmt: skip
    assert (told["gi_cert_tm_stock"], told["gi_coll_tm_stock"]) == (1, 0)
    # Three firms: no one can be told from their sum.
    assert not counts["pledge_registered_amount"]["is_disclosive"]


@pytest.mark.parametrize("rule_id", sorted(AGAINST_FORMS))
def test_a_register_that_agrees_with_the_form_passes(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules, rule_id: str
) -> None:
    register_form, summary, element, right, _ = AGAINST_FORMS[rule_id]
    register(warehouse, definitions, FIRST, register_form, REGISTERS[register_form])
    form(warehouse, summary, element, right)
    found, compared = judge_against_forms(warehouse, definitions, rules)
    assert found.is_empty()
    assert compared == [f"{FIRST}.{register_form}.{PERIOD}.v1"]


@pytest.mark.parametrize("rule_id", sorted(AGAINST_FORMS))
def test_a_register_that_differs_from_the_form_is_found(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules, rule_id: str
) -> None:
    register_form, summary, element, _, wrong = AGAINST_FORMS[rule_id]
    register(warehouse, definitions, FIRST, register_form, REGISTERS[register_form])
    form(warehouse, summary, element, wrong)
    found, _ = judge_against_forms(warehouse, definitions, rules)
    (one,) = found.to_dicts()
    assert (one["rule_id"], one["severity_code"], one["element_code"]) == (
        rule_id, "verify", element,
    )  # fmt: skip
    assert one["submission_id"] == f"{FIRST}.{register_form}.{PERIOD}.v1"
    assert one["value_text"] == wrong
    assert wrong in one["message_zh"]
    assert "{" not in one["message_zh"] + one["advice_zh"]


@pytest.mark.parametrize("rule_id", sorted(AGAINST_FORMS))
def test_the_rule_without_a_limit_misses_the_register(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rule_id: str
) -> None:
    register_form, summary, element, _, wrong = AGAINST_FORMS[rule_id]
    register(warehouse, definitions, FIRST, register_form, REGISTERS[register_form])
    form(warehouse, summary, element, wrong)
    wrong_rules = Rules.load(mutants(definitions, "<="))
    assert judge_against_forms(warehouse, definitions, wrong_rules)[0].is_empty()


def test_a_sum_over_two_firms_is_told_to_nobody(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules
) -> None:
    register(warehouse, definitions, FIRST, "IP-R2", PLEDGES[:2])
    form(warehouse, "IP-Q2", "pledge_registered_amount", "999")
    assert judge_against_forms(warehouse, definitions, rules)[0].is_empty()


def test_what_no_form_says_is_not_compared(
    warehouse: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules
) -> None:
    register(warehouse, definitions, FIRST, "IP-R1", PATENTS)
    form(warehouse, "IP-Q2", "pledge_items", "1")
    assert judge_against_forms(warehouse, definitions, rules)[0].is_empty()
