"""What is not public and what would tell it: classes, indicators made of them, and sums."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import polars as pl
import pytest

from sources.definition_checks import check_definitions
from sources.definitions import SEEDS, Definitions
from warehouse.audiences.confidentiality import Confidentiality, confidentiality_of
from warehouse.audiences.definition import UnknownAudience, audience_named, audiences_of

PERSONAL_ZH, INTERNAL_ZH, PUBLIC_ZH = "涉个人或企业", "内部", "公开"
TOLD_ZH = "不予公开（由此可推算出不公开的数）"


def overlay(folder: Path, table: str, *changes: dict[str, str]) -> Path:
    """A folder with rows of a table changed or added, by the first column."""
    with (SEEDS / f"{table}.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    key = next(iter(rows[0]))
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        for change in changes:
            known = next((row for row in rows if row[key] == change[key]), {})
            writer.writerow(known | change)
    return folder


def of(folder: Path, **classes: str) -> Confidentiality:
    """What holds when some of the project's elements are of other classes."""
    changes = ({"element_code": code, "confidentiality_zh": said} for code, said in classes.items())
    definitions = Definitions.load(overlay(folder, "elements", *changes))
    with duckdb.connect() as nothing:
        return confidentiality_of(nothing, definitions)


def test_nothing_is_withheld_where_everything_is_public() -> None:
    with duckdb.connect() as nothing:
        found = confidentiality_of(nothing, Definitions.load())
    assert found.withheld(PUBLIC_ZH) == {}
    assert found.sums


def test_an_indicator_goes_with_the_gravest_of_its_elements(tmp_path: Path) -> None:
    found = of(tmp_path, inv_valid_stock=INTERNAL_ZH)
    withheld = found.withheld(PUBLIC_ZH)
    assert withheld["INV_VALID_STOCK"] == withheld["INV_VALID_PER_10K"] == "不予公开（内部）"
    assert "TM_REGISTERED" not in withheld
    assert found.withheld(INTERNAL_ZH) == found.withheld(PERSONAL_ZH) == {}


def test_a_total_goes_where_one_part_would_follow_by_subtraction(tmp_path: Path) -> None:
    withheld = of(tmp_path, patent_grants_design=INTERNAL_ZH).withheld(PUBLIC_ZH)
    assert withheld["PATENT_GRANTS_DESIGN"] == "不予公开（内部）"
    assert withheld["PATENT_GRANTS"] == TOLD_ZH
    assert "PATENT_GRANTS_INVENTION" not in withheld
    # Its part in another sum, and its running total, would tell it as well.
    assert withheld["patent_grants_service"] == withheld["patent_grants_ytd"] == TOLD_ZH


def test_the_parts_go_where_the_total_is_the_one_withheld(tmp_path: Path) -> None:
    withheld = of(tmp_path, pledge_registered_amount=PERSONAL_ZH).withheld(INTERNAL_ZH)
    assert withheld["pledge_registered_amount"] == "不予公开（涉个人或企业）"
    assert withheld["pledge_registered_patent"] == TOLD_ZH


def test_every_sum_with_a_withheld_element_has_two(tmp_path: Path) -> None:
    found = of(tmp_path)
    for code in found.elements:
        own = Confidentiality(
            found.elements | {code: INTERNAL_ZH}, found.indicators, found.terms, found.sums
        )
        withheld = set(own.withheld(PUBLIC_ZH))
        assert code in withheld
        for totals, parts in found.sums:
            assert len((totals | parts) & withheld) != 1, (code, totals)


def test_a_class_raised_since_the_release_holds_for_it_and_one_lowered_does_not(
    tmp_path: Path,
) -> None:
    with duckdb.connect() as release:
        release.execute("create schema marts; create table marts.elements as"
                        " select 'tm_registered' as element_code, '内部' as confidentiality_zh"
                        " union all select 'inv_valid_stock', null")  # fmt: skip
        found = confidentiality_of(release, Definitions.load())
    assert found.elements["tm_registered"] == INTERNAL_ZH
    assert found.elements["inv_valid_stock"] == PERSONAL_ZH


def test_an_audience_is_rows(tmp_path: Path) -> None:
    folder = overlay(tmp_path, "audiences", {
        "audience_code": "council", "audience_zh": "政府办", "highest_class_zh": INTERNAL_ZH,
    })  # fmt: skip
    (folder / "audience_tables.csv").write_text(
        "audience_code,table_name,withheld_columns\ncouncil,release,\n"
        "council,plan_table,actual_printed|latest_value\n",
        encoding="utf-8",
    )
    definitions = Definitions.load(folder)
    assert check_definitions(definitions) == []
    found = audience_named(definitions, "council")
    assert found.tables == {"release": (), "plan_table": ("actual_printed", "latest_value")}
    assert set(audiences_of(definitions)) == {"office", "public", "council"}
    with pytest.raises(UnknownAudience, match="office、public、council"):
        audience_named(definitions, "press")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("press,release,", "在 audiences.csv 中没有这个代码"),
        ("public,secrets,", "只能是："),
    ],
)
def test_a_row_of_no_audience_or_no_mart_is_a_problem(row: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "audience_tables.csv").write_text(
        f"audience_code,table_name,withheld_columns\n{row}\n", encoding="utf-8"
    )
    [found] = check_definitions(Definitions.load(tmp_path))
    assert said in found.problem_zh
    assert found.table == "audience_tables"


def test_the_office_gets_every_mart_and_the_public_nothing_that_was_filed() -> None:
    audiences = audiences_of(Definitions.load())
    marts = {path.stem.removeprefix("dim_") for path in (SEEDS.parent / "marts").rglob("*.sql")}
    assert set(audiences["office"].tables) == marts
    told = set(audiences["public"].tables)
    assert not told & {
        "findings", "reporting_rates", "reconciliation", "unit_observations",
        "unit_observation_versions", "annual_adjustments", "unit_progress",
    }  # fmt: skip
    assert {"release", "plan_table", "city_indicators", "revisions"} < told


def test_the_rules_of_an_audience_are_in_its_digest() -> None:
    definitions = Definitions.load()
    tables = {name: definitions.table(name) for name in ("audiences", "audience_tables")}
    before = audience_named(Definitions(tables), "public").digest
    tables["audience_tables"] = tables["audience_tables"].filter(
        pl.col("table_name") != "unit_indicators"
    )
    assert audience_named(Definitions(tables), "public").digest != before
