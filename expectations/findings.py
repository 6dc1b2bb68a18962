"""Findings as rows: what is wrong, where, what was expected, what to do; Chinese, never capped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from expectations.frames import FREQUENCY_ZH
from expectations.rule_words import COMPARISONS, PLACEHOLDERS
from expectations.rules import Rule, Rules
from sources.contract import SheetCheck
from sources.errors import SourceError
from sources.periods import parse_period
from sources.texts import shown

FINDINGS_SCHEMA: dict[str, pl.DataType] = dict.fromkeys(
    (
        "finding_id",
        "rule_id",
        "rule_version",
        "severity_code",
        "submission_id",
        "unit_code",
        "form_code",
        "period_code",
        "sheet",
        "cell",
        "element_code",
        "value_text",
        "expected_text",
        "message_zh",
        "advice_zh",
    ),
    pl.String(),
)

_ISSUE_EXPECTED = "按“{unit}”填写的数值"
_SHEET_LEVEL = "整张报表"
_DAYS = ("period_start", "period_end", "business_date")


def finding_id(
    submission_id: str, rule_id: str, sheet: str | None, cell: str | None, element: str | None
) -> str:
    """The same finding has the same id whenever it is found again."""
    parts = (submission_id, rule_id, sheet or "", cell or "", element or "")
    return hashlib.sha1("|".join(parts).encode(), usedforsecurity=False).hexdigest()


def findings_frame(rows: Iterable[Mapping[str, str | None]]) -> pl.DataFrame:
    """Finding rows as the frame the ledger stores."""
    return pl.DataFrame(list(rows), schema=FINDINGS_SCHEMA)


def from_source_error(
    error: SourceError,
    submission_id: str,
    unit_code: str | None,
    form_code: str | None,
    period_code: str | None,
    rules: Rules,
) -> dict[str, str | None]:
    """The finding a reader's refusal stands for.

    Raises:
        UnknownRuleError: the registry has no rule of the error's id.
    """
    rule = rules.get(error.rule_id, _start_of(period_code))
    return _reader_row(
        rule,
        submission_id,
        unit_code,
        form_code,
        period_code,
        sheet=error.sheet,
        cell=error.cell,
        element=None,
        value_text=error.value_text,
        expected_text=error.expected_text,
        message_zh=error.told_zh,
        advice_zh=error.advice_zh,
    )


def from_sheet_check(
    check: SheetCheck,
    submission_id: str,
    unit_code: str | None,
    form_code: str | None,
    period_code: str | None,
    rules: Rules,
) -> dict[str, str | None]:
    """The finding of a failed sum check of a published release.

    Raises:
        UnknownRuleError: the registry has no rule of the check's id.
    """
    rule = rules.get(check.rule_id, _start_of(period_code))
    return _reader_row(
        rule,
        submission_id,
        unit_code,
        form_code,
        period_code,
        sheet=check.sheet,
        cell=check.cell,
        element=check.element_code,
        value_text=check.value_text,
        expected_text=check.expected_text,
        message_zh=check.message_zh,
        advice_zh=None,
    )


def _start_of(period_code: str | None) -> date | None:
    return parse_period(period_code).start if period_code else None


def _reader_row(
    rule: Rule,
    submission_id: str,
    unit_code: str | None,
    form_code: str | None,
    period_code: str | None,
    *,
    sheet: str | None,
    cell: str | None,
    element: str | None,
    value_text: str | None,
    expected_text: str | None,
    message_zh: str,
    advice_zh: str | None,
) -> dict[str, str | None]:
    return {
        "finding_id": finding_id(submission_id, rule.rule_id, sheet, cell, element),
        "rule_id": rule.rule_id,
        "rule_version": rule.rule_version,
        "severity_code": rule.severity_code,
        "submission_id": submission_id,
        "unit_code": unit_code,
        "form_code": form_code,
        "period_code": period_code,
        "sheet": sheet,
        "cell": cell,
        "element_code": element,
        "value_text": _quoted(value_text),
        "expected_text": expected_text,
        "message_zh": rule.message_zh.format_map(_facts(message=message_zh)),
        "advice_zh": advice_zh or rule.advice_zh,
    }


def _facts(**known: str) -> dict[str, str]:
    return dict.fromkeys(PLACEHOLDERS, "") | known


def numeral(number: Decimal | float | None) -> str:
    """A number as a reader writes it: no exponent, no trailing zeros; a dash for none."""
    if number is None:
        return "—"
    exact = number if isinstance(number, Decimal) else Decimal(f"{number:.4f}")
    text = f"{exact:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def finding_row(
    rule: Rule, row: Mapping[str, Any], element_names: Mapping[str, str]
) -> dict[str, str | None]:
    """The finding of one failing row of the cell frame.

    Args:
        rule: the rule that failed.
        row: the row of the cell frame, with `left`, `right`, `difference`, `prior` of a
            consistency rule and `limit` of a history rule.
        element_names: Chinese names by element code.
    """
    facts = _cell_facts(row) if row["row_code"] is not None else _submission_facts(rule, row)
    expected = _expectation_words(rule, row, facts, element_names)
    return {
        "finding_id": finding_id(
            row["submission_id"], rule.rule_id, row["sheet"], row["cell"], row["element_code"]
        ),
        "rule_id": rule.rule_id,
        "rule_version": rule.rule_version,
        "severity_code": rule.severity_code,
        "submission_id": row["submission_id"],
        "unit_code": row["unit_code"],
        "form_code": row["form_code"],
        "period_code": row["period_code"],
        "sheet": row["sheet"],
        "cell": row["cell"],
        "element_code": row["element_code"],
        "value_text": row["period_code"] if row["row_code"] is None else _quoted(row["text"]),
        "expected_text": expected,
        "message_zh": rule.message_zh.format_map(facts),
        "advice_zh": rule.advice_zh.format_map(facts),
    }


def _quoted(text: str | None) -> str | None:
    return None if text is None else shown(text)


def _cell_facts(row: Mapping[str, Any]) -> dict[str, str]:
    text = row["text"]
    return _facts(
        item=(row["item_zh"] or row["element_zh"] or "").strip(),
        value=shown(text) if text is not None else "空白",
        unit=row["unit_zh"] or "",
        period=row["period_zh"],
        form=row["form_zh"] or row["form_code"],
        sheet=row["sheet"] or "",
        cell=row["cell"] or "",
    )


def _submission_facts(rule: Rule, row: Mapping[str, Any]) -> dict[str, str]:
    return _facts(
        item=_SHEET_LEVEL,
        value=_shown(rule.left, row[rule.left]),
        period=row["period_zh"],
        form=row["form_zh"] or row["form_code"],
        previous=parse_period(row["copied_from"]).label_zh if row["copied_from"] else "",
    )


def _shown(column: str, value: Any) -> str:
    """A value of a column of the submission, in words."""
    if value is None:
        return "—"
    if column in _DAYS:
        return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()
    if column in ("period_type", "frequency"):
        return FREQUENCY_ZH.get(str(value), str(value))
    return numeral(value) if isinstance(value, float) else str(value)


def _expectation_words(
    rule: Rule, row: Mapping[str, Any], facts: dict[str, str], names: Mapping[str, str]
) -> str:
    """Fills the facts of the rule's two sides and says what was expected."""
    if rule.rule_kind == "consistency":
        return _consistency_words(rule, row, facts, names)
    if rule.rule_kind == "history" and not rule.is_of_submission:
        return _history_words(rule, row, facts)
    if rule.operator == "not_null":
        return _ISSUE_EXPECTED.format_map(facts) + "；确无发生填 0"
    if rule.operator == "not_in":
        return _ISSUE_EXPECTED.format_map(facts)
    if rule.operator == "matches":
        return f"以“{facts['unit']}”计的整数" if rule.left == "count_text" else rule.right
    right = row[rule.right] if rule.right in row else float(rule.right)
    facts["left"] = _shown(rule.left, row[rule.left])
    facts["right"] = facts["expected"] = _shown(rule.right, right)
    is_day = rule.right in _DAYS and rule.operator == "<="
    words = "不晚于" if is_day else COMPARISONS[rule.operator]
    return f"{words} {facts['expected']}"


def _consistency_words(
    rule: Rule, row: Mapping[str, Any], facts: dict[str, str], names: Mapping[str, str]
) -> str:
    factor: Decimal = row["unit_factor"]

    def filed(amount: Decimal | None) -> str:
        return numeral(amount / factor if amount is not None and factor else amount)

    def name_zh(code: str) -> str:
        return names.get(code, code)

    facts["left"], facts["right"] = filed(row["left"]), filed(row["right"])
    facts["expected"] = facts["right"]
    facts["difference"] = filed(abs(row["difference"]))
    facts["previous"] = filed(row["prior"])
    facts["formula"] = rule.right_expression.in_words(name_zh)
    only = rule.left_expression.only_operand
    subject = (
        "" if only and only.name == rule.target else (rule.left_expression.in_words(name_zh) + " ")
    )
    return f"{subject}{COMPARISONS[rule.operator]} {facts['expected']}（{facts['formula']}）"


def _history_words(rule: Rule, row: Mapping[str, Any], facts: dict[str, str]) -> str:
    factor = float(row["unit_factor"]) or 1.0
    limit: float = row["limit"]
    for name in ("previous", "median", "usual"):
        figure = row[name]
        facts[name] = numeral(None if figure is None else figure / factor)
    if rule.operator == "within_factor":
        ratio = row["value"] / limit
        facts["ratio"] = f"{max(ratio, 1 / ratio):.0f}"
        facts["expected"] = facts["right"] = numeral(limit / factor)
        return f"与通常水平 {facts['expected']} 相差不到 {numeral(rule.tolerance_rel)} 倍"
    allowed = float(rule.tolerance_abs) + float(rule.tolerance_rel) * abs(limit)
    edge = limit + (allowed if rule.operator.startswith("<") else -allowed)
    facts["expected"] = facts["right"] = numeral(edge / factor)
    return f"{COMPARISONS[rule.operator]} {facts['expected']}"
