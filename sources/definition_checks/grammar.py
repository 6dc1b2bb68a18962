"""What a single cell may say: closed words, truth values, numbers, dates, clean codes.

The same grammar holds for Python and SQL, which read odd spellings differently: `1_0` is ten to
one of them and an error to the other. So only one spelling of each value is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from sources.codelists import CODELISTS
from sources.definition_files import SEEDS
from sources.marks import KINDS

_TRUTHS = frozenset({"true", "false"})
_VINTAGES = frozenset({
    "latest_published_by", "previous_year_end", "same_date_year_end", "census",
})  # fmt: skip
_LEVELS = frozenset({"region", "city", "county", "zone", "department", "group", "residual"})
_FREQUENCIES = frozenset({"month", "quarter", "half", "year"})
_ROUNDINGS = frozenset({"half_up", "truncate"})
_DIRECTIONS = frozenset({"up", "down"})
_CONFIDENTIALITY = frozenset({"公开", "内部", "涉个人或企业"})
# A mart has the name of its model's file.
_MARTS = frozenset(
    path.stem.removeprefix("dim_") for path in (SEEDS.parent / "marts").rglob("*.sql")
)

CLOSED_LISTS: Mapping[tuple[str, str], frozenset[str]] = {
    ("units", "level"): _LEVELS,
    ("units", "zone_relation"): frozenset({"inside", "carved_out", "spans"}),
    ("unit_changes", "change_kind"): frozenset({"rename", "recode", "split", "merge", "transfer"}),
    ("populations", "population_kind"): frozenset({"year_end", "census"}),
    ("elements", "kind"): frozenset({
        "flow", "stock", "ytd", "cumulative", "rate", "score", "rank", "fact", "distinct",
    }),
    ("elements", "confidentiality_zh"): _CONFIDENTIALITY,
    ("elements", "annual_precedence"): frozenset({"months", "annual"}),
    ("forms", "frequency"): _FREQUENCIES,
    ("forms", "form_kind"): frozenset({"template", "authority", "history", "register"}),
    ("form_assignments", "unit_level"): _LEVELS,
    ("plan_columns", "field_name"): frozenset({
        "target_order", "category_zh", "indicator_zh", "unit_zh", "baseline_printed",
        "target_printed", "attribute_zh", "remark_zh",
    }),
    ("plan_columns", "brackets"): frozenset({"（）", "()"}),
    ("layouts", "column_role"): frozenset({
        "item", "row_code", "unit", "value", "share", "previous", "last_year", "source", "remark",
    }),
    ("calendar", "frequency"): _FREQUENCIES,
    ("calendar", "holiday_shift"): frozenset({"next_working_day", "none"}),
    ("channels", "channel_kind"): frozenset({"inbox", "folder", "sftp", "imap"}),
    ("indicators", "direction"): _DIRECTIONS,
    ("indicators", "rounding_mode"): _ROUNDINGS,
    ("indicators", "denominator_vintage"): _VINTAGES,
    ("indicator_terms", "term_role"): frozenset({"numerator", "denominator"}),
    ("plans", "status_code"): frozenset({"issued", "draft"}),
    ("plan_targets", "tier"): frozenset({"table", "commitment", "note"}),
    ("plan_targets", "basis"): frozenset({
        "level", "annual_flow", "cumulative", "maintain", "growth", "share", "score", "rank",
        "milestone", "per_unit",
    }),
    ("plan_targets", "comparator"): frozenset({">=", ">", "=", "range", "about", "relative"}),
    ("plan_targets", "direction"): _DIRECTIONS,
    ("plan_targets", "source_of_record"): frozenset({
        "sum_of_units", "department", "authority", "register", "none",
    }),
    ("target_paths", "path_method"): frozenset({"cagr", "linear", "flat", "none", "yearly"}),
    ("target_links", "link_kind"): frozenset({"same", "redefined", "dropped", "new"}),
    ("authority_series", "period_type"): _FREQUENCIES,
    ("acceptance_policies", "policy"): frozenset({"automatic", "manual"}),
    ("acceptance_policies", "corrections"): frozenset({"allowed", "off"}),
    ("sources_of_record", "source_kind"): frozenset({
        "sum_of_units", "department", "authority", "register",
    }),
    ("definition_changes", "object_kind"): frozenset({"element", "indicator"}),
    ("definition_changes", "is_comparable"): _TRUTHS,
    ("publication_settings", "rounding_mode"): _ROUNDINGS,
    ("publication_settings", "denominator_vintage"): _VINTAGES,
    ("reading_marks", "mark_kind"): frozenset(KINDS),
    ("codelists", "code_list"): frozenset(CODELISTS),
    ("audiences", "highest_class_zh"): _CONFIDENTIALITY,
    ("audience_tables", "table_name"): _MARTS,
    ("registers", "semantics"): frozenset({"snapshot", "events"}),
    ("register_columns", "data_type"): frozenset({
        "text", "code", "flag", "date", "amount", "patent_number", "credit_code",
        "trademark_number",
    }),
    ("register_columns", "confidentiality_zh"): _CONFIDENTIALITY,
    ("register_derivations", "aggregation"): frozenset({"count_rows", "count_distinct", "sum"}),
    ("register_conditions", "operator"): frozenset({
        "equals", "is_yes", "in_period", "by_period_end", "older_than_years",
    }),
    ("rules", "stage"): frozenset({"reader", "expectation", "register"}),
    ("rules", "rule_kind"): frozenset({
        "structure", "value", "consistency", "history", "register", "reconcile",
    }),
    ("rules", "severity_code"): frozenset({"blocking", "quasi_blocking", "verify", "info"}),
    ("rules", "operator"): frozenset({
        "=", "<=", ">=", "<", ">", "not_null", "not_in", "matches", "within_factor",
        "only_where", "unique_across_units",
    }),
    ("rules", "missing_strategy"): frozenset({"skip", "never_skip"}),
}  # fmt: skip

# Columns of numbers, by name: what they mean is the same in every table.
WHOLE: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("year", "target_year", "baseline_year", "path_year"), (1900, 2199)),
    **dict.fromkeys(
        ("row_order", "target_order", "column_order", "term_order", "code_order"), (0, 9999)
    ),
    "decimals": (0, 6),
    "carry_periods": (0, 120),
    "due_day": (1, 31),
    "due_month_offset": (0, 12),
    "max_rows": (1, 10_000_000),
    "max_file_mb": (1, 10_000),
    "condition_group": (0, 9999),
}
NUMBERS = frozenset({
    "resident_population", "unit_factor", "min_value", "max_value", "factor", "coefficient",
    "target_low", "target_high", "baseline_value", "tolerance_pct", "rate_pct", "share",
    "path_value", "publish_min_coverage_pct", "tolerance_abs", "tolerance_rel",
})  # fmt: skip
_ABOVE_ZERO = frozenset({"unit_factor", "factor", "resident_population"})
_NOT_BELOW_ZERO = frozenset({"tolerance_pct", "tolerance_abs", "tolerance_rel"})
# The models hold these with six digits before the point.
_SMALL = frozenset({
    ("form_elements", "unit_factor"), ("authority_series", "unit_factor"),
    ("indicator_terms", "coefficient"),
})  # fmt: skip

DATES = frozenset({
    "valid_from", "valid_to", "available_from", "reference_date", "plan_start", "plan_end",
    "first_period_start", "last_period_end", "holiday_date", "changed_on", "issued_on",
})  # fmt: skip

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_FORMULA = re.compile(r"=\S")  # a remark may say "= 1 + 2 of the project before"
# Soft hyphen, zero-width signs, marks of direction, the byte-order mark: seen by no one.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# A line break or a tab in a name tears every list, sheet and file name that bears it.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_IN_CODES = re.compile("[\\s０-９Ａ-Ｚａ-ｚ]")
_CODES = ("_code", "_codes", "_id", "_version", "value_column", "target_element")
SPOILED_CODE = re.compile(r"\d+\.0|\d(\.\d+)?[eE]\+?\d+|\d{5}")
_SPOILED_RANGE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}.*|\d{1,2}月\d{1,2}日|4\d{4}")


def number(text: str | None) -> Decimal | None:
    """The number a cell says; none for an empty cell and for anything that is not a number."""
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text) else None


def is_date(text: str) -> bool:
    """Whether a text is a day as `YYYY-MM-DD`, the only spelling taken."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def closed_list(table: str, column: str) -> frozenset[str] | None:
    """The words a column may hold, if they are a closed list."""
    if column.startswith(("is_", "has_")):
        return _TRUTHS
    return CLOSED_LISTS.get((table, column))


def problems_of_cell(
    table: str, column: str, value: str, allowed: frozenset[str] | None
) -> Iterator[str]:
    """What is wrong with one cell that says something."""
    if allowed is not None and value not in allowed:
        yield f"只能是：{'、'.join(sorted(allowed))}"
    if column in WHOLE:
        yield from _of_integer(value, *WHOLE[column])
    elif column in NUMBERS:
        yield from _of_number(table, column, value)
    elif column in DATES and not is_date(value):
        yield "不是 YYYY-MM-DD 形式的日期"
    elif column == "due_time" and not _TIME.fullmatch(value):
        yield "不是 HH:MM:SS 形式的时间"
    if (table, column) == ("units", "unit_code") and SPOILED_CODE.fullmatch(value):
        yield "单位代码被表格软件改写（丢了开头的 0、变成小数或科学计数），代码列请设为文本"
    if column == "target_printed" and _SPOILED_RANGE.fullmatch(value):
        yield "目标值像是被表格软件改成了日期（如 1~2 变成 1月2日），该列请设为文本"
    if column != "mark_text":
        yield from _of_text(column, value)


def _of_text(column: str, value: str) -> Iterator[str]:
    if _FORMULA.match(value) or (column == "target_printed" and value.startswith("=")):
        yield "以“=”开头：像是没有算出来的公式，请改为值"
    if _UNSEEN.search(value):
        yield "含有看不见的字符（零宽字符等），请删去重新键入"
    if _CONTROL.search(value):
        yield "含有换行、制表符或其他控制字符：一格只写一行文字"
    if column.endswith(_CODES) and _NOT_IN_CODES.search(value):
        yield "代码里有空白或全角字母数字"


def _of_integer(value: str, low: int, high: int) -> Iterator[str]:
    if not _INTEGER.fullmatch(value):
        yield "不是整数（只用半角数字）"
    elif not low <= int(value) <= high:
        yield f"应在 {low} 到 {high} 之间"


def _of_number(table: str, column: str, value: str) -> Iterator[str]:
    found = number(value)
    if found is None:
        yield (
            "不是数（是否被表格软件改成了日期？只用半角数字和小数点，不用科学计数，最多六位小数）"
        )
    elif column in _ABOVE_ZERO and found <= 0:
        yield "必须大于 0"
    elif column in _NOT_BELOW_ZERO and found < 0:
        yield "不能小于 0"
    elif column == "publish_min_coverage_pct" and not 0 <= found <= 100:
        yield "应在 0 到 100 之间"
    elif (table, column) in _SMALL and abs(found) >= 1_000_000:
        yield "太大：应小于 1000000"
