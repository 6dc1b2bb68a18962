"""Views with Chinese names over the marts of one release: `marts_zh`.

Who builds a page in FineBI or opens a table in Excel reads names, not comments. Every mart has a
view of the same grain and the same values, with a column of words appended for each that holds
codes; every plan one more, its own table with its years side by side. Names come from
`marts.data_dictionary`, which dbt writes from the models' properties, words from `marts.codelists`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

import duckdb

from warehouse.releases.code_words import (
    Words,
    commented,
    word_names,
    word_sql,
    words_of_release,
)
from warehouse.releases.digest import columns_of, mart_names
from warehouse.sql_text import literal, quoted

SCHEMA = "marts_zh"
DICTIONARY = "data_dictionary"
PLAN_VIEW = "规划表_"


@dataclass(frozen=True)
class Entry:
    """One column of a mart, as the dictionary tells it."""

    table_name: str
    table_zh: str
    table_comment_zh: str
    column_name: str
    column_zh: str
    comment_zh: str
    code_list: str | None


def dictionary(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    """The dictionary of an open release, table by table; empty where a release has none yet."""
    if DICTIONARY not in mart_names(connection):
        return []
    # A release made before there were code lists names none.
    code_list = "code_list" if "code_list" in columns_of(connection, DICTIONARY) else "null"
    rows = connection.execute(
        "select table_name, table_zh, table_comment_zh, column_name, column_zh, comment_zh,"
        f" {code_list} from marts.{DICTIONARY} order by table_name, column_order"
    ).fetchall()
    return [Entry(*row) for row in rows]


@dataclass(frozen=True)
class View:
    """A view with Chinese names."""

    name: str
    sql: str
    comment_zh: str
    column_comments: Mapping[str, str]


def create_chinese_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the views made in `marts_zh` of an open, writable release."""
    views = chinese_views(connection)
    if views:
        connection.execute(f"create schema if not exists {SCHEMA}")
    for view in views:
        for statement in statements(view, SCHEMA):
            connection.execute(statement)
    return [view.name for view in views]


def chinese_views(connection: duckdb.DuckDBPyConnection, marts: str = "marts") -> list[View]:
    """The views of a release: one per mart, one per plan. Their SQL is DuckDB's and PostgreSQL's.

    Args:
        connection: the release. A mart the dictionary knows but that is not there (a release made
            for one question) gets no view.
        marts: name of the schema that the views read.
    """
    entries = dictionary(connection)
    if not entries:
        return []
    standing = set(mart_names(connection))
    words = words_of_release(connection)
    views = [
        _mart_view(table, list(group), marts, words)
        for table, group in groupby(entries, key=attrgetter("table_name"))
        if table in standing
    ]
    if {"plans", "plan_table", "plan_progress"} <= standing:
        views += _plan_views(connection, marts, words)
    return views


def statements(view: View, schema: str) -> list[str]:
    """The statements that make a view with its comments."""
    name = f"{schema}.{quoted(view.name)}"
    return [
        f"create or replace view {name} as {view.sql}",
        f"comment on view {name} is {literal(view.comment_zh)}",
        *(
            f"comment on column {name}.{quoted(column)} is {literal(said)}"
            for column, said in view.column_comments.items()
        ),
    ]


def _mart_view(table: str, columns: Sequence[Entry], marts: str, words: Words) -> View:
    """The mart's own columns as they stand, then a column of words for each that holds codes."""
    listed = {one.column_zh: quoted(one.column_name) for one in columns}
    comments = {one.column_zh: one.comment_zh for one in columns}
    named = word_names({one.column_zh: one.code_list for one in columns})
    for one in columns:
        if one.code_list is not None and one.column_zh in named:
            name = named[one.column_zh]
            listed[name] = word_sql(quoted(one.column_name), one.code_list, words)
            comments[name] = commented(one.column_zh, words.get(one.code_list, {}))
    selected = ", ".join(f"{sql} as {quoted(name)}" for name, sql in listed.items())
    sql = f"select {selected} from {marts}.{quoted(table)}"
    return View(columns[0].table_zh, sql, columns[0].table_comment_zh, comments)


def _plan_views(connection: duckdb.DuckDBPyConnection, marts: str, words: Words) -> list[View]:
    plans = connection.execute(
        "select plan_code, plan_zh, table_title_zh, plan_start, plan_end, has_attribute_column"
        " from marts.plans order by plan_code"
    ).fetchall()
    views = []
    for plan_code, plan_zh, title, start, end, has_attribute in plans:
        years = _years(start, end)
        columns = _plan_columns(years, bool(has_attribute), words)
        listed = ",\n    ".join(f"{sql} as {quoted(name)}" for name, sql in columns.items())
        sql = _PLAN_SQL.format(
            listed=listed, years=_year_values(years), plan=literal(str(plan_code)), marts=marts
        )
        said = f"{plan_zh}：{title or '指标表'}，每项目标一行"
        comments = {name: _told_of(name) for name in columns}
        views.append(View(f"{PLAN_VIEW}{plan_code}", sql, said, comments))
    return views


_TOLD_OF: Mapping[str, str] = {
    "序号": "规划中的顺序",
    "类别": "规划所分的类别",
    "指标名称": "文件所印的指标",
    "单位": "文件所印的计量单位；基期值、目标值、实际值、应达值都用它",
    "基期年份": "基期",
    "基期值": "基期的值，按文件所印单位；文件未印的为基期年末实际值",
    "目标年份": "目标年份",
    "目标值": "文件所印的目标，原文",
    "指标属性": "预期性或约束性",
    "本期": "报告期代码，如 2025-Q4",
    "本期实际值": "本期的实际值，按文件所印单位；没有数的为空，不是零",
    "本期应达值": "按分年度路径到本期应达到的值，按文件所印单位",
    "完成率": "实际值与目标之比，单位为 %",
    "状态": "达标、未达标、进度正常、落后、未报齐、无数据、无法计算、未到期",
    "状态说明": "为何是这个状态",
    "报齐率": "已报单位占应报单位，单位为 %",
    "是否可加总": "真：各单位之和即全市；假：比率、位次、得分等",
    "是否含尚未验收的数": "真：含初步数",
    "是否为演示数据": "真：演示数据，非真实统计",
    "截至日期": "本次发布的截至日",
    "发布编号": "所属发布；被拦下的城市为沿用的那次发布",
}


def _told_of(column: str) -> str:
    """The comment of a column of a plan's own table, with its unit."""
    return _TOLD_OF.get(column) or f"{column}，按文件所印单位；没有数的为空，不是零"


_PLAN_SQL = """
select
    {listed}
from {marts}.plan_table as targets
left join (
    select target_code{years}
    from {marts}.plan_progress
    where plan_code = {plan}
    group by target_code
) as years on targets.target_code = years.target_code
where targets.plan_code = {plan}
order by targets.target_order
"""


def _years(start: date | None, end: date | None) -> range:
    """The years of a plan; none where the document names no beginning or end."""
    return range(start.year, end.year + 1) if start and end else range(0)


def _year_values(years: Iterable[int]) -> str:
    return "".join(
        f",\n        max(actual_value) filter (where period_end = date '{year}-12-31') as y{year}"
        for year in years
    )


def _plan_columns(years: Iterable[int], has_attribute: bool, words: Words) -> dict[str, str]:
    """Columns of a plan's own table, in the order documents have them: name to SQL."""
    columns = {
        "序号": "targets.target_order",
        "类别": "targets.category_zh",
        "指标名称": "targets.indicator_zh",
        "单位": "targets.unit_zh",
        "基期年份": "targets.baseline_year",
        "基期值": "targets.baseline_value",
        "目标年份": "targets.target_year",
        "目标值": "targets.target_printed",
    }
    if has_attribute:
        columns["指标属性"] = "targets.attribute_zh"
    columns |= {f"{year}年末实际值": f"years.y{year}" for year in years}
    return columns | {
        "本期": "targets.period_code",
        "本期实际值": "targets.actual_value",
        "本期应达值": "targets.expected_value",
        "完成率": "targets.completion_pct",
        "状态": word_sql("targets.status_code", "target_status", words),
        "状态说明": "targets.status_reason_zh",
        "报齐率": "targets.coverage_pct",
        "是否可加总": "targets.is_additive",
        "是否含尚未验收的数": "targets.is_provisional",
        "是否为演示数据": "targets.is_synthetic",
        "截至日期": "targets.as_of",
        "发布编号": "targets.release_id",
    }
