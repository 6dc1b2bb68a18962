"""Every rule has one filing it must let pass and one it must find, side by side.

All passing examples are one night and all failing ones another, each in a unit of its own, so that
the engine starts a handful of times only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
import pytest

from expectations.rules import Rules
from sources.definitions import Definitions

MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
QUARTERS = [f"{year}-Q{quarter}" for year in (2023, 2024) for quarter in (1, 2, 3, 4)]


@dataclass(frozen=True)
class Example:
    """What is filed to pass and to fail, and the element the finding must point at.

    `past` gives earlier figures: by period, or one figure for all periods of a list.
    """

    rule_id: str
    form: str
    element: str | None
    passing: Mapping[str, object]
    failing: Mapping[str, object]
    period: str = "2025-01"
    failing_period: str | None = None
    past: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_nil: bool = False


def steady(periods: list[str], **figures: str) -> dict[str, dict[str, str]]:
    return dict.fromkeys(periods, figures)


def parts(kind: str, total: str, service: str, non_service: str) -> dict[str, str]:
    stem = f"patent_grants_{kind}" if kind else "patent_grants"
    return {stem: total, f"{stem}_service": service, f"{stem}_non_service": non_service}


CATEGORIES = ("emerging", "family", "over10", "pledged", "award")


def ytd(base: str, rule_id: str) -> Example:
    return Example(
        rule_id,
        "IP-M1",
        f"{base}_ytd",
        {base: "7", f"{base}_ytd": "107"},
        {base: "7", f"{base}_ytd": "7"},
        period="2025-03",
        past={"2025-02": {f"{base}_ytd": "100"}},
    )


def category(place: int, rule_id: str) -> Example:
    named = f"hvp_cat_{CATEGORIES[place]}"
    whole = {"inv_valid_stock": "20", "hvp_stock": "10"}
    return Example(
        rule_id, "IP-Q1", named, {**whole, named: "10"}, {**whole, named: "11"}, period="2025-Q1"
    )


def voided(rule_id: str, text: str | None, issue: str) -> Example:
    return Example(
        rule_id,
        "IP-Q2",
        "pledge_items",
        {"pledge_items": "3"},
        {"pledge_items": (text, issue)},
        period="2025-Q1",
    )


def in_quarter(
    rule_id: str,
    form: str,
    element: str,
    passing: dict[str, object],
    failing: dict[str, object],
    **more: object,
) -> Example:
    return Example(rule_id, form, element, passing, failing, period="2025-Q1", **more)


EXAMPLES = [
    Example("P01", "IP-M1", None, {}, {}, period="2025-01", failing_period="2025-Q1"),
    Example("P02", "IP-A1", None, {}, {}, period="2025", failing_period="2026"),
    Example("P03", "IP-M1", None, {}, {}, period="2026-01", failing_period="2026-02"),
    in_quarter(
        "V01", "IP-Q2", "pledge_items", {"pledge_items": "0"}, {"pledge_items": (None, "blank")}
    ),
    voided("V02", "约十二", "not_a_number"),
    voided("V03", None, "error_value"),
    voided("V04", None, "uncached_formula"),
    voided("V05", "95.3%", "percent"),
    voided("V06", "3", "unit_differs"),
    voided("V07", "1.2万", "unit_suffix"),
    in_quarter(
        "V08", "IP-Q2", "licence_contracts", {"licence_contracts": "0"}, {"licence_contracts": "-3"}
    ),
    in_quarter(
        "V09",
        "IP-Q2",
        "licence_contracts",
        {"licence_contracts": "3.00"},
        {"licence_contracts": "3.5"},
    ),
    in_quarter(
        "V10",
        "IP-Q2",
        "pledge_disbursed_amount",
        {"pledge_disbursed_amount": "3.120"},
        {"pledge_disbursed_amount": "3.125"},
    ),
    Example(
        "V11",
        "IP-C1",
        "satisfaction_score",
        {"satisfaction_score": "59.99"},
        {"satisfaction_score": "59.98"},
        period="2025",
    ),
    Example(
        "V12",
        "IP-C1",
        "satisfaction_score",
        {"satisfaction_score": "100"},
        {"satisfaction_score": "100.01"},
        period="2025",
    ),
    in_quarter(
        "V13", "IP-Q2", "pledge_items", {"pledge_items": "3"}, {"pledge_items": ("3", "formula")}
    ),
    in_quarter(
        "V14", "IP-Q2", "pledge_items", {"pledge_items": "3"}, {"pledge_items": ("3", "hidden_row")}
    ),
    in_quarter(
        "V15", "IP-Q2", "pledge_items", {"pledge_items": "3"}, {"pledge_items": ("3", "full_width")}
    ),
    in_quarter(
        "V16", "IP-Q2", "pledge_items", {"pledge_items": "0"}, {"pledge_items": "3"}, is_nil=True
    ),
    Example("C01", "IP-M1", "patent_grants", parts("", "9", "6", "3"), parts("", "9", "6", "4")),
    Example(
        "C02",
        "IP-M1",
        "patent_grants_invention",
        parts("invention", "9", "6", "3"),
        parts("invention", "10", "6", "3"),
    ),
    Example(
        "C03",
        "IP-M1",
        "patent_grants_utility",
        parts("utility", "9", "6", "3"),
        parts("utility", "9", "7", "3"),
    ),
    Example(
        "C04",
        "IP-M1",
        "patent_grants_design",
        parts("design", "9", "6", "3"),
        parts("design", "8", "6", "3"),
    ),
    Example(
        "C05",
        "IP-M1",
        "patent_grants",
        {
            "patent_grants": "6",
            "patent_grants_invention": "1",
            "patent_grants_utility": "2",
            "patent_grants_design": "3",
        },
        {
            "patent_grants": "7",
            "patent_grants_invention": "1",
            "patent_grants_utility": "2",
            "patent_grants_design": "3",
        },
    ),
    Example(
        "C06",
        "IP-M1",
        "patent_grants_service",
        {
            "patent_grants_service": "5",
            "patent_grants_invention_service": "2",
            "patent_grants_utility_service": "3",
        },
        {
            "patent_grants_service": "5",
            "patent_grants_invention_service": "3",
            "patent_grants_utility_service": "3",
        },
    ),
    ytd("patent_grants", "C07"),
    ytd("patent_grants_invention", "C08"),
    ytd("tm_registered", "C09"),
    ytd("copyright_works", "C10"),
    ytd("copyright_software", "C11"),
    Example(
        "C12",
        "IP-M1",
        "tm_agri_registered",
        {"tm_agri_registered": "4", "tm_registered": "4"},
        {"tm_agri_registered": "5", "tm_registered": "4"},
    ),
    in_quarter(
        "C20",
        "IP-Q1",
        "inv_valid_stock",
        {
            "inv_valid_stock": "104",
            "inv_valid_new": "9",
            "inv_valid_lapsed": "3",
            "inv_valid_transfer_net": "-2",
        },
        {
            "inv_valid_stock": "106",
            "inv_valid_new": "9",
            "inv_valid_lapsed": "3",
            "inv_valid_transfer_net": "-2",
        },
        past={"2024-Q4": {"inv_valid_stock": "100"}},
    ),
    in_quarter(
        "C21",
        "IP-Q1",
        "hvp_stock",
        {"hvp_stock": "20", "inv_valid_stock": "20", "hvp_cat_emerging": "20"},
        {"hvp_stock": "21", "inv_valid_stock": "20", "hvp_cat_emerging": "21"},
    ),
    category(0, "C22"),
    category(1, "C23"),
    category(2, "C24"),
    category(3, "C25"),
    category(4, "C26"),
    in_quarter(
        "C27",
        "IP-Q1",
        "hvp_stock",
        {"hvp_stock": "5", "inv_valid_stock": "20", "hvp_cat_emerging": "3", "hvp_cat_award": "2"},
        {"hvp_stock": "6", "inv_valid_stock": "20", "hvp_cat_emerging": "3", "hvp_cat_award": "2"},
    ),
    in_quarter(
        "C28",
        "IP-Q1",
        "gi_tm_new",
        {"gi_cert_tm_stock": "5", "gi_tm_new": "1"},
        {"gi_cert_tm_stock": "6", "gi_tm_new": "1"},
        past={"2024-Q4": {"gi_cert_tm_stock": "4", "gi_coll_tm_stock": "0"}},
    ),
    in_quarter(
        "C29",
        "IP-Q1",
        "gi_product_new",
        {"gi_product_stock": "5", "gi_product_new": "1"},
        {"gi_product_stock": "5", "gi_product_new": "0"},
        past={"2024-Q4": {"gi_product_stock": "4"}},
    ),
    in_quarter(
        "C30",
        "IP-Q1",
        "gi_tm_new",
        {"gi_cert_tm_stock": "1", "gi_tm_new": "1"},
        {"gi_cert_tm_stock": "1", "gi_tm_new": "2"},
    ),
    in_quarter(
        "C31",
        "IP-Q1",
        "gi_product_new",
        {"gi_product_stock": "1", "gi_product_new": "1"},
        {"gi_product_stock": "1", "gi_product_new": "2"},
    ),
    in_quarter(
        "C32",
        "IP-Q1",
        "farm_product_gi_stock",
        {"farm_product_gi_stock": "4"},
        {"farm_product_gi_stock": "5"},
        past={"2024-Q4": {"farm_product_gi_stock": "4"}},
    ),
    in_quarter(
        "C40",
        "IP-Q2",
        "pledge_registered_amount",
        {
            "pledge_items": "1",
            "pledge_registered_amount": "0.31",
            "pledge_registered_patent": "0.1",
            "pledge_registered_trademark": "0.2",
        },
        {
            "pledge_items": "1",
            "pledge_registered_amount": "0.32",
            "pledge_registered_patent": "0.1",
            "pledge_registered_trademark": "0.2",
        },
    ),
    in_quarter(
        "C41",
        "IP-Q2",
        "pledge_disbursed_amount",
        {"pledge_registered_amount": "100", "pledge_disbursed_amount": "100"},
        {"pledge_registered_amount": "100", "pledge_disbursed_amount": "100.01"},
    ),
    in_quarter(
        "C42",
        "IP-Q2",
        "pledge_firms",
        {"pledge_items": "2", "pledge_firms": "2"},
        {"pledge_items": "2", "pledge_firms": "3"},
    ),
    in_quarter(
        "C43",
        "IP-Q2",
        "pledge_items",
        {"pledge_items": "1", "pledge_registered_amount": "900000"},
        {"pledge_items": "0", "pledge_registered_amount": "0.01"},
    ),
    in_quarter(
        "C50",
        "IP-Q3",
        "enforcement_cases_closed",
        {"enforcement_cases_received": "7", "enforcement_cases_closed": "7"},
        {"enforcement_cases_received": "7", "enforcement_cases_closed": "8"},
    ),
    in_quarter(
        "C51",
        "IP-Q3",
        "complaints_replied",
        {"complaints_received": "7", "complaints_replied": "7"},
        {"complaints_received": "7", "complaints_replied": "8"},
    ),
    in_quarter(
        "C52",
        "IP-Q3",
        "training_person_times",
        {"training_person_times": "2", "training_classes": "2"},
        {"training_person_times": "1", "training_classes": "2"},
    ),
    in_quarter(
        "C60",
        "IP-Q4",
        "re_firms_with_patent",
        {"re_firms_total": "5", "re_firms_with_patent": "5"},
        {"re_firms_total": "5", "re_firms_with_patent": "6"},
    ),
    in_quarter(
        "C61",
        "IP-Q4",
        "key_firms_with_tm",
        {"key_firms_total": "5", "key_firms_with_tm": "5"},
        {"key_firms_total": "5", "key_firms_with_tm": "6"},
    ),
    Example(
        "C70",
        "IP-A1",
        "market_offices_staffed",
        {"market_offices": "5", "market_offices_staffed": "5"},
        {"market_offices": "5", "market_offices_staffed": "6"},
        period="2025",
    ),
    Example(
        "C71",
        "IP-A1",
        "townships_staffed",
        {"townships": "5", "townships_staffed": "5"},
        {"townships": "5", "townships_staffed": "6"},
        period="2025",
    ),
    Example(
        "H01",
        "IP-M1",
        "copyright_works",
        {"copyright_works": "150"},
        {"copyright_works": "151"},
        past=steady(MONTHS, copyright_works="20"),
    ),
    Example(
        "H02",
        "IP-M1",
        "copyright_works",
        {"copyright_works": "10"},
        {"copyright_works": "9"},
        past=steady(MONTHS, copyright_works="300"),
    ),
    in_quarter(
        "H03",
        "IP-Q2",
        "pledge_disbursed_amount",
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "200"},
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "1000000"},
        past=steady(QUARTERS, pledge_disbursed_amount="100"),
    ),
    Example(
        "H04",
        "IP-M1",
        "copyright_works",
        {"copyright_works": "7000"},
        {"copyright_works": "26609"},
        past=steady(MONTHS, copyright_works="300"),
    ),
    in_quarter(
        "H05",
        "IP-Q2",
        "pledge_disbursed_amount",
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "8000"},
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "8000.01"},
        past=steady(QUARTERS, pledge_disbursed_amount="500"),
    ),
    in_quarter(
        "H06",
        "IP-Q1",
        "ip_workforce",
        {"ip_workforce": "67"},
        {"ip_workforce": "66"},
        past={"2024-Q4": {"ip_workforce": "100"}},
    ),
    in_quarter(
        "H07",
        "IP-Q1",
        "ip_workforce",
        {"ip_workforce": "250"},
        {"ip_workforce": "251"},
        past={"2024-Q4": {"ip_workforce": "100"}},
    ),
]
BY_RULE = {example.rule_id: example for example in EXAMPLES}


def _run(new_night, side: str):
    night = new_night()
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
        min_value=pl.when(pl.col("element_code") == "satisfaction_score")
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


def test_the_passing_night_raises_nothing_at_all(passing_night) -> None:
    _, result = passing_night
    strong = result.findings.filter(pl.col("rule_id").str.starts_with("V"))
    assert strong.is_empty(), strong.to_dicts()
