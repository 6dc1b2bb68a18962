"""A city whose stock of inventions is counted from the registers of its counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.models.builders import problems
from tests.models.worlds import CITY, EAST, WEST, small_city

if TYPE_CHECKING:
    from tests.models.builders import Warehouse

REGISTER, PERIOD = "R1", "2025-Q4"
SHARED = "201710601862.3"
# number, kind, status, application date, emerging
FILED = {
    EAST: [
        (SHARED, "发明", "有效", "2017-07-21", "是"),
        ("1", "发明", "有效", "2015-12-30", None),
        ("2", "发明", "有效", "2015-12-31", None),
        ("3", "发明", "失效", "2010-01-01", "是"),
        ("4", "外观", "有效", "2020-01-01", None),
    ],
    WEST: [
        (SHARED, "发明", "有效", "2017-07-21", "是"),
        (None, "发明", "有效", "2020-01-01", None),
    ],
}
COLUMNS = ("number", "kind", "status", "applied", "emerging")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    world = small_city(tmp_path_factory.mktemp("registers"))
    of_register = {"form_code": REGISTER, "form_version": "1"}
    world.define("forms", {**of_register, "frequency": "quarter", "form_kind": "register",
                           "valid_from": "2020-01-01"})  # fmt: skip
    world.define("form_assignments", {"form_code": REGISTER, "unit_level": "county",
                                      "first_period_start": "2020-01-01"})  # fmt: skip
    world.define("registers", {**of_register, "semantics": "snapshot", "key_column": "number"})
    world.define("register_columns", *(
        {**of_register, "column_order": order, "column_code": code, "confidentiality_zh": "公开"}
        for order, code in enumerate(COLUMNS, start=1)
    ))  # fmt: skip
    world.define("elements", {"element_code": "worthy", "element_zh": "高价值", "kind": "stock",
                              "unit_zh": "件", "is_non_negative": "true"})  # fmt: skip
    valid = (("kind", "equals", "发明"), ("status", "equals", "有效"))
    for element in ("inventions", "worthy"):
        world.define("register_derivations", {**of_register, "element_code": element,
                                              "aggregation": "count_rows"})  # fmt: skip
        conditions = [(group, *one) for group, one in enumerate(valid, start=1)]
        if element == "worthy":
            conditions += [(3, "emerging", "is_yes", ""), (3, "applied", "older_than_years", "10")]
        world.define("register_conditions", *(
            {**of_register, "element_code": element, "condition_group": group,
             "column_code": column, "operator": operator, "operand": operand}
            for group, column, operator, operand in conditions
        ))  # fmt: skip
    world.define("sources_of_record", {"element_code": "inventions", "city_code": CITY,
                                       "source_kind": "register",
                                       "valid_from": "2025-10-01"})  # fmt: skip
    for unit, rows in FILED.items():
        submission = f"{unit}.{REGISTER}.{PERIOD}.v1"
        world.insert(
            "submissions", submission_id=submission, unit_code=unit, city_code=CITY,
            form_code=REGISTER, form_version="1", period_code=PERIOD, version=1,
            file_name="r.csv", received_at="2026-01-03 09:00:00",
            known_from="2026-01-03 09:00:00", state_code="accepted_city", is_nil_return=False,
            is_synthetic=True,
        )  # fmt: skip
        world.insert("submission_events", submission_id=submission, event_order=1,
                     to_state="accepted_city", author="system",
                     effective_at="2026-01-03 09:00:00")  # fmt: skip
        world.insert("register_files", submission_id=submission, form_code=REGISTER,
                     form_version="1", row_count=len(rows))  # fmt: skip
        for place, row in enumerate(rows):
            slots = {f"c{n:02d}": text for n, text in enumerate(row, start=1)}
            world.insert("register_rows", submission_id=submission, sheet="台账",
                         row_no=place + 5, **slots)  # fmt: skip
    result = world.build()
    assert problems(result) == []
    return world


def figures(city: Warehouse, element: str) -> dict[str, int]:
    return dict(city.private(
        "select area_code, cast(value as integer) from intermediate.int_register_figures"
        f" where element_code = '{element}'"
    ))  # fmt: skip


def test_a_row_counts_where_all_groups_of_conditions_hold(city: Warehouse) -> None:
    found = figures(city, "inventions")
    assert (found[EAST], found[WEST]) == (3, 2)


def test_two_reasons_count_once_and_ten_years_are_not_more_than_ten(city: Warehouse) -> None:
    # The shared one by its industry; of 2015-12-30 and 2015-12-31 only the first is over ten years.
    assert figures(city, "worthy")[EAST] == 2


def test_a_right_of_two_counties_counts_once_in_the_city(city: Warehouse) -> None:
    assert figures(city, "inventions")[CITY] == 4


def test_the_city_indicator_comes_from_the_register_where_that_is_declared(
    city: Warehouse,
) -> None:
    rows = city.query(
        "select distinct cast(value as integer), source_of_record, is_additive"
        " from marts.city_indicators as indicators"
        " inner join marts.indicator_terms as terms using (indicator_code)"
        " where terms.element_code = 'inventions' and terms.term_role = 'numerator'"
        f" and city_code = '{CITY}' and period_code = '{PERIOD}' and period_type = 'quarter'"
        " and not is_ratio"
    )
    assert rows == [(4, "register", False)]


def test_registers_stand_beside_the_forms_in_reconciliation(city: Warehouse) -> None:
    rows = city.query(
        "select area_code, cast(theirs as integer), authority_release_id"
        " from marts.reconciliation where element_code = 'inventions'"
        f" and authority_release_id = 'register:{REGISTER}' order by area_code"
    )
    release = f"register:{REGISTER}"
    assert rows == [(CITY, 4, release), (EAST, 3, release), (WEST, 2, release)]
