"""Registers through a whole night: figures, rights filed twice, and names that stay inside."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sources.definitions import Definitions
from sources.periods import parse_period
from sources.registers import register_of, registers
from sources.registers.template import write_register_workbook
from tests.corpus.books import zipped
from tests.integration.conftest import Workspace
from warehouse.register_counts import register_counts

CITY, FIRST, SECOND = "150400", "150402", "150403"
PERIOD = "2025-Q4"
MARKERS = {
    "applicant": "甲乙丙丁标记公司", "address": "标记路三百号", "contact": "标记联系人",
    "phone": "13800001111", "pledgor": "戊己庚辛标记公司", "pledgee": "标记银行",
    "pledgor_code": "91350203M0001QAY9B", "pledgee_code": "91440101MA5CJQ4N59",
    "amount": "73190.5", "disbursed": "64280.25", "registrant": "标记协会",
}  # fmt: skip
FOOTER = [("填表人", "标记填表人"), ("联系电话", "13900002222")]
LOGS = (("work", "reports"), ("work", "dbt"), ("work", "night"))
SECRET = [*MARKERS.values(), *(name for _, name in FOOTER)]


def patent(number: str, **changes: str) -> dict[str, str]:
    return {
        "application_number": number, "patent_kind": "发明专利", "title": "一种装置",
        "application_date": "2018-05-01", "grant_date": "2020-06-30", "legal_status": "有效",
        **{name: MARKERS[name] for name in ("applicant", "address", "contact", "phone")},
    } | changes  # fmt: skip


SHARED, OVER_TEN, YOUNG, WRONG = (
    "201710601862.3", "200310102344.5", "201810000004.4", "201710601862.4"
)  # fmt: skip


def pledge(number: str, kind: str, amount: str, **changes: str) -> dict[str, str]:
    return {
        "contract_number": number, "pledge_kind": kind, "pledgor": "某厂",
        "pledgor_code": "91350200MA2YJ1XR9G", "pledgee": "某行", "registered_on": "2025-10-15",
        "amount": amount, "disbursed": "—",
    } | changes  # fmt: skip


def indication(number: str, kind: str, **changes: str) -> dict[str, str]:
    return {
        "registration_number": number, "gi_kind": kind, "gi_name": f"演示{number}",
        "registrant": "某会", "registered_on": "2012-03-01", "legal_status": "有效",
    } | changes  # fmt: skip


ZIPPED = {
    "IP-R2": [
        pledge("Z1", "专利", "100.5"),
        pledge("Z2", "专利权", "1,200"),
        pledge("Z3", "商标", "300"),
        pledge("Z4", "混合", "50", registered_on="2025-12-31"),
        pledge("Z5", "版权", "20", pledgor_code="91440101MA5CJQ4N59"),
        pledge("Z6", "专利", "9999", registered_on="2025-09-30"),
    ],
    "IP-R3": [
        indication("61", "证明商标"),
        indication("62", "地理标志证明商标", registered_on="2025-11-20"),
        indication("63", "证明商标", legal_status="注销"),
        indication("64", "集体商标"),
        indication("65", "地理标志保护产品", registered_on="2025-10-01"),
        indication("66", "农产品地理标志"),
    ],
}
REGISTERS = {
    (FIRST, "IP-R1"): [
        patent(SHARED, is_emerging="是", is_family="是"),
        patent(OVER_TEN, application_date="2003-10-08"),
        patent(YOUNG),
    ],
    (SECOND, "IP-R1"): [
        patent(SHARED, is_emerging="是"),
        patent("201810000005.4", is_award="是", patent_kind="外观设计"),
        patent(WRONG),
    ],
    (FIRST, "IP-R2"): [{
        "contract_number": "Y2025150000001", "pledge_kind": "专利", "registered_on": "2025-11-03",
        **{name: MARKERS[name] for name in (
            "pledgor", "pledgor_code", "pledgee", "pledgee_code", "amount", "disbursed",
            "contact", "phone",
        )},
    }],
    (FIRST, "IP-R3"): [{
        "registration_number": "5512345", "gi_kind": "证明商标", "gi_name": "演示小米",
        "trademark_number": "5512345", "registered_on": "2012-03-01", "legal_status": "有效",
        "registrant": MARKERS["registrant"], "contact": MARKERS["contact"],
        "phone": MARKERS["phone"],
    }],
}  # fmt: skip


def check_digit(first_twelve: str) -> str:
    total = sum(
        int(digit) * weight
        for digit, weight in zip(first_twelve, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)
    )
    return "X" if total % 11 == 10 else str(total % 11)


def workbook(path: Path, unit: str, form: str, rows: list[dict[str, str]]) -> bytes:
    definitions = Definitions.load()
    period = parse_period(PERIOD)
    version = definitions.form(form, period)
    assert version is not None
    register = register_of(definitions, form, version.form_version)
    assert register is not None
    write_register_workbook(path, register, version, definitions.units[unit], period, rows,
                            is_synthetic=True, footer=FOOTER)  # fmt: skip
    return path.read_bytes()


@pytest.fixture(scope="module")
def night(small: Callable[[], Workspace], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = small()
    folder = tmp_path_factory.mktemp("registers")
    for (unit, form), rows in REGISTERS.items():
        for row in rows:
            number = row.get("application_number", "")
            if number and number != WRONG and number not in (SHARED, OVER_TEN):
                row["application_number"] = f"{number[:12]}.{check_digit(number[:12])}"
        data = workbook(folder / f"{unit}{form}.xlsx", unit, form, rows)
        workspace.drop(CITY, unit, f"{form}.xlsx", data)
    members = {f"{name}.xlsx": workbook(folder / f"{name}.xlsx", SECOND, form, ZIPPED[form])
               for form, name in (("IP-R2", "质押"), ("IP-R3", "地标"))}  # fmt: skip
    workspace.drop(CITY, SECOND, "台账.zip", zipped({**members, "质押盖章.pdf": b"%PDF-1.7"}))
    workspace.night()
    return workspace


def state(workspace: Workspace, unit: str, form: str) -> str:
    rows = workspace.run("submissions", "--json").json
    return next(r for r in rows if r["submission_id"] == f"{unit}.{form}.{PERIOD}.v1")["state_code"]


def test_figures_are_counted_from_the_rows_and_a_patent_of_two_categories_counts_once(
    night: Workspace,
) -> None:
    found = dict(night.query(
        "select element_code, theirs from marts.reconciliation"
        " where area_code = ? and authority_release_id like 'register:%'", FIRST,
    ))  # fmt: skip
    expected = {
        "inv_valid_stock": 3, "hvp_stock": 2, "hvp_cat_emerging": 1, "hvp_cat_family": 1,
        "hvp_cat_over10": 1, "hvp_cat_award": 0, "gi_cert_tm_stock": 1, "gi_tm_new": 0,
        "pledge_items": 1, "pledge_firms": 1, "pledge_registered_trademark": 0,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_pledges_and_indications_are_counted_by_kind_from_registers_in_a_zip(
    night: Workspace,
) -> None:
    with duckdb.connect(str(night.home / "work/warehouse.duckdb"), read_only=True) as private:
        found = dict(private.execute(
            "select element_code, cast(value as double)"
            " from intermediate.int_register_figures where area_code = ?", [SECOND],
        ).fetchall())  # fmt: skip
    expected = {
        "pledge_registered_amount": 1670.5, "pledge_registered_patent": 1300.5,
        "pledge_registered_trademark": 300, "pledge_registered_mixed": 50,
        "pledge_registered_copyright": 20, "pledge_items": 5, "pledge_firms": 2,
        "gi_cert_tm_stock": 2, "gi_coll_tm_stock": 1, "gi_product_stock": 1,
        "farm_product_gi_stock": 1, "gi_tm_new": 1, "gi_product_new": 1,
    }  # fmt: skip
    assert {name: found.get(name) for name in expected} == expected


def test_a_scan_in_the_zip_of_registers_hangs_on_the_register_its_name_says(
    night: Workspace,
) -> None:
    rows = night.run("submissions", "--json").json
    assert {row["file_name"] for row in rows if row["file_name"].startswith("台账.zip")} == {
        "台账.zip/质押.xlsx", "台账.zip/地标.xlsx",
    }  # fmt: skip
    kept = {row["submission_id"]: row.get("evidence") for row in rows}
    assert kept[f"{SECOND}.IP-R2.{PERIOD}.v1"] == ["台账.zip/质押盖章.pdf"]


def test_check_looks_into_a_zip_of_registers(night: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "台账.zip"
    data = workbook(tmp_path / "r.xlsx", SECOND, "IP-R1", REGISTERS[SECOND, "IP-R1"])
    path.write_bytes(zipped({"专利.xlsx": data, "盖章.pdf": b"%PDF-1.7"}))
    said = night.run("check", str(path), "--unit", SECOND, "--json").json
    assert {(row["rule_id"], row["cell"]) for row in said["findings"]} == {
        ("R03", "A7"), ("R09", "B6"), ("R15", "M6"),
    }  # fmt: skip


def test_a_register_is_held_against_the_summary_form(night: Workspace) -> None:
    rows = night.query(
        "select ours, theirs, difference, status_code from marts.reconciliation"
        " where area_code = ? and element_code = 'inv_valid_stock'"
        " and authority_release_id = 'register:IP-R1' and period_code = ?", FIRST, PERIOD,
    )  # fmt: skip
    [(ours, theirs, difference, status)] = rows
    assert (theirs, status, difference) == (3, "differs", ours - 3)


def test_a_register_that_differs_from_the_summary_form_is_to_be_explained(
    night: Workspace,
) -> None:
    found = night.query(
        "select f.severity_code, f.message_zh, f.value_text, r.ours from marts.findings as f"
        " inner join marts.reconciliation as r on f.unit_code = r.area_code"
        " and f.element_code = r.element_code and f.period_code = r.period_code"
        " and r.authority_release_id = 'register:IP-R1'"
        " where f.unit_code = ? and f.rule_id = 'R31' and f.element_code = 'inv_valid_stock'",
        FIRST,
    )  # fmt: skip
    [(severity, message, value, ours)] = found
    assert (severity, value) == ("verify", str(int(ours)))
    assert f"填报 {value}件，台账计 3件" in message


def test_what_is_held_against_the_forms_is_what_the_models_count(night: Workspace) -> None:
    definitions = Definitions.load()
    with duckdb.connect(str(night.home / "work/warehouse.duckdb"), read_only=True) as private:
        modelled = {
            row[:4]: row[4:]
            for row in private.execute(
                "select area_code, form_code, period_code, element_code, value, is_disclosive"
                " from intermediate.int_register_figures where not is_city"
            ).fetchall()
        }
        counted = {
            (row["unit_code"], row["form_code"], row["period_code"], row["element_code"]):
            (row["counted"], row["is_disclosive"])
            for register in registers(definitions).values()
            for row in register_counts(private, register, definitions).to_dicts()
        }  # fmt: skip
    assert counted == modelled
    assert len(counted) > 40


def test_a_patent_filed_by_two_counties_is_a_finding_for_both(night: Workspace) -> None:
    found = night.query("select unit_code, cell, message_zh from marts.findings"
                        " where rule_id = 'R21' order by unit_code")  # fmt: skip
    assert [(unit, cell) for unit, cell, _ in found] == [(FIRST, "A5"), (SECOND, "A5")]
    assert "元宝山区" in found[0][2]
    assert "红山区" in found[1][2]


def test_bad_rows_are_found_and_listed_whole_for_the_filer(night: Workspace) -> None:
    rules = {rule for (rule,) in night.query(
        "select rule_id from marts.findings where unit_code = ? and form_code = 'IP-R1'", SECOND
    )}  # fmt: skip
    assert {"R03", "R09", "R15", "R21", "R31"} == rules
    path = night.home / f"outbox/{CITY}/{SECOND}/{SECOND}.IP-R1.{PERIOD}.v1.台账问题清单.csv"
    with path.open(encoding="utf-8-sig") as handle:
        lines = [(row["规则"], row["单元格"]) for row in csv.DictReader(handle)]
    assert sorted(lines) == [("R03", "A7"), ("R09", "B6"), ("R15", "M6"), ("R21", "A5")]


def test_the_list_names_a_firms_cell_without_repeating_it(night: Workspace) -> None:
    path = night.home / f"outbox/{CITY}/{FIRST}/{FIRST}.IP-R2.{PERIOD}.v1.台账问题清单.csv"
    with path.open(encoding="utf-8-sig") as handle:
        lines = [(row["规则"], row["单元格"], row["填报内容"]) for row in csv.DictReader(handle)]
    assert lines == [("R03", "D5", "（涉个人或企业，不显示）")]


def test_check_finds_what_the_night_finds(night: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    workbook(path, SECOND, "IP-R1", REGISTERS[SECOND, "IP-R1"])
    found = night.run("check", str(path), "--unit", SECOND, "--json").json["findings"]
    assert {(row["rule_id"], row["cell"]) for row in found} == {
        ("R03", "A7"), ("R09", "B6"), ("R15", "M6"),
    }  # fmt: skip


def test_names_phones_and_amounts_of_firms_stand_in_nothing_published(night: Workspace) -> None:
    folder = night.home
    with duckdb.connect(str(folder / "work/warehouse.duckdb"), read_only=True) as private:
        kept = str(private.sql("select * from raw.register_rows").fetchall())
    assert all(marker in kept for marker in MARKERS.values())
    shown = "\n".join(
        night.run(*command, "--json").output
        for command in (("findings",), ("submissions",), ("coverage",), ("status",), ("releases",),
                        ("trace", "CF-H03", "--period", PERIOD))
    )  # fmt: skip
    texts = {"commands": shown}
    published = next((folder / "releases").glob("*/ip_marts.duckdb"))
    with duckdb.connect(str(published), read_only=True) as marts:
        for (table,) in marts.sql(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall():
            rows = marts.sql(f"select * from marts.{table}").fetchall()
            texts[table] = "\n".join(str(value) for row in rows for value in row)
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        is_told = inside[0] in ("outbox", "published", "releases", "dagster")
        if path.is_file() and (is_told or inside[:2] in LOGS):
            texts[str(path)] = path.read_bytes().decode("utf-8", "replace")
    leaks = [
        (where, marker) for where, text in texts.items() for marker in SECRET if marker in text
    ]
    assert leaks == []
