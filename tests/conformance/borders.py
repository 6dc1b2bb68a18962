"""Traps of changed units, as it was and as it is: each kind of change in a small city of its own.

What the published city and unit indicators say stays as the period had it; the marts ending in
`_as_is` say the same in the units of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb

from tests.conformance.sums import near
from tests.conformance.worlds import POPULATION, Indicator, TrapWorld, at
from warehouse.queries.trace.leaves import Scope, terms_of

_MONTHS = ("2025-03-01", "2025-07-31")
_APRIL, _MAY, _JULY = "2025-04-01", "2025-05-01", "2025-07-01"


def _changed(
    world: TrapWorld, kind: str, day: str, old: str, new: str, share: str | None = "1"
) -> None:
    world.define("unit_changes", {
        "change_code": f"{old}-{new}", "change_kind": kind, "changed_on": day,
        "from_unit_code": old, "to_unit_code": new, "share": share,
    })  # fmt: skip


def _units_as_is(
    world: TrapWorld, indicator: str, period: str, view: str, *places: int
) -> dict[str, object]:
    cities = ", ".join(f"'{at(place)}'" for place in places)
    return dict(
        world.query(
            "select unit_code, value from marts.unit_indicators_as_is"
            f" where city_code in ({cities}) and indicator_code = '{indicator}'"
            f" and period_code = '{period}' and period_type = '{view}' order by unit_code"
        )
    )


def _as_is(
    world: TrapWorld, body: str, code: str, indicator: str, period: str, view: str
) -> dict[str, object]:
    return world.only(
        f"select * from marts.{body}_indicators_as_is where {body}_code = '{code}'"
        f" and indicator_code = '{indicator}' and period_code = '{period}'"
        f" and period_type = '{view}'"
    )


def _city_as_is(
    world: TrapWorld, indicator: str, place: int, period: str, view: str
) -> dict[str, object]:
    return _as_is(world, "city", at(place), indicator, period, view)


def _unit_as_is(
    world: TrapWorld, indicator: str, unit: str, period: str, view: str
) -> dict[str, object]:
    return _as_is(world, "unit", unit, indicator, period, view)


def _units_of(place: int, values: Mapping[int, object]) -> dict[str, object]:
    return {at(place, unit): value for unit, value in values.items()}


def t12_inside_rows(world: TrapWorld) -> None:
    # 1 is recoded to 2, which merges with 3 into 4; 5 is renamed; 6 splits into 7 and 8; a quarter
    # of 9 becomes 10; 11 is recoded to 12.
    world.city(112, 0)
    for unit, dates in {
        1: {"valid_to": _APRIL}, 2: {"valid_from": _APRIL, "valid_to": _JULY},
        3: {"valid_to": _JULY}, 4: {"valid_from": _JULY}, 5: {"valid_to": _APRIL},
        6: {"valid_to": _JULY}, 7: {"valid_from": _JULY}, 8: {"valid_from": _JULY}, 9: {},
        10: {"valid_from": _JULY}, 11: {"valid_to": _APRIL}, 12: {"valid_from": _APRIL},
    }.items():  # fmt: skip
        world.unit(112, unit, "county", **dates)
    world.unit(112, 5, "county", valid_from=_APRIL, unit_name_zh="新名区")
    for kind, day, old, new, share in (
        ("recode", _APRIL, 1, 2, "1"), ("merge", _JULY, 2, 4, "1"), ("merge", _JULY, 3, 4, "1"),
        ("rename", _APRIL, 5, 5, "1"), ("split", _JULY, 6, 7, "0.6"),
        ("split", _JULY, 6, 8, "0.4"), ("split", _JULY, 9, 9, "0.75"),
        ("split", _JULY, 9, 10, "0.25"), ("recode", _APRIL, 11, 12, "1"),
    ):  # fmt: skip
        _changed(world, kind, day, at(112, old), at(112, new), share)
    for form in ("M", "MS"):
        world.owes(112, "county", form, *_MONTHS)
    world.owes(112, "county", "QF", "2025-01-01", "2025-06-30")
    for unit, first, grants in (
        (1, 3, [10]), (2, 4, [11, 12, 13]), (3, 3, [1] * 4), (4, 7, [20]), (5, 3, [2] * 5),
        (6, 3, [7] * 4), (7, 7, [3]), (8, 7, [2]), (9, 3, [8] * 4 + [6]), (10, 7, [3]),
        (11, 3, [30]), (12, 4, [31] * 4),
    ):  # fmt: skip
        world.months(at(112, unit), "M", f"2025-0{first}", grants, "grants")
        world.months(at(112, unit), "MS", f"2025-0{first}", [10 * one for one in grants], "stock")
    for unit, quarter in ((1, 1), (2, 2), (3, 1), (3, 2), (5, 1), (5, 2), (11, 1), (12, 2)):
        world.file(at(112, unit), "QF", f"2025-Q{quarter}", {"firms": str(unit), "attended": "0"})
    for unit, people in ((2, 100000), (3, 50000), (4, 160000), (9, 80000), (12, 200000)):
        world.people(at(112, unit), 2023, "year_end", people, known="2024-04-30")
    world.define_indicator("GRANTS_PER_10K", Indicator({"grants": "1"}, POPULATION, "1", 2))
    world.people(at(112), 2023, "year_end", 1000000, known="2024-04-30")


def t12_rename_holds(world: TrapWorld) -> None:
    """A renamed unit has its past under its code and newest name, distinct counts included."""
    for period, firms in (("2025-Q1", 5), ("2025-Q2", 5)):
        row = _unit_as_is(world, "FIRMS", at(112, 5), period, "quarter")
        assert (row["value"], row["unit_name_zh"]) == (firms, "新名区")
    assert _unit_as_is(world, "GRANTS", at(112, 5), "2025", "year")["value"] == 10
    assert _unit_as_is(world, "GRANTS", at(112, 5), "2025-Q2", "quarter")["coverage_pct"] == 100


def t12_recode_holds(world: TrapWorld) -> None:
    """A recoded unit has all its past under today's code, what cannot be added included, over the
    people known under either code; as it was, the past stays under the old code."""
    assert _unit_as_is(world, "GRANTS", at(112, 12), "2025", "year")["value"] == 30 + 4 * 31
    assert _unit_as_is(world, "FIRMS", at(112, 12), "2025-Q1", "quarter")["value"] == 11
    march = _unit_as_is(world, "PER_10K", at(112, 12), "2025-03", "month")
    assert (march["value"], march["denominator"]) == (15, 20)
    assert march["change_codes"] == f"{at(112, 11)}-{at(112, 12)}"
    assert world.query(
        "select unit_code, value from marts.unit_indicators where indicator_code = 'GRANTS'"
        f" and period_code = '2025-03' and period_type = 'month' and unit_code = '{at(112, 11)}'"
    ) == [(at(112, 11), 30)]
    # The city of the chapter before: 1 became 2, and nothing else befell it.
    assert _units_as_is(world, "GRANTS", "2025-06", "month", 12) == _units_of(
        12, {2: 10, 5: 7, 6: 1}
    )


def t12_merge_holds(world: TrapWorld) -> None:
    """A merge adds flows and stocks, through a recode before it, divides afterwards, and says why
    where the people of a part are not known; distinct counts are not merged."""
    merged = at(112, 4)
    assert _unit_as_is(world, "GRANTS", merged, "2025-03", "month")["value"] == 11
    assert _unit_as_is(world, "GRANTS", merged, "2025-Q2", "quarter")["value"] == 39
    assert _unit_as_is(world, "GRANTS", merged, "2025", "year")["value"] == 10 + 36 + 4 + 20
    assert _unit_as_is(world, "STOCK", merged, "2025-06", "month")["value"] == 140
    ratio = _unit_as_is(world, "PER_10K", merged, "2025-06", "month")
    assert (ratio["numerator"], ratio["denominator"]) == (140, 15)
    assert ratio["value"] == near(140 / 15)
    today = _unit_as_is(world, "PER_10K", merged, "2025-07", "month")
    assert (today["numerator"], today["denominator"]) == (200, 16)
    # What ended within the year brings its grants to it, and its people to no later day.
    year = _unit_as_is(world, "GRANTS_PER_10K", merged, "2025", "year")
    assert (year["numerator"], year["denominator"]) == (70, 16)
    unknown = _unit_as_is(world, "PER_10K", merged, "2025-03", "month")
    assert (unknown["numerator"], unknown["value"]) == (110, None)
    assert "常住人口" in str(unknown["value_reason_zh"])
    distinct = _unit_as_is(world, "FIRMS", merged, "2025-Q2", "quarter")
    assert (distinct["value"], distinct["numerator"]) == (None, None)
    assert "不能合并" in str(distinct["value_reason_zh"])
    city = _city_as_is(world, "GRANTS", 12, "2025-06", "month")
    assert (city["value"], city["expected_units"], city["coverage_pct"]) == (18, 3, 100)


def t12_split_holds(world: TrapWorld) -> None:
    """A split gives each successor its share, decimals and all; a unit that goes on keeps its own
    share of each month before and all of each month after, in a year that holds both."""
    assert _units_as_is(world, "GRANTS", "2025-06", "month", 112) == {
        at(112, 4): 14, at(112, 5): 2, at(112, 7): near(4.2), at(112, 8): near(2.8),
        at(112, 9): 6, at(112, 10): 2, at(112, 12): 31,
    }  # fmt: skip
    for view, period in (("year", "2025"), ("ytd", "2025-07")):
        assert _unit_as_is(world, "GRANTS", at(112, 9), period, view)["value"] == 4 * 6 + 6
        assert _unit_as_is(world, "GRANTS", at(112, 10), period, view)["value"] == 4 * 2 + 3
    assert _unit_as_is(world, "STOCK", at(112, 9), "2025-06", "month")["value"] == 60
    assert _unit_as_is(world, "PER_10K", at(112, 10), "2025-06", "month")["denominator"] == 2
    # Nothing is lost: the city says the same as it was and as it is.
    differing = world.query(
        "select indicator_code, period_code, as_was.value, as_is.value"
        " from marts.city_indicators_as_is as as_is"
        " full join (select * from marts.city_indicators where plan_code is null) as as_was"
        " using (city_code, indicator_code, period_code, period_type)"
        f" where city_code = '{at(112)}' and as_was.value is distinct from as_is.value"
    )
    assert differing == []
    june = _city_as_is(world, "GRANTS", 112, "2025-06", "month")
    assert (june["value"], june["expected_units"], june["is_additive"]) == (62, 7, True)


def t12_undivided_rows(world: TrapWorld) -> None:
    # 1 splits into 2 and 3, and nobody knows how; 2 is recoded to 5 later. 4 stays as it was.
    world.city(212, 0)
    for unit, dates in {
        1: {"valid_to": _APRIL}, 2: {"valid_from": _APRIL, "valid_to": _JULY},
        3: {"valid_from": _APRIL}, 4: {}, 5: {"valid_from": _JULY},
    }.items():  # fmt: skip
        world.unit(212, unit, "county", **dates)
    for kind, day, old, new in (
        ("split", _APRIL, 1, 2), ("split", _APRIL, 1, 3), ("recode", _JULY, 2, 5),
    ):  # fmt: skip
        _changed(world, kind, day, at(212, old), at(212, new), None if kind == "split" else "1")
    world.owes(212, "county", "M", *_MONTHS)
    for unit, first, grants in (
        (1, 3, [9]), (2, 4, [4] * 3), (3, 4, [5] * 4), (4, 3, [1] * 5), (5, 7, [4]),
    ):  # fmt: skip
        world.months(at(212, unit), "M", f"2025-0{first}", grants, "grants")


def t12_undivided_holds(world: TrapWorld) -> None:
    """A split without shares leaves its successors without a figure, and says so; the city's total
    stands, and says that it is no sum of them."""
    assert _units_as_is(world, "GRANTS", "2025-03", "month", 212) == _units_of(
        212, {3: None, 4: 1, 5: None}
    )
    for unit in (3, 5):
        row = _unit_as_is(world, "GRANTS", at(212, unit), "2025-03", "month")
        assert "原单位不可分摊" in str(row["value_reason_zh"])
    city = _city_as_is(world, "GRANTS", 212, "2025-03", "month")
    assert (city["value"], city["coverage_pct"], city["is_additive"]) == (10, 100, False)
    assert world.city_value("GRANTS", 212, "2025-03", "month")["value"] == 10
    assert _units_as_is(world, "GRANTS", "2025-06", "month", 212) == _units_of(
        212, {3: 5, 4: 1, 5: 4}
    )
    assert _city_as_is(world, "GRANTS", 212, "2025-06", "month")["is_additive"] is True


def t12_transfer_rows(world: TrapWorld) -> None:
    # From one city to the other: 1 under a new code, 3 under its own, and a fifth of 2.
    for place in (312, 412):
        world.city(place, 0)
        for form in ("M", "MS"):
            world.owes(place, "county", form, "2025-06-01", "2025-07-31")
    world.unit(312, 1, "county", valid_to=_JULY)
    world.unit(312, 2, "county")
    world.unit(312, 3, "county", valid_to=_JULY)
    world.unit(312, 3, "county", valid_from=_JULY, city_code=at(412))
    world.unit(312, 50, "department")
    world.unit(412, 1, "county")
    world.unit(412, 9, "county", valid_from=_JULY)
    _changed(world, "transfer", _JULY, at(312, 1), at(412, 9))
    _changed(world, "transfer", _JULY, at(312, 3), at(312, 3))
    _changed(world, "transfer", _JULY, at(312, 2), at(412, 1), "0.2")
    for unit, month, grants, stock in (
        (at(312, 1), 6, 10, 10), (at(312, 2), 6, 5, 20), (at(312, 3), 6, 100, 30),
        (at(412, 1), 6, 7, 40), (at(312, 2), 7, 4, 16), (at(312, 3), 7, 101, 31),
        (at(412, 1), 7, 8, 44), (at(412, 9), 7, 11, 10),
    ):  # fmt: skip
        filed = f"2025-0{month}"
        world.file(unit, "M", filed, {"grants": str(grants)},
                   city=at(312) if month == 6 and unit[:4] == at(312)[:4] else None)  # fmt: skip
        world.file(unit, "MS", filed, {"stock": str(stock)})
    world.owes(312, "department", "A", "2024-01-01", "2024-12-31")
    world.file(at(312, 50), "A", "2024", {"closed": "8", "accepted": "10"})
    for unit, people in (
        (at(312, 1), 100000), (at(312, 2), 100000), (at(312, 3), 30000), (at(412, 1), 50000),
        (at(312), 230000), (at(412), 50000),
    ):  # fmt: skip
        world.people(unit, 2023, "year_end", people, known="2024-04-30")


def t12_transfer_holds(world: TrapWorld) -> None:
    """A unit's past goes with it to its present city as it is, and stays where it was filed as it
    was; the two cities together are the same. What only the former border knows has no figure."""
    for period, was in (("2025-06", (115, 7)), ("2025-07", (4, 120))):
        assert [
            world.city_value("GRANTS", place, period, "month")["value"] for place in (312, 412)
        ] == list(was)
    for period, view, now in (
        ("2025-06", "month", (4, 118)), ("2025-07", "month", (4, 120)),
        ("2025", "year", (8, 238)), ("2025-07", "ytd", (8, 238)),
    ):  # fmt: skip
        assert [
            _city_as_is(world, "GRANTS", place, period, view)["value"] for place in (312, 412)
        ] == list(now)
    assert _units_as_is(world, "GRANTS", "2025-06", "month", 312, 412) == {
        at(312, 2): 4, at(312, 3): 100, at(412, 1): 8, at(412, 9): 10,
    }  # fmt: skip
    # The people of a city with another border are those of its units.
    for place, numerator, people in ((312, 16, 8), (412, 84, 20)):
        row = _city_as_is(world, "PER_10K", place, "2025-06", "month")
        assert (row["numerator"], row["denominator"]) == (numerator, people)
        assert row["value"] == near(numerator / people)
    assert world.city_value("RATE", 312, "2024", "year")["value"] == 80
    former = _city_as_is(world, "RATE", 312, "2024", "year")
    assert (former["value"], former["numerator"]) == (None, None)
    assert "原区划" in str(former["value_reason_zh"])


def t12_bound_rows(world: TrapWorld) -> None:
    # The bodies of the city of the first chapter, of a whole year: 1 is recoded to 2 in July, 3 and
    # 4 merge into 5, 6 stays as it was.
    world.city(512, 0)
    for unit, dates in {
        1: {"valid_to": _JULY}, 2: {"valid_from": _JULY}, 3: {"valid_to": _JULY},
        4: {"valid_to": _JULY}, 5: {"valid_from": _JULY}, 6: {},
    }.items():  # fmt: skip
        world.unit(512, unit, "county", **dates)
    for kind, old, new in (("recode", 1, 2), ("merge", 3, 5), ("merge", 4, 5)):
        _changed(world, kind, _JULY, at(512, old), at(512, new))
    world.owes(512, "county", "M", "2025-01-01", "2025-12-31")
    for unit, first, grants in (
        (1, 1, [5, 1, 1, 1, 1, 1]), (3, 1, [1] * 6), (4, 1, [0] * 6),
        (2, 7, [6, 1, 1, 1, 1, 1]), (5, 7, [3, 1, 1, 1, 1, 1]), (6, 1, [1, 1, *[0] * 10]),
    ):  # fmt: skip
        world.months(at(512, unit), "M", f"2025-{first:02d}", grants, "grants")
    world.plan(512, "2025-01-01", "2025-12-31")
    world.target(512, "EACH", "GRANTS", "per_unit", 2025, "2")
    world.target(512, "NAMED", "GRANTS", "per_unit", 2025, "20",
                 bound_unit_codes=f"{at(512, 1)}|{at(512, 5)}")  # fmt: skip


def t12_bound_holds(world: TrapWorld) -> None:
    """A target that binds each unit binds those of the day its period ends: a recoded one is one
    body with the year of both its codes, named by either; what merged away binds nobody."""
    judged = (
        "select unit_code, actual_value, status_code, filed_unit_codes from marts.unit_progress"
        " where target_code = '512-{}' order by unit_code"
    )
    both = f"{at(512, 1)}|{at(512, 2)}"
    assert world.query(judged.format("EACH")) == [
        (at(512, 2), 21, "met", both), (at(512, 5), 8, "met", at(512, 5)),
        (at(512, 6), 2, "met", at(512, 6)),
    ]  # fmt: skip
    assert world.query(judged.format("NAMED")) == [
        (at(512, 2), 21, "met", both), (at(512, 5), 8, "not_met", at(512, 5)),
    ]  # fmt: skip
    table = world.query(
        "select actual_value, numerator, denominator, status_code from marts.plan_table"
        " where target_code = '512-EACH'"
    )
    assert table == [(2, 3, 3, "met")]
    year = Scope(at(512), date(2025, 1, 1), date(2025, 12, 31))
    with duckdb.connect(str(world.release_file), read_only=True) as connection:
        [term] = terms_of(
            connection, {"indicator_code": "GRANTS"}, year.of_unit(at(512, 2), both.split("|"))
        )
    assert [(one["unit_code"], one["value"], len(one["leaves"])) for one in term["units"]] == [
        (at(512, 2), 21, 12)
    ]


def t12_moved_rows(world: TrapWorld) -> None:
    # 2 moves from one city to the other in the middle of a quarter, and owes December.
    for place in (712, 812):
        world.city(place, 1)
        world.owes(place, "county", "M", "2025-01-01", "2025-12-31")
    world.unit(712, 2, "county", valid_to=_MAY)
    world.unit(712, 2, "county", valid_from=_MAY, city_code=at(812))
    _changed(world, "transfer", _MAY, at(712, 2), at(712, 2))
    world.months(at(712, 1), "M", "2025-01", [1] * 12, "grants")
    world.months(at(812, 1), "M", "2025-01", [2] * 12, "grants")
    for month in range(1, 12):
        moved, grants = (at(712), "10") if month < 5 else (at(812), "20")
        world.file(at(712, 2), "M", f"2025-{month:02d}", {"grants": grants}, city=moved)
    for place in (712, 812):
        world.plan(place, "2025-01-01", "2025-12-31")
        world.target(place, "EACH", "GRANTS", "per_unit", 2025, "1")


def t12_moved_holds(world: TrapWorld) -> None:
    """Of a unit that moves within a quarter, a half or a year either city has, as it was, the
    months in which it was its own, and owes no others; as it is, all of them are the new city's."""
    for period, view, old, new in (
        ("2025-Q1", "quarter", (33, 2, 2), (6, 1, 1)),
        ("2025-Q2", "quarter", (13, 2, 2), (46, 2, 2)),
        ("2025-Q3", "quarter", (3, 1, 1), (66, 2, 2)),
        ("2025-S1", "half", (46, 2, 2), (52, 2, 2)),
        ("2025-S2", "half", (6, 1, 1), (112, 2, 1)),
        ("2025", "year", (52, 2, 2), (164, 2, 1)),
        ("2025-06", "ytd", (46, 2, 2), (52, 2, 2)),
        ("2025-12", "ytd", (52, 2, 2), (164, 2, 1)),
    ):  # fmt: skip
        for place, expected in ((712, old), (812, new)):
            row = world.city_value("GRANTS", place, period, view)
            assert (row["numerator"], row["expected_units"], row["reported_units"]) == expected, (
                period, place
            )  # fmt: skip
    for period, view, old_sum, new_sum in (
        ("2025-Q2", "quarter", 3, 56), ("2025-S1", "half", 6, 92), ("2025-06", "ytd", 6, 92),
        ("2025", "year", 12, 204),
    ):  # fmt: skip
        for place, total in ((712, old_sum), (812, new_sum)):
            assert _city_as_is(world, "GRANTS", place, period, view)["numerator"] == total
    # Among the units it stands once, whole, and the cities are no sum of them.
    assert world.query(
        "select city_code, period_code, numerator from marts.unit_indicators"
        f" where unit_code = '{at(712, 2)}' and indicator_code = 'GRANTS'"
        " and period_type in ('quarter', 'year') order by period_code"
    ) == [
        (at(812), "2025", 180), (at(712), "2025-Q1", 30), (at(812), "2025-Q2", 50),
        (at(812), "2025-Q3", 60), (at(812), "2025-Q4", 40),
    ]  # fmt: skip
    assert world.city_value("GRANTS", 812, "2025-Q2", "quarter")["is_additive"] is False
    assert world.city_value("GRANTS", 812, "2025-Q3", "quarter")["is_additive"] is True
    # Only the city of the last day binds it, with all it filed.
    assert world.query(
        "select city_code, unit_code, actual_value, status_code from marts.unit_progress"
        " where target_code in ('712-EACH', '812-EACH') order by city_code, unit_code"
    ) == [
        (at(712), at(712, 1), 12, "met"), (at(812), at(712, 2), 180, "incomplete"),
        (at(812), at(812, 1), 24, "met"),
    ]  # fmt: skip
