"""The published file as somebody meets it who did not build it: names, types, joins, plain sums."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.integration.conftest import Workspace

FACTS = (
    "plan_table", "plan_progress", "unit_progress", "city_indicators", "unit_indicators",
    "city_indicators_as_is", "unit_indicators_as_is", "unit_observations",
    "unit_observation_versions", "reconciliation", "reporting_rates",
)  # fmt: skip
DIMENSIONS = {
    "units": ("unit_code", "is_current"),
    "elements": ("element_code", "is_current"),
    "indicators": ("indicator_code", "is_current"),
    "plans": ("plan_code", "true"),
    "plan_targets": ("target_code", "true"),
    "periods": ("period_type, period_code", "true"),
}


@pytest.fixture(scope="module")
def marts(demo: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    path = str(demo.home / "published/ip_marts.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        yield connection


def names(marts: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    rows = marts.execute(
        "select distinct table_name from duckdb_columns() where schema_name = ? order by 1",
        [schema],
    ).fetchall()
    return [row[0] for row in rows]


def test_no_column_is_nested_or_bound_to_a_time_zone(marts: duckdb.DuckDBPyConnection) -> None:
    odd = marts.execute(
        """
        select schema_name, table_name, column_name, data_type from duckdb_columns()
        where schema_name in ('marts', 'marts_zh') and (
            data_type similar to '.*(STRUCT|MAP|UNION|VARIANT|TIME ZONE|\\[|BLOB|JSON).*'
            or (column_name similar to '.*(_start|_end|_on|valid_from|valid_to|as_of)'
                and data_type <> 'DATE'))
        """
    ).fetchall()
    assert odd == []


def test_names_are_ascii_in_one_schema_and_chinese_in_the_other(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for schema in ("marts", "marts_zh"):
        columns = marts.execute(
            "select table_name, column_name, comment from duckdb_columns() where schema_name = ?",
            [schema],
        ).fetchall()
        assert columns
        for table, column, comment in columns:
            assert comment, (table, column)
            assert column.isascii() is (schema == "marts"), (table, column)
            # PostgreSQL cuts a name after 63 bytes.
            assert len(column.encode()) <= 63, (table, column)


def test_the_dictionary_names_every_column_once_as_it_stands(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    said = marts.execute(
        "select table_name, column_name, not is_required, comment_zh from marts.data_dictionary"
    ).fetchall()
    stands = marts.execute(
        "select table_name, column_name, is_nullable, comment from duckdb_columns()"
        " where schema_name = 'marts'"
    ).fetchall()
    assert sorted(said) == sorted(stands)
    told = marts.execute(
        "select table_name, count(distinct column_zh) - count(*), count(distinct table_zh)"
        " from marts.data_dictionary group by 1"
    ).fetchall()
    assert [row for row in told if row[1:] != (0, 1)] == []
    assert (
        len({row[0] for row in told})
        == marts.execute("select count(distinct table_zh) from marts.data_dictionary").fetchall()[
            0
        ][0]
    )


def test_a_view_with_chinese_names_has_the_rows_of_its_mart(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    pairs = marts.execute(
        "select distinct table_name, table_zh from marts.data_dictionary"
    ).fetchall()
    assert sorted(table for table, _ in pairs) == names(marts, "marts")
    for table, view in pairs:
        both = (f'(select * from marts."{table}")', f'(select * from marts_zh."{view}")')
        for one, other in (both, both[::-1]):
            assert marts.execute(f"{one} except all {other} limit 1").fetchall() == [], table


def test_every_plan_has_its_own_table_with_its_years_side_by_side(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for plan, rows in marts.execute(
        "select plan_code, count(*) from marts.plan_table group by 1"
    ).fetchall():
        wide = marts.sql(f'select * from marts_zh."规划表_{plan}"')
        assert len(wide.fetchall()) == rows
        ends = marts.execute(
            "select target_order, actual_value from marts.plan_progress"
            " where plan_code = ? and tier = 'table' and period_end = date '2024-12-31'"
            " and actual_value is not null order by 1",
            [plan],
        ).fetchall()
        assert ends
        shown = marts.execute(
            f'select "序号", "2024年末实际值" from marts_zh."规划表_{plan}"'
            ' where "2024年末实际值" is not null order by 1'
        ).fetchall()
        assert shown == ends, plan


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_code_finds_one_row_of_its_dimension(
    marts: duckdb.DuckDBPyConnection, dimension: str
) -> None:
    code, current = DIMENSIONS[dimension]
    twice = marts.execute(
        f"select {code} from marts.{dimension} where {current} group by all having count(*) > 1"
    ).fetchall()
    assert twice == []
    keys = [name.strip() for name in code.split(",")]
    for table in FACTS:
        columns = {
            row[0]
            for row in marts.execute(
                "select column_name from duckdb_columns()"
                " where schema_name = 'marts' and table_name = ?",
                [table],
            ).fetchall()
        }
        if not columns.issuperset(keys):
            continue
        lost = marts.execute(
            f"select distinct {code} from marts.{table} as facts"
            f" where {keys[-1]} is not null and not exists ("
            f" select 1 from marts.{dimension} as dimension where {current} and "
            + " and ".join(f"dimension.{key} = facts.{key}" for key in keys)
            + ")"
        ).fetchall()
        assert lost == [], table


def additive_sums(marts: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Per additive city figure: its value and numerator beside the plain sums over the members."""
    return marts.execute(
        """
        with sums as (
            select city_code, indicator_code, period_type, period_code, plan_code,
                sum(value) as value, sum(numerator) as numerator
            from marts.unit_indicators
            where is_partition_member
            group by all
        )
        select cities.indicator_code, cities.city_code, cities.period_type, cities.period_code,
            cities.value, sums.value, cities.numerator, sums.numerator
        from marts.city_indicators as cities
        left join sums on cities.city_code = sums.city_code
            and cities.indicator_code = sums.indicator_code
            and cities.period_type = sums.period_type
            and cities.period_code = sums.period_code
            and cities.plan_code is not distinct from sums.plan_code
        where cities.is_additive
        """
    ).fetchall()


def test_a_plain_sum_over_members_is_the_city_of_every_additive_indicator(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    rows = additive_sums(marts)
    seen = {row[0] for row in rows if row[4] is not None}
    declared = {
        row[0]
        for row in marts.execute(
            "select indicator_code from marts.indicators where is_additive and not is_ratio"
            " and indicator_code in (select indicator_code from marts.unit_indicators"
            " where is_additive)"
        ).fetchall()
    }
    assert seen == declared
    assert len(seen) > 30
    for indicator, city, kind, period, value, total, numerator, exact in rows:
        where = (indicator, city, kind, period)
        assert exact == numerator, where
        assert total == (None if value is None else pytest.approx(value, rel=1e-12)), where


def test_a_figure_that_is_no_sum_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    wrong = marts.execute(
        """
        select indicator_code from marts.city_indicators
        where is_additive and (is_ratio or source_of_record <> 'sum_of_units')
        """
    ).fetchall()
    assert wrong == []
    untold = marts.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' and table_name in"
        " ('plan_table', 'plan_progress', 'city_indicators', 'unit_indicators',"
        " 'city_indicators_as_is', 'unit_indicators_as_is') and table_name not in ("
        " select table_name from marts.data_dictionary where column_name = 'is_additive')"
    ).fetchall()
    assert untold == []
