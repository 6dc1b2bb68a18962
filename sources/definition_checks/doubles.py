"""Checks of what would be counted twice: terms, cells, forms, zones; and of two paths at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from sources.definition_checks.problem import Problem, is_projects, problem
from sources.definitions import Definitions, nearness

Row = Mapping[str, Any]
Numbered = list[tuple[int, Row]]
Span = tuple[str, str]
"""A first day and a last one, as texts that sort like days."""

_BEGINNING, _END = "0000-00-00", "9999-99-99"


def double_problems(definitions: Definitions) -> Iterator[Problem]:
    """Rows that are sound one by one and together count something twice."""
    yield from _terms_twice(definitions)
    yield from _cells_twice(definitions)
    yield from _owed_twice(definitions)
    yield from _zones_twice(definitions)
    yield from _two_paths(definitions)


def _grouped(definitions: Definitions, table: str, *key: str) -> Iterator[Numbered]:
    """Rows of a table that share a key, where more than one does."""
    found: dict[tuple[Any, ...], Numbered] = {}
    for index, row in enumerate(definitions.table(table).iter_rows(named=True)):
        found.setdefault(tuple(row[name] for name in key), []).append((index, row))
    for rows in found.values():
        if len(rows) > 1:
            yield rows


def _beside(
    definitions: Definitions, table: str, column: str, said: str, first: int, second: int
) -> Problem:
    """The problem of two rows, told at the user's row, which is the one to change."""
    is_second_projects = is_projects(definitions, table, second)
    is_first_users = is_second_projects and not is_projects(definitions, table, first)
    wrong, right = (first, second) if is_first_users else (second, first)
    file, line = definitions.place(table, right)
    value = definitions.table(table)[column][wrong]
    return problem(definitions, table, wrong, column, value, f"{said}（见 {file} 第 {line} 行）")


def _spell(row: Row) -> Span:
    return (row["valid_from"] or _BEGINNING, row["valid_to"] or _END)


def _meet(one: Span, other: Span) -> bool:
    """Whether two spells, each without its end, have a day in common."""
    return max(one[0], other[0]) < min(one[1], other[1])


def _terms_twice(definitions: Definitions) -> Iterator[Problem]:
    key = ("indicator_code", "term_role", "element_code")
    said = "同一指标里这个数据元已有一项，会重复计算"
    for rows in _grouped(definitions, "indicator_terms", *key):
        for (first, one), (second, other) in combinations(rows, 2):
            if one["term_order"] != other["term_order"] and _meet(_spell(one), _spell(other)):
                yield _beside(definitions, "indicator_terms", "element_code", said, first, second)


def _cells_twice(definitions: Definitions) -> Iterator[Problem]:
    said = "同一张表里这个数据元填了两处，会重复计算"
    for rows in _grouped(definitions, "form_elements", "form_code", "form_version", "element_code"):
        for second, _ in rows[1:]:
            yield _beside(definitions, "form_elements", "element_code", said, rows[0][0], second)


def _owed_twice(definitions: Definitions) -> Iterator[Problem]:
    """One element that a unit has to file in two forms of the same frequency."""
    versions: dict[tuple[str, str], list[tuple[str, Span]]] = {}
    for form in definitions.table("forms").iter_rows(named=True):
        if form["form_kind"] == "template":
            version = (form["form_code"], form["form_version"])
            versions.setdefault(version, []).append((form["frequency"], _spell(form)))
    filers: dict[str, Mapping[str, list[Span]]] = {}
    for rows in _grouped(definitions, "form_elements", "element_code"):
        for (first, one), (second, other) in combinations(rows, 2):
            forms = (one["form_code"], other["form_code"])
            if forms[0] == forms[1] or not any(
                frequency == other_frequency and _meet(spell, other_spell)
                for frequency, spell in versions.get((forms[0], one["form_version"]), ())
                for other_frequency, other_spell in versions.get(
                    (forms[1], other["form_version"]), ()
                )
            ):
                continue
            for form_code in forms:
                if form_code not in filers:
                    filers[form_code] = _filers(definitions, form_code)
            if shared := _shared(filers[forms[0]], filers[forms[1]]):
                said = f"报表 {forms[0]}、{forms[1]} 频率相同，{shared} 两张都报，会重复计算"
                yield _beside(definitions, "form_elements", "element_code", said, first, second)


def _filers(definitions: Definitions, form_code: str) -> Mapping[str, list[Span]]:
    """The units that owe a form, with the spans of their periods; what is nearest holds."""
    fitting: dict[str, list[Row]] = {}
    for row in definitions.table("form_assignments").iter_rows(named=True):
        if row["form_code"] == form_code:
            for unit in definitions.assigned_to(row):
                fitting.setdefault(unit.unit_code, []).append(row)
    found: dict[str, list[Span]] = {}
    for unit_code, rows in fitting.items():
        nearest = max(nearness(row) for row in rows)
        for said in rows:
            if said["first_period_start"] and nearness(said) == nearest:
                span = (said["first_period_start"], said["last_period_end"] or _END)
                found.setdefault(unit_code, []).append(span)
    return found


def _shared(one: Mapping[str, list[Span]], other: Mapping[str, list[Span]]) -> str | None:
    """A unit that owes both forms for a period in common."""
    for unit_code, spans in one.items():
        if _any_meet(spans, other.get(unit_code, ())):
            return unit_code
    return None


def _any_meet(some: Iterable[Span], others: Iterable[Span]) -> bool:
    others = list(others)
    return any(max(one[0], other[0]) <= min(one[1], other[1]) for one in some for other in others)


def _zones_twice(definitions: Definitions) -> Iterator[Problem]:
    """A zone whose figures are in those of its host, both being summed."""
    members: dict[str, list[Row]] = {}
    rows: Numbered = list(enumerate(definitions.table("units").iter_rows(named=True)))
    for _, unit in rows:
        if unit["is_partition_member"] == "true":
            members.setdefault(unit["unit_code"], []).append(unit)
    for index, unit in rows:
        if unit["zone_relation"] != "inside" or unit["is_partition_member"] != "true":
            continue
        for host in members.get(unit["host_unit_code"], ()):
            if _meet(_spell(unit), _spell(host)):
                said = f"在 {host['unit_code']} 之内，它的数已含在其中，两者都参加合计会重复"
                yield problem(definitions, "units", index, "is_partition_member", "true", said)
                break


def _two_paths(definitions: Definitions) -> Iterator[Problem]:
    said = "一个目标只能有一种路径；要改自带的那一行，请写一行 path_year 相同（或同为空）的"
    for rows in _grouped(definitions, "target_paths", "target_code"):
        first, one = rows[0]
        for second, other in rows[1:]:
            if one["path_method"] != other["path_method"]:
                yield _beside(definitions, "target_paths", "path_method", said, first, second)
