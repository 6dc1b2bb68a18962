"""Words beside codes: every code said in a word, none lost, whatever a release was made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse.releases.chinese_views import create_chinese_views
from warehouse.releases.code_words import word_names, word_sql, words_of_release

DDL = """
create schema marts;
create table marts.facts (unit_code varchar, status_code varchar, obs_status varchar,
    unit_name_zh varchar);
create table marts.data_dictionary (table_name varchar, table_zh varchar, table_comment_zh varchar,
    column_name varchar, column_zh varchar, comment_zh varchar, column_order integer,
    code_list varchar);
insert into marts.data_dictionary values
    ('facts', '事实', '事实', 'unit_code', '单位代码', '代码', 1, null),
    ('facts', '事实', '事实', 'status_code', '状态代码', '状态', 2, 'target_status'),
    ('facts', '事实', '事实', 'obs_status', '数值状态', '数值状态', 3, 'obs_status'),
    ('facts', '事实', '事实', 'unit_name_zh', '单位名称', '名称', 4, null);
insert into marts.facts values ('150402', 'met', 'nil', '红山区'),
    ('150403', 'o''dd', null, '松山区'), ('150404', 'withheld', 'withheld', '元宝山区');
"""
LISTED = """
create table marts.codelists (code_list varchar, code varchar, code_order integer,
    label_zh varchar, meaning_zh varchar);
insert into marts.codelists values ('target_status', 'met', 2, '已达到''目标''', null),
    ('target_status', 'o''dd', 1, '奇"数"', null)
"""


@pytest.fixture
def release(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "ip_marts.duckdb")) as connection:
        connection.execute(DDL)
        yield connection


def facts(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[tuple[object, ...]]]:
    create_chinese_views(connection)
    shown = connection.execute('select * from marts_zh."事实" order by 1')
    names = [one[0] for one in shown.description or []]
    return names, shown.fetchall()


def test_words_stand_after_the_columns_of_the_mart_and_codes_stay(
    release: duckdb.DuckDBPyConnection,
) -> None:
    names, rows = facts(release)
    mart = ["单位代码", "状态代码", "数值状态", "单位名称"]
    assert names == [*mart, "状态名称", "数值状态名称"]
    assert rows == [
        ("150402", "met", "nil", "红山区", "达标", "零报告"),
        ("150403", "o'dd", None, "松山区", "o'dd", None),
        ("150404", "withheld", "withheld", "元宝山区", "不予公开", "不予公开"),
    ]


def test_a_release_is_read_in_its_own_words(release: duckdb.DuckDBPyConnection) -> None:
    release.execute(LISTED)
    _, rows = facts(release)
    assert [row[4] for row in rows] == ["已达到'目标'", '奇"数"', "withheld"]
    # A list it does not have is told in the project's words.
    assert rows[0][5] == "零报告"
    told = dict(
        release.execute(
            "select column_name, comment from duckdb_columns() where table_name = '事实'"
        ).fetchall()
    )
    assert told["状态名称"] == "“状态代码”的中文名称：奇\"数\"、已达到'目标'"


def test_a_release_made_before_there_were_code_lists_gets_no_words(
    release: duckdb.DuckDBPyConnection,
) -> None:
    release.execute("alter table marts.data_dictionary drop column code_list")
    names, _ = facts(release)
    assert names == ["单位代码", "状态代码", "数值状态", "单位名称"]


def test_a_column_that_is_named_already_is_not_named_twice() -> None:
    columns = {"单位代码": "unit_level", "单位名称": None, "级别": "unit_level"}
    assert word_names(columns) == {"级别": "级别名称"}


@pytest.mark.parametrize(
    ("code_list", "codes", "said"),
    [
        ("source_of_record", "sum_of_units", "各单位合计"),
        ("source_of_record", "sum_of_units+authority", "各单位合计、主管部门发布"),
        ("source_of_record", "authority+authority", "主管部门发布、主管部门发布"),
        ("source_of_record", "history+heard_of+register", "历史补录、heard_of、台账"),
        ("source_of_record", "", ""),
        ("source_of_record", None, None),
        ("population_vintage", "2020 census (2021-06-29)", "2020 人口普查 (2021-06-29)"),
        ("no_such_list", "a+b", "a+b"),
    ],
)
def test_several_codes_in_one_value_are_each_said(
    release: duckdb.DuckDBPyConnection, code_list: str, codes: str | None, said: str | None
) -> None:
    sql = word_sql("told.codes", code_list, words_of_release(release))
    shown = release.execute(f"select {sql} from (select $1::varchar as codes) as told", [codes])
    assert shown.fetchall() == [(said,)]
