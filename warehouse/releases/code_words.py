"""Words for the codes of a release, as SQL that DuckDB and PostgreSQL both read.

A release has its words in `marts.codelists`; one that was made without it, and a file whose readers
do not get it, are told the project's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from sources.codelists import CODELISTS
from warehouse.releases.digest import mart_names
from warehouse.sql_text import literal

CODELIST_TABLE = "codelists"
Words = Mapping[str, Mapping[str, str]]
"""Code list to code to word."""

SEVERAL: Mapping[str, tuple[str, str]] = {
    # A city figure whose parts come from several sources names each: sum_of_units+authority.
    "source_of_record": ("+", "、"),
    # Year, kind and day of publication of the population used: 2020 census (2021-06-29).
    "population_vintage": (" ", " "),
}
"""Lists of which one value may hold several codes: what stands between codes, and between words."""


def words_of_release(connection: duckdb.DuckDBPyConnection) -> Words:
    """The words of an open release, list by list, each in its order."""
    found: dict[str, dict[str, str]] = {
        name: {one.code: one.label_zh for one in codes} for name, codes in CODELISTS.items()
    }
    if CODELIST_TABLE in mart_names(connection):
        rows = connection.execute(
            f"select code_list, code, label_zh from marts.{CODELIST_TABLE}"
            " order by code_list, code_order, code"
        ).fetchall()
        for code_list in {str(row[0]) for row in rows}:
            found[code_list] = {}
        for code_list, code, label_zh in rows:
            found[str(code_list)][str(code)] = str(label_zh)
    return found


def word_sql(column: str, code_list: str, words: Words) -> str:
    """SQL that says a column's codes in words; a code without one shows itself.

    Args:
        column: the column, as SQL.
        code_list: the list it names.
        words: the words of the release.
    """
    known = words.get(code_list, {})
    other = column
    if code_list in SEVERAL:
        other = _each_of_several(column, known, *SEVERAL[code_list])
    cases = " ".join(f"when {literal(code)} then {literal(word)}" for code, word in known.items())
    return f"case {column} {cases} else {other} end" if cases else column


def _each_of_several(column: str, known: Mapping[str, str], between: str, shown: str) -> str:
    """Every code that stands between two marks is put into its word, whatever stands beside it."""
    told = f"{literal(between)} || replace({column}, {literal(between)}, {literal(between * 2)})"
    told = f"{told} || {literal(between)}"
    for code, word in known.items():
        marked = (literal(f"{between}{text}{between}") for text in (code, word))
        told = f"replace({told}, {', '.join(marked)})"
    told = f"trim(both {literal(between)} from {told})"
    return f"replace({told}, {literal(between * 2)}, {literal(shown)})"


def word_names(columns: Mapping[str, str | None]) -> dict[str, str]:
    """Name of the word column of each coded column, by the Chinese name of the column itself.

    单位代码 has 单位名称, 状态 has 状态名称. Where the mart has a column of that name already, the
    word stands there and no second one is made.

    Args:
        columns: Chinese name of each column of a mart, in order, with its code list if it has one.
    """
    named: dict[str, str] = {}
    taken = set(columns)
    for column, code_list in columns.items():
        name = column.removesuffix("代码") + "名称"
        if code_list is not None and name not in taken:
            named[column] = name
            taken.add(name)
    return named


def commented(column: str, known: Mapping[str, str], limit: int = 12) -> str:
    """The comment of a word column: which column it puts into words, and which words it may say."""
    told: Sequence[str] = list(known.values())[:limit]
    said = f"“{column}”的中文名称"
    return f"{said}：{'、'.join(told)}{'等' if len(known) > limit else ''}" if told else said
