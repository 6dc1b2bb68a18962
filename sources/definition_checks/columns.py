"""Checks of single columns: keys, closed lists, numbers, dates, and what spreadsheets spoil."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from sources.definition_checks.problem import Problem, problem
from sources.definitions import KEYS, SEEDS, Definitions
from sources.marks import KINDS

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
    ("registers", "form_code"): ("forms", "form_code"),
    ("register_columns", "form_code"): ("registers", "form_code"),
    ("register_derivations", "form_code"): ("registers", "form_code"),
    ("register_derivations", "element_code"): ("elements", "element_code"),
    ("register_conditions", "form_code"): ("registers", "form_code"),
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
    ("forms", "form_kind"): frozenset({"template", "authority", "history", "register"}),
    ("layouts", "column_role"): frozenset({
        "item", "row_code", "unit", "value", "previous", "last_year", "source", "remark",
    }),
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
    ("channels", "channel_kind"): frozenset({"inbox", "folder", "sftp", "imap"}),
    ("reading_marks", "mark_kind"): frozenset(KINDS),
    ("registers", "semantics"): frozenset({"snapshot", "events"}),
    ("registers", "is_unique_across_units"): frozenset({"true", "false"}),
    ("register_columns", "data_type"): frozenset({
        "text", "code", "flag", "date", "amount", "patent_number", "credit_code",
        "trademark_number",
    }),
    ("register_columns", "is_required"): frozenset({"true", "false"}),
    ("register_columns", "confidentiality_zh"): frozenset({"公开", "内部", "涉个人或企业"}),
    ("register_derivations", "aggregation"): frozenset({"count_rows", "count_distinct", "sum"}),
    ("register_conditions", "operator"): frozenset({
        "equals", "is_yes", "in_period", "by_period_end", "older_than_years",
    }),
    ("elements", "confidentiality_zh"): frozenset({"公开", "内部", "涉个人或企业"}),
}  # fmt: skip

MANDATORY: frozenset[tuple[str, str]] = frozenset({
    ("elements", "kind"), ("elements", "unit_zh"), ("indicators", "direction"),
    ("plan_targets", "direction"), ("plan_targets", "basis"), ("plan_targets", "quote"),
    ("plan_targets", "line"), ("units", "unit_name_zh"), ("channels", "channel_kind"),
    ("explanation_reasons", "reason_zh"),
    ("register_columns", "confidentiality_zh"), ("register_columns", "data_type"),
    ("registers", "key_column"),
})  # fmt: skip

NUMBERS: frozenset[tuple[str, str]] = frozenset({
    ("populations", "resident_population"), ("form_elements", "unit_factor"),
    ("form_elements", "min_value"), ("form_elements", "max_value"), ("form_elements", "decimals"),
    ("indicators", "factor"), ("indicator_terms", "coefficient"),
    ("plan_targets", "target_low"), ("plan_targets", "target_high"),
    ("plan_targets", "baseline_value"), ("plan_targets", "unit_factor"),
    ("plan_targets", "tolerance_pct"), ("target_paths", "rate_pct"), ("unit_changes", "share"),
    ("target_paths", "path_value"), ("publication_settings", "decimals"),
    ("publication_settings", "publish_min_coverage_pct"), ("registers", "max_rows"),
    ("registers", "max_file_mb"), ("register_columns", "column_order"),
    ("register_derivations", "unit_factor"), ("register_conditions", "condition_group"),
})  # fmt: skip

DATE_COLUMNS = frozenset({
    "valid_from", "valid_to", "available_from", "reference_date", "plan_start", "plan_end",
    "first_period_start", "last_period_end", "holiday_date", "changed_on",
})  # fmt: skip


# Codes are one namespace: an overlay may not use a code that names something else.
NAMED = (
    ("units", "unit_code"), ("elements", "element_code"), ("forms", "form_code"),
    ("indicators", "indicator_code"), ("plans", "plan_code"), ("plan_targets", "target_code"),
    ("rules", "rule_id"), ("layouts", "layout_code"),
)  # fmt: skip
_SPOILED_CODE = re.compile(r"\d+\.0|\d(\.\d+)?[eE]\+?\d+|\d{5}")
_SPOILED_RANGE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}.*|\d{1,2}月\d{1,2}日|4\d{4}")


def column_problems(definitions: Definitions) -> Iterator[Problem]:
    """Problems that one cell, or one key, shows by itself."""
    for table in KEYS:
        yield from _double_keys(definitions, table)
        for column in definitions.table(table).columns:
            yield from _of_column(definitions, table, column)
    yield from _codes_used_twice(definitions)


def _double_keys(definitions: Definitions, table: str) -> Iterator[Problem]:
    frame = definitions.table(table)
    doubled = frame.select(KEYS[table]).is_duplicated()
    for index, is_double in enumerate(doubled):
        if is_double:
            key = "、".join(str(frame[name][index]) for name in KEYS[table])
            yield problem(definitions, table, index, "、".join(KEYS[table]), key, "主键重复")


def _of_column(definitions: Definitions, table: str, column: str) -> Iterator[Problem]:
    place = (table, column)
    allowed = CLOSED_LISTS.get(place)
    target = REFERENCES.get(place)
    known = set(definitions.table(target[0])[target[1]]) if target else set()
    for index, value in enumerate(definitions.table(table)[column]):
        if value is None:
            if place in MANDATORY:
                yield problem(definitions, table, index, column, None, "不能为空")
            continue
        for said in _of_cell(place, value, allowed):
            yield problem(definitions, table, index, column, value, said)
        if target is not None:
            for part in value.split("|"):
                if part not in known:
                    said = f"在 {target[0]}.csv 中没有这个代码"
                    if _SPOILED_CODE.fullmatch(part):
                        said += "（是否被表格软件改写、丢了开头的 0？代码列请设为文本）"
                    yield problem(definitions, table, index, column, part, said)


def _of_cell(place: tuple[str, str], value: str, allowed: frozenset[str] | None) -> Iterator[str]:
    column = place[1]
    if allowed is not None and value not in allowed:
        yield f"只能是：{'、'.join(sorted(allowed))}"
    if place in NUMBERS and not _is_number(value):
        yield "不是数（是否被表格软件改成了日期？）"
    if column in DATE_COLUMNS and not _is_date(value):
        yield "不是 YYYY-MM-DD 形式的日期"
    if place == ("units", "unit_code") and _SPOILED_CODE.fullmatch(value):
        yield "单位代码被表格软件改写（丢了开头的 0、变成小数或科学计数），代码列请设为文本"
    if column == "target_printed" and _SPOILED_RANGE.fullmatch(value):
        yield "目标值像是被表格软件改成了日期（如 1~2 变成 1月2日），该列请设为文本"


def _codes_used_twice(definitions: Definitions) -> Iterator[Problem]:
    owners: dict[str, tuple[str, str, int]] = {}
    for table, column in NAMED:
        for index, code in enumerate(definitions.table(table)[column]):
            if code is None:
                continue
            own = (table, column, index)
            first = owners.setdefault(code, own)
            if first[0] == table:
                continue
            # Of the two, the user's row is the one to change, whichever table is read first.
            is_first_users = not _is_projects(definitions, first)
            wrong, right = (first, own) if is_first_users else (own, first)
            said = f"这个代码在 {right[0]}.csv 中另有所指，请换一个"
            yield problem(definitions, wrong[0], wrong[2], wrong[1], code, said)


def _is_projects(definitions: Definitions, row: tuple[str, str, int]) -> bool:
    """Whether a row is the project's own, not one of the folder laid over it."""
    return definitions.place(row[0], row[2])[0].startswith(str(SEEDS))


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
