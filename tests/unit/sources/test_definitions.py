"""The definition tables: whole, linked, and able to be laid over."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from sources.definitions import KEYS, DefinitionError, Definitions


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


# The five plans have no change of scope and no successor yet; a city's own rows may.
MAY_BE_EMPTY = {"definition_changes", "target_links"}


@pytest.mark.parametrize("table", sorted(KEYS))
def test_the_key_of_a_table_is_unique(definitions: Definitions, table: str) -> None:
    frame = definitions.table(table)
    assert frame.height > 0 or table in MAY_BE_EMPTY
    assert frame.select(KEYS[table]).is_duplicated().sum() == 0


def test_every_unit_the_plans_need_is_a_row(definitions: Definitions) -> None:
    levels = Counter(unit.level for unit in definitions.units.values())
    assert levels["county"] == 44
    assert levels["city"] == 13
    assert levels["region"] == 2
    assert levels["group"] == 1
    hosted = [u for u in definitions.units.values() if u.zone_relation == "inside"]
    assert hosted
    assert not any(zone.is_partition_member for zone in hosted)


def test_every_target_carries_document_line_and_quote(definitions: Definitions) -> None:
    targets = definitions.table("plan_targets")
    assert targets.height == 114
    assert targets.filter(pl.col("tier") == "table").height == 47
    assert targets.select("document", "line", "quote", "direction", "basis").null_count().row(
        0
    ) == (
        0,
        0,
        0,
        0,
        0,
    )


def test_a_target_has_an_indicator_or_says_why_not(definitions: Definitions) -> None:
    targets = definitions.table("plan_targets")
    known = set(definitions.table("indicators")["indicator_code"])
    for row in targets.iter_rows(named=True):
        assert row["indicator_code"] in known or row["not_computable_reason_zh"], row["target_code"]


def test_every_term_names_an_element_that_somebody_files(definitions: Definitions) -> None:
    elements = set(definitions.table("elements")["element_code"])
    filed = set(definitions.table("form_elements")["element_code"])
    terms = set(definitions.table("indicator_terms")["element_code"])
    assert terms <= elements
    assert terms - filed == {"resident_population"}


def test_an_element_stands_on_one_form_only(definitions: Definitions) -> None:
    """But for history, which asks again for what regular forms ask."""
    kinds = definitions.table("forms").filter(pl.col("form_kind") != "history")
    cells = definitions.table("form_elements").join(kinds, on="form_code", how="semi")
    assert (
        cells.group_by("element_code")
        .agg(pl.col("form_code").n_unique())
        .filter(pl.col("form_code") > 1)
        .is_empty()
    )


def test_printed_growth_rates_lead_to_the_printed_target(definitions: Definitions) -> None:
    """Baseline × (1+r)^n agrees with the target at the precision it is printed in (0.2 %)."""
    targets = {r["target_code"]: r for r in definitions.table("plan_targets").iter_rows(named=True)}
    paths = definitions.table("target_paths").filter(pl.col("path_method") == "cagr")
    assert paths.height == 8
    for path in paths.iter_rows(named=True):
        target = targets[path["target_code"]]
        years = int(target["target_year"]) - int(target["baseline_year"])
        growth = 1 + Decimal(path["rate_pct"]) / 100
        reached = Decimal(target["baseline_value"]) * growth**years
        assert abs(reached / Decimal(target["target_low"]) - 1) < Decimal("0.002")


def test_a_target_the_document_sets_for_each_year_is_asked_in_each_year(
    definitions: Definitions,
) -> None:
    """每年 is a path of its own: such a target is never 未分解年度目标."""
    yearly = definitions.table("plan_targets").filter(pl.col("deadline_note_zh") == "每年")
    paths = yearly.join(definitions.table("target_paths"), on="target_code")
    assert paths.height == 8
    assert set(paths["path_method"]) == {"flat"}


def test_an_indicator_says_what_it_is_and_what_it_is_not(definitions: Definitions) -> None:
    for table in ("indicators", "elements"):
        frame = definitions.table(table).select("definition_zh", "not_zh", "source_office_zh")
        assert frame.null_count().row(0) == (0, 0, 0), table


def test_no_population_is_invented(definitions: Definitions) -> None:
    counties = {u.unit_code for u in definitions.units.values() if u.level == "county"}
    rows = definitions.table("populations")
    assert rows.filter(pl.col("area_code").is_in(counties)).height == 19
    assert rows["source"].null_count() == 0
    assert rows["available_from"].null_count() == 0


def overlay(folder: Path, table: str, text: str) -> Path:
    (folder / f"{table}.csv").write_text(text, encoding="utf-8")
    return folder


def test_an_overlay_replaces_the_row_of_the_same_key_and_adds_others(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path,
        "acceptance_policies",
        "city_code,form_code,policy,valid_from,valid_to\n"
        ",,manual,2020-01-01,\n150200,IP-M1,manual,2026-01-01,\n",
    )
    policies = Definitions.load(folder).table("acceptance_policies")
    assert policies.rows() == [
        (None, None, "manual", "2020-01-01", None, None),
        ("150200", "IP-M1", "manual", "2026-01-01", None, None),
    ]


def test_an_overlay_changes_the_hash(tmp_path: Path) -> None:
    folder = overlay(
        tmp_path, "holidays", "holiday_date,is_workday,name_zh\n2030-01-01,false,元旦\n"
    )
    assert Definitions.load(folder).hash != Definitions.load().hash


@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("nonsense", "a\n1\n", "没有这张定义表"),
        ("channels", "unit_code,colour\n1,red\n", "未知的列"),
        ("channels", "unit_code,channel_kind\n1\n", "列数与表头不一致"),
    ],
)
def test_a_spoilt_overlay_is_named(tmp_path: Path, table: str, text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        Definitions.load(overlay(tmp_path, table, text))


ASSIGNED = "form_code,city_code,unit_level,unit_code,first_period_start\n"


def test_what_is_said_of_a_unit_goes_before_its_city_and_that_before_all_cities(
    tmp_path: Path,
) -> None:
    rows = "IP-M1,150200,county,,2026-02-01\nIP-M1,150200,county,150203,\n"
    found = Definitions.load(overlay(tmp_path, "form_assignments", ASSIGNED + rows))
    begins = {
        a.unit.unit_code: a.first_period_start.isoformat()
        for a in found.assignments
        if a.form_code == "IP-M1"
    }
    assert begins["150202"] == "2026-02-01"
    assert "150203" not in begins
    assert begins["150271"] == begins["150402"] == "2021-01-01"
    assert "IP-M1" not in found.forms_of_unit("150203")
    assert "IP-Q1" in found.forms_of_unit("150203")


def test_a_workspace_of_one_city_has_the_links_of_its_own_targets_only(tmp_path: Path) -> None:
    text = "from_target_code,to_target_code,link_kind\nBT-T01,,dropped\nCF-H01,,dropped\n"
    served = Definitions.load(overlay(tmp_path, "target_links", text)).serving(["150200"])
    assert served.table("target_links")["from_target_code"].to_list() == ["BT-T01"]
