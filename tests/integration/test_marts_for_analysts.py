"""The published file as somebody meets it who did not build it: names, types, joins, plain sums."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import Workspace
from tests.integration.plain_sums import COLUMNS, additive_indicators, differing, question

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
        # Words for codes stand behind the columns of the mart.
        shown = ", ".join(
            f'"{name}"'
            for (name,) in marts.execute(
                "select column_zh from marts.data_dictionary where table_name = ?"
                " order by column_order",
                [table],
            ).fetchall()
        )
        both = (f'(select * from marts."{table}")', f'(select {shown} from marts_zh."{view}")')
        for one, other in (both, both[::-1]):
            assert marts.execute(f"{one} except all {other} limit 1").fetchall() == [], table


def test_every_column_of_codes_names_its_list_and_every_code_has_a_word(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    """A column of few short words in ASCII holds codes, whatever its name is."""
    columns = marts.execute(
        "select table_name, column_name, table_zh, column_zh, code_list from marts.data_dictionary"
        " where lower(data_type) = 'varchar' order by 1, 2"
    ).fetchall()
    listed = [row for row in columns if row[4] is not None]
    assert len(listed) > 50
    for table, column, view, column_zh, _ in listed:
        name = column_zh.removesuffix("代码") + "名称"
        unsaid = marts.execute(
            f'select distinct "{column_zh}", "{name}" from marts_zh."{view}"'
            f""" where "{column_zh}" is not null and regexp_matches("{name}", '[a-z]{{3,}}')"""
        ).fetchall()
        assert unsaid == [], (table, column)
    silent = []
    for table, column, *_, code_list in columns:
        few = marts.execute(
            f"select count(distinct {column}) between 1 and 20 and count(*) > 20"
            f" and bool_and(regexp_full_match({column}, '[a-z_+]{{2,}}')) from marts.{table}"
        ).fetchall()[0][0]
        if few and code_list is None:
            silent.append((table, column))
    assert silent == []


def test_a_code_finds_one_word_of_its_list(marts: duckdb.DuckDBPyConnection) -> None:
    """What `docs/marts.md` tells who joins words to codes."""
    joined = marts.sql(
        "select facts.target_code, codes.label_zh from marts.plan_table as facts"
        " left join marts.codelists as codes"
        " on codes.code_list = 'target_status' and codes.code = facts.status_code"
    ).fetchall()
    assert len(joined) == len(marts.sql("select * from marts.plan_table").fetchall())
    assert all(word for _, word in joined)


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


COLUMNS_OF = {
    "unit_indicators": COLUMNS,
    "city_indicators": [name for name in COLUMNS if name != "is_partition_member"],
}
DECLARED = """
    select indicator_code from marts.indicators where is_additive and not is_ratio
        and indicator_code in (select indicator_code from marts.unit_indicators where is_additive)
"""


def test_a_plain_sum_over_members_is_the_city_of_every_additive_indicator(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    rows = marts.execute(question()).fetchall()
    declared = {row[0] for row in marts.execute(DECLARED).fetchall()}
    assert additive_indicators(rows) == declared
    assert len(declared) > 30
    assert {row[2] for row in rows} >= {"month", "quarter", "half", "year", "ytd", "plan_to_date"}
    assert differing(rows) == []


def test_a_plain_sum_under_chinese_names_is_the_same(marts: duckdb.DuckDBPyConnection) -> None:
    told = marts.execute(
        "select table_name, column_name, column_zh, table_zh from marts.data_dictionary"
    ).fetchall()
    names = {(table, column): column_zh for table, column, column_zh, _ in told}
    views = {table: f'marts_zh."{table_zh}"' for table, _, _, table_zh in told}
    asked = question(views["unit_indicators"], views["city_indicators"], names)
    rows = marts.execute(asked).fetchall()
    assert len(rows) == len(marts.execute(question()).fetchall())
    assert differing(rows) == []


def test_a_member_s_figure_that_is_off_by_one_is_noticed(
    marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """What the tests above would say of a city that is not the sum of its members."""
    spoilt = str(tmp_path / "spoilt.duckdb")
    with duckdb.connect(spoilt) as copy:
        copy.execute("create schema marts")
        for table in ("unit_indicators", "city_indicators"):
            frame = marts.sql(f"select {', '.join(COLUMNS_OF[table])} from marts.{table}").pl()
            copy.register("frame", frame)
            copy.execute(f"create table marts.{table} as select * from frame")
        copy.execute(
            "update marts.unit_indicators set numerator = numerator + 1 where rowid = ("
            " select min(rowid) from marts.unit_indicators where is_partition_member"
            " and is_additive and numerator is not null)"
        )
        assert len(differing(copy.execute(question()).fetchall())) == 1


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
