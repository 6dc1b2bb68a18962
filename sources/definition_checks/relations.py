"""Checks of rows beside one another: spells, parents, shares, formulas, rules, successors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from sources.codelists import CODELISTS
from sources.definition_checks.changes import change_problems
from sources.definition_checks.grammar import number
from sources.definition_checks.problem import Problem, problem
from sources.definitions import KEYS, Definitions

Row = Mapping[str, Any]

# Tables whose rows of one thing follow one another in time.
SPELLS: Mapping[str, tuple[str, ...]] = {
    "units": ("unit_code",),
    "forms": ("form_code",),
    "indicator_terms": ("indicator_code", "term_role", "term_order"),
    "calendar": ("calendar_code", "city_code"),
    "sources_of_record": ("element_code", "city_code"),
    "acceptance_policies": ("city_code", "form_code"),
    "rules": ("rule_id",),
}
# Columns of a first and a last day, the last one included.
SPANS = (
    ("plans", "plan_start", "plan_end"),
    ("form_assignments", "first_period_start", "last_period_end"),
)
_BEGINNING, _END = "0000-00-00", "9999-99-99"


def relation_problems(definitions: Definitions) -> Iterator[Problem]:
    """Problems that only show when rows are read together."""
    for table, key in SPELLS.items():
        yield from _overlapping(definitions, table, key)
    yield from _empty_spells(definitions)
    yield from change_problems(definitions)
    yield from _formulas(definitions)
    yield from _rules_that_never_fire(definitions)
    yield from _successors(definitions)
    yield from _authorities(definitions)
    yield from _words_of_codes(definitions)


def numbered(definitions: Definitions, table: str) -> list[tuple[int, Row]]:
    """Rows of a table with their place in it."""
    return list(enumerate(definitions.table(table).iter_rows(named=True)))


def _words_of_codes(definitions: Definitions) -> Iterator[Problem]:
    """Commands and desk know the project's own words: a mart must not say others."""
    known = {(name, one.code): one for name, codes in CODELISTS.items() for one in codes}
    for index, row in numbered(definitions, "codelists"):
        own = known.get((row["code_list"], row["code"]))
        column, word = "label_zh", own.label_zh if own else None
        if own is not None and row["label_zh"] == word:
            column, word = "meaning_zh", own.meaning_zh or None
        if own is None or row[column] != word:
            said = f"只能是“{word or ''}”" if own else "没有这个代码"
            said = f"代码的名称随软件发布，定义文件夹不能增改（{said}），请删去本行"
            yield problem(definitions, "codelists", index, column, row[column], said)


def _overlapping(definitions: Definitions, table: str, key: tuple[str, ...]) -> Iterator[Problem]:
    spells: dict[tuple[Any, ...], list[tuple[int, Row]]] = {}
    for index, row in numbered(definitions, table):
        spells.setdefault(tuple(row[name] for name in key), []).append((index, row))
    for rows in spells.values():
        rows.sort(key=lambda entry: entry[1]["valid_from"] or _BEGINNING)
        for (earlier, first), (later, second) in pairwise(rows):
            if (first["valid_to"] or _END) <= (second["valid_from"] or _BEGINNING):
                continue
            said = "有效期与{}第 {} 行重叠，请给前一行填 valid_to".format(
                *definitions.place(table, earlier)
            )
            if table == "units" and first["parent_code"] != second["parent_code"]:
                said = (
                    f"同一天有两个上级（{first['parent_code']}、{second['parent_code']}）；{said}"
                )
            yield problem(definitions, table, later, "valid_from", second["valid_from"], said)


def _empty_spells(definitions: Definitions) -> Iterator[Problem]:
    for table in KEYS:
        if "valid_to" not in definitions.table(table).columns:
            continue
        for index, row in numbered(definitions, table):
            if row["valid_to"] and (row["valid_from"] or _BEGINNING) >= row["valid_to"]:
                said = "有效期为空：止于起始之前或当日"
                yield problem(definitions, table, index, "valid_to", row["valid_to"], said)
    for table, begins, ends in SPANS:
        for index, row in numbered(definitions, table):
            if row[begins] and row[ends] and row[ends] < row[begins]:
                yield problem(definitions, table, index, ends, row[ends], f"早于 {begins}")


def _formulas(definitions: Definitions) -> Iterator[Problem]:
    terms = list(definitions.table("indicator_terms").iter_rows(named=True))
    with_terms = {row["indicator_code"] for row in terms}
    divided = {row["indicator_code"] for row in terms if row["term_role"] == "denominator"}
    for index, row in numbered(definitions, "indicator_terms"):
        # A coefficient that is no number is told by the check of its column.
        if row["coefficient"] is None or number(row["coefficient"]) == 0:
            side = "分母" if row["term_role"] == "denominator" else "该项"
            said = f"系数为零或空，{side}恒为零"
            yield problem(
                definitions, "indicator_terms", index, "coefficient", row["coefficient"], said
            )
    for index, indicator in numbered(definitions, "indicators"):
        code = indicator["indicator_code"]
        if (indicator["is_ratio"] == "true") != (code in divided):
            said = "与 indicator_terms 中的分母不一致：比率须有分母，非比率不得有"
            yield problem(definitions, "indicators", index, "is_ratio", code, said)
        if indicator["is_ratio"] == "true" and indicator["factor"] is None:
            said = "比率没有倍数（百分比填 100，每万人一类填 1）"
            yield problem(definitions, "indicators", index, "factor", None, said)
        # A rank is published, not computed; every other indicator needs a formula.
        if code not in with_terms and indicator["formula_zh"] != "由外部公布":
            said = "没有计算公式（indicator_terms）"
            yield problem(definitions, "indicators", index, "indicator_code", code, said)


def _rules_that_never_fire(definitions: Definitions) -> Iterator[Problem]:
    elements = set(definitions.table("elements")["element_code"])
    asked = {
        (row["form_code"], row["element_code"])
        for row in definitions.table("form_elements").iter_rows(named=True)
    }
    anywhere = {element for _, element in asked}
    for index, rule in numbered(definitions, "rules"):
        element, form = rule["target_element"], rule["form_code"]
        if rule["stage"] != "expectation" or element not in elements:
            continue
        is_asked = (form, element) in asked if form else element in anywhere
        if not is_asked:
            where = f"报表 {form}" if form else "任何报表"
            said = f"永远不会触发：{where}没有这个数据元"
            yield problem(definitions, "rules", index, "target_element", element, said)


def _successors(definitions: Definitions) -> Iterator[Problem]:
    plans = {row["plan_code"]: row for row in definitions.table("plans").iter_rows(named=True)}
    for index, plan in numbered(definitions, "plans"):
        for column in ("supersedes_plan_code", "follows_plan_code"):
            other = plan[column]
            if other not in plans:
                continue
            if plans[other]["city_code"] != plan["city_code"]:
                said = "前后两个规划不是同一个城市的"
                yield problem(definitions, "plans", index, column, other, said)
            seen, code = {plan["plan_code"]}, other
            while code in plans and code not in seen:
                seen.add(code)
                code = plans[code][column]
            if code in seen:
                said = "规划首尾相接成环"
                yield problem(definitions, "plans", index, column, other, said)


def _authorities(definitions: Definitions) -> Iterator[Problem]:
    told = set(definitions.table("authority_series")["element_code"])
    for index, row in numbered(definitions, "sources_of_record"):
        element = row["element_code"]
        if row["source_kind"] == "authority" and element is not None and element not in told:
            said = f"没有发布机构的系列（authority_series）给出数据元 {element}"
            yield problem(definitions, "sources_of_record", index, "source_kind", "authority", said)
