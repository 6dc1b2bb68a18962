"""What can be wrong in the definition tables, found before a night runs on them.

What lives here: keys that dangle, words outside the closed lists, numbers and dates that cannot be
read, targets that cannot be judged. Rules of validation are checked by `expectations.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

import polars as pl

from sources.definitions import KEYS, Definitions

# column → the table and column its values come from ('|' inside a cell separates several)
REFERENCES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("units", "parent_code"): ("units", "unit_code"),
    ("units", "city_code"): ("units", "unit_code"),
    ("units", "host_unit_code"): ("units", "unit_code"),
    ("unit_changes", "to_unit_code"): ("units", "unit_code"),
    ("populations", "area_code"): ("units", "unit_code"),
    ("forms", "layout_code"): ("layouts", "layout_code"),
    ("forms", "calendar_code"): ("calendar", "calendar_code"),
    ("form_elements", "form_code"): ("forms", "form_code"),
    ("form_elements", "element_code"): ("elements", "element_code"),
    ("form_assignments", "form_code"): ("forms", "form_code"),
    ("form_assignments", "city_code"): ("units", "unit_code"),
    ("form_assignments", "unit_code"): ("units", "unit_code"),
    ("channels", "unit_code"): ("units", "unit_code"),
    ("indicator_terms", "indicator_code"): ("indicators", "indicator_code"),
    ("indicator_terms", "element_code"): ("elements", "element_code"),
    ("plans", "city_code"): ("units", "unit_code"),
    ("plan_targets", "plan_code"): ("plans", "plan_code"),
    ("plan_targets", "indicator_code"): ("indicators", "indicator_code"),
    ("plan_targets", "relative_indicator_code"): ("indicators", "indicator_code"),
    ("plan_targets", "restates_target_code"): ("plan_targets", "target_code"),
    ("plan_targets", "bound_unit_codes"): ("units", "unit_code"),
    ("plan_facts", "plan_code"): ("plans", "plan_code"),
    ("target_paths", "target_code"): ("plan_targets", "target_code"),
    ("authority_series", "form_code"): ("forms", "form_code"),
    ("authority_series", "element_code"): ("elements", "element_code"),
    ("acceptance_policies", "city_code"): ("units", "unit_code"),
    ("acceptance_policies", "form_code"): ("forms", "form_code"),
    ("plans", "supersedes_plan_code"): ("plans", "plan_code"),
    ("plans", "follows_plan_code"): ("plans", "plan_code"),
    ("sources_of_record", "element_code"): ("elements", "element_code"),
    ("sources_of_record", "city_code"): ("units", "unit_code"),
    ("target_links", "from_target_code"): ("plan_targets", "target_code"),
    ("target_links", "to_target_code"): ("plan_targets", "target_code"),
    ("publication_settings", "indicator_code"): ("indicators", "indicator_code"),
    ("publication_settings", "city_code"): ("units", "unit_code"),
}

CLOSED_LISTS: Mapping[tuple[str, str], frozenset[str]] = {
    ("units", "level"): frozenset({
        "region", "city", "county", "zone", "department", "group", "residual",
    }),
    ("units", "zone_relation"): frozenset({"inside", "carved_out", "spans"}),
    ("unit_changes", "change_kind"): frozenset({"rename", "recode", "split", "merge", "transfer"}),
    ("elements", "kind"): frozenset({
        "flow", "stock", "ytd", "cumulative", "rate", "score", "rank", "fact", "distinct",
    }),
    ("forms", "frequency"): frozenset({"month", "quarter", "half", "year"}),
    ("forms", "form_kind"): frozenset({"template", "authority", "history"}),
    ("layouts", "column_role"): frozenset({"item", "row_code", "unit", "value", "remark"}),
    ("calendar", "holiday_shift"): frozenset({"next_working_day", "none"}),
    ("indicators", "direction"): frozenset({"up", "down"}),
    ("indicators", "rounding_mode"): frozenset({"half_up", "truncate"}),
    ("indicator_terms", "term_role"): frozenset({"numerator", "denominator"}),
    ("plans", "status_code"): frozenset({"issued", "draft"}),
    ("plan_targets", "tier"): frozenset({"table", "commitment", "note"}),
    ("plan_targets", "basis"): frozenset({
        "level", "annual_flow", "cumulative", "maintain", "growth", "share", "score", "rank",
        "milestone", "per_unit",
    }),
    ("plan_targets", "comparator"): frozenset({">=", ">", "=", "range", "about", "relative"}),
    ("plan_targets", "direction"): frozenset({"up", "down"}),
    ("target_paths", "path_method"): frozenset({"cagr", "linear", "flat", "none", "yearly"}),
    ("acceptance_policies", "policy"): frozenset({"automatic", "manual"}),
    ("elements", "annual_precedence"): frozenset({"months", "annual"}),
    ("sources_of_record", "source_kind"): frozenset({
        "sum_of_units", "department", "authority", "register",
    }),
    ("definition_changes", "object_kind"): frozenset({"element", "indicator"}),
    ("definition_changes", "is_comparable"): frozenset({"true", "false"}),
    ("target_links", "link_kind"): frozenset({"same", "redefined", "dropped", "new"}),
    ("publication_settings", "rounding_mode"): frozenset({"half_up", "truncate"}),
}  # fmt: skip

MANDATORY: frozenset[tuple[str, str]] = frozenset({
    ("elements", "kind"), ("elements", "unit_zh"), ("indicators", "direction"),
    ("plan_targets", "direction"), ("plan_targets", "basis"), ("plan_targets", "quote"),
    ("plan_targets", "line"), ("plan_targets", "target_year"), ("units", "unit_name_zh"),
})  # fmt: skip

NUMBERS: frozenset[tuple[str, str]] = frozenset({
    ("populations", "resident_population"), ("form_elements", "unit_factor"),
    ("form_elements", "min_value"), ("form_elements", "max_value"), ("form_elements", "decimals"),
    ("indicators", "factor"), ("indicator_terms", "coefficient"),
    ("plan_targets", "target_low"), ("plan_targets", "target_high"),
    ("plan_targets", "baseline_value"), ("plan_targets", "unit_factor"),
    ("plan_targets", "tolerance_pct"), ("target_paths", "rate_pct"), ("unit_changes", "share"),
})  # fmt: skip

DATE_COLUMNS = frozenset({
    "valid_from", "valid_to", "available_from", "reference_date", "plan_start", "plan_end",
    "first_period_start", "last_period_end", "holiday_date", "changed_on",
})  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing wrong: the file, its line (the header is line 1), the column, and what it is."""

    table: str
    row: int
    column: str
    value: str | None
    problem_zh: str


def check_definitions(definitions: Definitions) -> list[Problem]:
    """Every problem of every table; an empty list when the definitions can stand."""
    found: list[Problem] = []
    for table in KEYS:
        frame = definitions.table(table)
        found += _double_keys(table, frame)
        for column in frame.columns:
            found += _column_problems(definitions, table, column, frame)
    found += _targets_without_judgement(definitions)
    found += _indicators_without_terms(definitions)
    return found


def _double_keys(table: str, frame: pl.DataFrame) -> Iterator[Problem]:
    doubled = frame.with_row_index("row", 2).filter(frame.select(KEYS[table]).is_duplicated())
    for row in doubled.iter_rows(named=True):
        key = "、".join(str(row[name]) for name in KEYS[table])
        yield Problem(table, row["row"], "、".join(KEYS[table]), key, "主键重复")


def _column_problems(
    definitions: Definitions, table: str, column: str, frame: pl.DataFrame
) -> Iterator[Problem]:
    place = (table, column)
    allowed = CLOSED_LISTS.get(place)
    target = REFERENCES.get(place)
    known = set(definitions.table(target[0])[target[1]]) if target else set()
    for row, value in enumerate(frame[column], start=2):
        if value is None:
            if place in MANDATORY:
                yield Problem(table, row, column, None, "不能为空")
            continue
        if allowed is not None and value not in allowed:
            yield Problem(table, row, column, value, f"只能是：{'、'.join(sorted(allowed))}")
        if target is not None:
            for part in value.split("|"):
                if part not in known:
                    yield Problem(table, row, column, part, f"在 {target[0]}.csv 中没有这个代码")
        if place in NUMBERS and not _is_number(value):
            yield Problem(table, row, column, value, "不是数（是否被表格软件改成了日期？）")
        if column in DATE_COLUMNS and not _is_date(value):
            yield Problem(table, row, column, value, "不是 YYYY-MM-DD 形式的日期")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _targets_without_judgement(definitions: Definitions) -> Iterator[Problem]:
    """Targets whose comparator lacks what it compares with, or whose indicator is not named."""
    for row, target in enumerate(definitions.table("plan_targets").iter_rows(named=True), start=2):
        comparator, basis = target["comparator"], target["basis"]
        if target["indicator_code"] is None and target["not_computable_reason_zh"] is None:
            yield Problem("plan_targets", row, "indicator_code", None, "没有指标，也没有说明原因")
        if comparator is None and basis != "rank":
            yield Problem("plan_targets", row, "comparator", None, "没有比较方式")
        if comparator == "relative" and target["relative_indicator_code"] is None:
            yield Problem("plan_targets", row, "relative_indicator_code", None, "没有比较对象")
        if comparator == "range" and target["target_high"] is None:
            yield Problem("plan_targets", row, "target_high", None, "区间没有上限")
        if comparator == "about" and target["tolerance_pct"] is None:
            yield Problem("plan_targets", row, "tolerance_pct", None, "“左右”没有容差")
        if comparator in {">=", ">", "=", "range", "about"} and target["target_low"] is None:
            yield Problem("plan_targets", row, "target_low", None, "没有目标值")


def _indicators_without_terms(definitions: Definitions) -> Iterator[Problem]:
    terms = definitions.table("indicator_terms")
    with_terms = set(terms["indicator_code"])
    divided = set(terms.filter(pl.col("term_role") == "denominator")["indicator_code"])
    for row, indicator in enumerate(definitions.table("indicators").iter_rows(named=True), start=2):
        code = indicator["indicator_code"]
        if (indicator["is_ratio"] == "true") != (code in divided):
            yield Problem("indicators", row, "is_ratio", code, "与 indicator_terms 中的分母不一致")
        # A rank is published, not computed; every other indicator needs a formula.
        if code not in with_terms and indicator["formula_zh"] != "由外部公布":
            yield Problem(
                "indicators", row, "indicator_code", code, "没有计算公式（indicator_terms）"
            )
