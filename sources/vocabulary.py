"""The Chinese words for codes, used wherever a person reads one.

Programs get the codes (`--json`, marts); a person gets these words. They are rows of the definition
table `codelists` and stand nowhere else. A code that has none is shown as it is (`said`), so that
nothing is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sources.codelists import meanings, words

SEVERITY_ZH = words("severity")
"""Severities of findings, gravest first."""

STATE_ZH = words("submission_state")
"""States of a submission, in the order of its course."""

FINDING_STATUS_ZH = words("finding_status")

TARGET_STATUS_ZH = words("target_status")

TARGET_STATUS_MEANING_ZH = meanings("target_status")
"""What each status says, for people who read the table for the first time."""

OBSERVED_ZH = words("obs_status")
"""Status of a value."""

SOURCE_ZH = words("source_of_record")
"""Sources of record."""

COMBINED_ZH = words("term_combination")

PERIOD_TYPE_ZH = words("form_frequency")
"""Frequencies of forms. Types of periods, spans included, are the list `period_type`."""

RELEASE_KIND_ZH = words("release_kind")

OFFICIAL_REPORT_ZH = words("official_report")
"""Reports that an official release is made for."""

OFFICIAL_REPORT_PERIODS: Mapping[str, str] = {
    "quarterly": "quarter",
    "annual": "year",
    "midterm": "year",
    "final": "year",
}
"""Type of the period that each report is of; an evaluation is named by its last year."""

OFFICIAL_STATE_ZH = words("official_state")
"""States of a proposal for an official release."""

VERB_ZH = words("verb")
"""The desk's verbs."""

MOVE_ZH = words("move")
"""The line's own moves, author `system`."""

CORRECTION_STATE_ZH = words("correction_state")

HOLD_REASON_ZH = words("hold_reason")
"""Why a submission without a blocking finding is held."""


REVISION_REASON_ZH = words("revision_reason")
"""Why a published value changed, the gravest reason first."""

PUBLISHED_TABLE_ZH = words("published_table")
"""Marts whose values are followed from release to release."""

REVISED_COLUMN_ZH = words("revised_column")
"""Columns of theirs that are."""


def said(known: Mapping[str, str], code: str | None) -> str:
    """The word for a code; a code without one as it is."""
    return known.get(code, code) if code else ""


def tally(counts: Mapping[str, int], known: Mapping[str, str]) -> str:
    """Counts in words, in the order of the table: 强制性 2；核实性 1; empty where all are none."""
    told = [code for code in known if counts.get(code)]
    other = sorted(code for code in counts if code not in known and counts[code])
    return "；".join(f"{said(known, code)} {counts[code]}" for code in (*told, *other))


def gravity(
    severity_code: str, sheet: str | None, cell: str | None, rule_id: str | None
) -> tuple[int, str, int, int, str]:
    """Sort key of findings everywhere: severity, sheet, row, column; rule last.

    What is of the whole file goes before what is of a sheet, and that before what is of a cell.
    """
    order = list(SEVERITY_ZH)
    grave = order.index(severity_code) if severity_code in SEVERITY_ZH else len(order)
    row, column = _place(cell)
    return (grave, sheet or "", row, column, rule_id or "")


def gravity_of(row: Mapping[str, Any]) -> tuple[int, str, int, int, str]:
    """`gravity` of a row of findings."""
    return gravity(row["severity_code"], row.get("sheet"), row.get("cell"), row.get("rule_id"))


def _place(cell: str | None) -> tuple[int, int]:
    """Row and column of the first cell named: `B12`, `AA3:AB4`; without one, (0, 0)."""
    column, digits = 0, ""
    for char in cell or "":
        if char.isascii() and char.isdigit():
            digits += char
        elif digits:
            break
        elif char.isascii() and char.isalpha():
            column = column * 26 + ord(char.upper()) - 64
    return (int(digits[:7]), column) if digits else (0, 0)
