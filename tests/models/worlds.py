"""One invented city with everything small: two counties, a zone inside one, a department, a plan.

Its codes begin with zero on purpose: a code that becomes a number loses it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.models.builders import Warehouse

CITY, EAST, WEST, ZONE, OFFICE = "010100", "010101", "010102", "010171", "010100SJ"
OTHER_CITY = "010200"

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
QUARTERS = ["2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]


def define_bodies(world: Warehouse) -> None:
    world.define(
        "units",
        {
            "unit_code": CITY,
            "unit_name_zh": "甲市",
            "level": "city",
            "city_code": CITY,
            "is_partition_member": "false",
        },
        {
            "unit_code": OTHER_CITY,
            "unit_name_zh": "乙市",
            "level": "city",
            "city_code": OTHER_CITY,
            "is_partition_member": "false",
        },
        {
            "unit_code": EAST,
            "unit_name_zh": "东县",
            "level": "county",
            "city_code": CITY,
            "is_partition_member": "true",
        },
        {
            "unit_code": WEST,
            "unit_name_zh": "西县",
            "level": "county",
            "city_code": CITY,
            "is_partition_member": "true",
        },
        {
            "unit_code": ZONE,
            "unit_name_zh": "东县开发区",
            "level": "zone",
            "city_code": CITY,
            "host_unit_code": EAST,
            "zone_relation": "inside",
            "is_partition_member": "false",
        },
        {
            "unit_code": OFFICE,
            "unit_name_zh": "甲市知识产权局",
            "level": "department",
            "city_code": CITY,
            "is_partition_member": "true",
        },
    )
    world.define(
        "populations",
        {
            "area_code": CITY,
            "year": 2023,
            "population_kind": "year_end",
            "reference_date": "2023-12-31",
            "available_from": "2024-04-30",
            "resident_population": 200000,
        },
    )


def _define_forms(world: Warehouse) -> None:
    world.define(
        "elements",
        {
            "element_code": "grants",
            "element_zh": "授权量",
            "kind": "flow",
            "unit_zh": "件",
            "is_non_negative": "true",
        },
        {
            "element_code": "inventions",
            "element_zh": "有效量",
            "kind": "stock",
            "unit_zh": "件",
            "is_non_negative": "true",
        },
        {
            "element_code": "pledge",
            "element_zh": "质押金额",
            "kind": "flow",
            "unit_zh": "万元",
            "is_non_negative": "true",
        },
        {
            "element_code": "parks",
            "element_zh": "园区",
            "kind": "fact",
            "unit_zh": "个",
            "is_non_negative": "true",
        },
        {
            "element_code": "score",
            "element_zh": "满意度",
            "kind": "score",
            "unit_zh": "分",
            "is_non_negative": "true",
        },
        {
            "element_code": "audits",
            "element_zh": "检查次数",
            "kind": "flow",
            "unit_zh": "次",
            "is_non_negative": "true",
        },
        {
            "element_code": "posts",
            "element_zh": "工作站",
            "kind": "stock",
            "unit_zh": "个",
            "is_non_negative": "true",
            "carry_periods": 1,
        },
        {
            "element_code": "resident_population",
            "element_zh": "常住人口",
            "kind": "stock",
            "unit_zh": "人",
            "is_non_negative": "true",
        },
    )
    for code, frequency in (("M", "month"), ("Q", "quarter"), ("H", "half"), ("A", "year")):
        world.define(
            "forms",
            {
                "form_code": code,
                "form_version": "1",
                "form_zh": code,
                "frequency": frequency,
                "form_kind": "template",
                "valid_from": "2020-01-01",
            },
        )
    for form, row, element, factor in (
        ("M", "01", "grants", 1),
        ("Q", "01", "inventions", 1),
        ("Q", "02", "pledge", 1),
        ("H", "01", "audits", 1),
        ("H", "02", "posts", 1),
        ("A", "01", "parks", 1),
        ("A", "02", "score", 1),
    ):
        world.define(
            "form_elements",
            {
                "form_code": form,
                "form_version": "1",
                "row_code": row,
                "element_code": element,
                "value_column": "current",
                "unit_factor": factor,
                "is_required": "true",
            },
        )
    world.define(
        "form_assignments",
        {"form_code": "M", "unit_level": "county", "first_period_start": "2025-01-01"},
        {"form_code": "M", "unit_level": "zone", "first_period_start": "2025-01-01"},
        {"form_code": "Q", "unit_level": "county", "first_period_start": "2024-10-01"},
        {"form_code": "H", "unit_level": "county", "first_period_start": "2024-01-01"},
        {
            "form_code": "A",
            "city_code": CITY,
            "unit_level": "department",
            "unit_code": OFFICE,
            "first_period_start": "2025-01-01",
        },
    )


def _define_plan(world: Warehouse) -> None:
    for code, ratio, factor, decimals, additive in (
        ("GRANTS", "false", 1, 0, "true"),
        ("INVENTIONS", "false", 1, 0, "true"),
        ("PER_10K", "true", 1, 2, "false"),
        ("PLEDGE", "false", 1, 2, "true"),
        ("PARKS", "false", 1, 0, "true"),
        ("AUDITS", "false", 1, 0, "true"),
        ("POSTS", "false", 1, 0, "true"),
        ("SCORE", "false", 1, 2, "false"),
        ("RANK", "false", 1, 0, "false"),
    ):
        world.define(
            "indicators",
            {
                "indicator_code": code,
                "indicator_zh": code,
                "unit_zh": "件",
                "is_ratio": ratio,
                "factor": factor,
                "direction": "up",
                "decimals": decimals,
                "rounding_mode": "half_up",
                "publish_min_coverage_pct": 100,
                "denominator_vintage": "latest_published_by" if ratio == "true" else "",
                "is_additive": additive,
            },
        )
    for code, role, element, coefficient in (
        ("GRANTS", "numerator", "grants", 1),
        ("INVENTIONS", "numerator", "inventions", 1),
        ("PER_10K", "numerator", "inventions", 1),
        ("PER_10K", "denominator", "resident_population", "0.0001"),
        ("PLEDGE", "numerator", "pledge", 1),
        ("PARKS", "numerator", "parks", 1),
        ("AUDITS", "numerator", "audits", 1),
        ("POSTS", "numerator", "posts", 1),
        ("SCORE", "numerator", "score", 1),
    ):
        world.define(
            "indicator_terms",
            {
                "indicator_code": code,
                "term_role": role,
                "term_order": 1,
                "element_code": element,
                "coefficient": coefficient,
            },
        )
    world.define(
        "plans",
        {
            "plan_code": "jia",
            "city_code": CITY,
            "plan_zh": "甲市规划",
            "status_code": "issued",
            "plan_start": "2025-01-01",
            "plan_end": "2025-12-31",
        },
    )
    for order, (code, indicator, basis, low, factor, unit) in enumerate(
        (
            ("T1", "PER_10K", "level", "2", 1, "件"),
            ("T2", "GRANTS", "annual_flow", "100", 1, "件"),
            ("T3", "PLEDGE", "annual_flow", "3.17", 10000, "亿元"),
            ("T4", "PARKS", "cumulative", "1", 1, "个"),
            ("T5", "SCORE", "score", "80", 1, "分"),
            ("T6", "GRANTS", "per_unit", "36", 1, "件/县"),
            ("T7", "RANK", "rank", "", 1, ""),
            ("T8", "", "milestone", "1", 1, "个"),
        ),
        start=1,
    ):
        world.define(
            "plan_targets",
            {
                "target_code": code,
                "plan_code": "jia",
                "tier": "table",
                "target_order": order,
                "indicator_zh": code,
                "indicator_code": indicator,
                "unit_zh": unit,
                "unit_factor": factor,
                "basis": basis,
                "target_year": 2025,
                "comparator": ">=" if low else "",
                "target_low": low,
                "target_printed": low,
                "direction": "up",
                "is_aspiration": "false",
                "is_binding": "false",
            },
        )


def small_city(home: Path, *, east_in_june: str = "3") -> Warehouse:
    """The city with a year of filings: West never filed its August, the zone files beside East."""
    world = Warehouse(home, as_of=date(2026, 1, 31))
    define_bodies(world)
    _define_forms(world)
    _define_plan(world)
    for month in MONTHS:
        grants = east_in_june if month == "2025-06" else "3"
        world.file(EAST, "M", month, {"grants": grants}, received=f"{month}-20 10:00:00")
        world.file(ZONE, "M", month, {"grants": "2"}, received=f"{month}-20 10:00:00")
        if month != "2025-08":
            world.file(WEST, "M", month, {"grants": "4"}, received=f"{month}-20 10:00:00")
    for quarter in QUARTERS:
        world.file(EAST, "Q", quarter, {"inventions": "30", "pledge": "7925"})
        world.file(WEST, "Q", quarter, {"inventions": "10", "pledge": "0"})
    for half, audits, posts in (("2024-S1", 1, 5), ("2024-S2", 2, 6), ("2025-S1", 3, 7)):
        world.file(EAST, "H", half, {"audits": str(audits), "posts": str(posts)})
        world.file(WEST, "H", half, {"audits": "10", "posts": "20"})
    world.file(WEST, "H", "2025-S2", {"audits": "10", "posts": "20"})
    world.file(OFFICE, "A", "2025", {"parks": "1", "score": "80.5"})
    world.insert(
        "submissions",
        submission_id="RA.v1",
        unit_code="RA",
        city_code="RA",
        form_code="RA",
        form_version="1",
        period_code="2025",
        version=1,
        state_code="accepted_city",
        received_at="2026-01-16 09:00:00",
        known_from="2026-01-16 09:00:00",
        is_nil_return=False,
    )
    for area, name, element, period, theirs in (
        (CITY, "甲市", "grants", "2025-05", "7"),
        (CITY, "甲市", "grants", "2025-07", "8"),
        (CITY, "甲市", "grants", "2025-08", "7"),
        (OTHER_CITY, "乙市", "grants", "2025-05", "9"),
    ):
        world.insert(
            "authority_values",
            submission_id="RA.v1",
            authority_release_id="RA-1",
            published_on="2026-01-15",
            area_code=area,
            area_name_zh=name,
            element_code=element,
            period_code=period,
            period_type="month",
            value_text=theirs,
            is_derived=False,
        )
    world.insert(
        "findings",
        finding_id="f1",
        rule_id="V01",
        rule_version="1",
        severity_code="verify",
        submission_id=f"{EAST}.M.2025-01.v1",
        unit_code=EAST,
        form_code="M",
        period_code="2025-01",
        message_zh="波动较大",
        status_code="open",
    )
    return world
