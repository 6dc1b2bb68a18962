"""The words of an answer: facts, verdict, findings; the same for workbook, page and report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from expectations.rule_words import SEVERITIES
from sources.vocabulary import SEVERITY_ZH, gravity, said

MARKS_SHEET = "_answer"
"""What was under our marks, hidden from clerks; names the submission that the workbook answers."""

ANSWERED_CELL = "B1"
"""Where on that sheet the submission is named."""


@dataclass(frozen=True)
class FoundItem:
    """One finding as the unit reads it; texts are as filed and must be escaped where shown."""

    finding_id: str
    rule_id: str
    rule_version: str | None
    severity_code: str
    sheet: str | None
    cell: str | None
    element_code: str | None
    value_text: str | None
    expected_text: str | None
    message_zh: str
    advice_zh: str | None
    status_code: str = "open"
    explanation_zh: str | None = None
    """What the unit explained of this very finding."""
    earlier_zh: str | None = None
    """What was explained of the same rule and element for an earlier period, with that period."""
    since_zh: str | None = None
    """仍有 or 新出现, beside the version this one replaces."""

    @property
    def severity_zh(self) -> str:
        """The severity in words."""
        return said(SEVERITY_ZH, self.severity_code)

    @property
    def place_zh(self) -> str:
        """Sheet and cell in words; empty when the finding is of the file as a whole."""
        return "".join(
            (
                f"工作表“{self.sheet}”" if self.sheet else "",
                f"单元格 {self.cell}" if self.cell else "",
            )
        )

    @property
    def notes_zh(self) -> tuple[str, ...]:
        """What was explained, then and now."""
        return tuple(
            said
            for said in (
                f"本期说明：{self.explanation_zh}" if self.explanation_zh else None,
                self.earlier_zh,
            )
            if said
        )

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: str | None) -> FoundItem:
        """A finding from a row of the ledger or of a dry run."""
        names = (
            "finding_id", "rule_id", "rule_version", "severity_code", "sheet", "cell",
            "element_code", "value_text", "expected_text", "message_zh", "advice_zh",
        )  # fmt: skip
        return cls(**{name: row[name] for name in names}, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ReadValue:
    """One figure as it was read back after storing."""

    row_code: str
    item_zh: str
    unit_zh: str
    cell: str | None
    text: str | None
    number_text: str | None


@dataclass(frozen=True)
class Letter:
    """Everything a unit is told about one submission.

    Attributes:
        submission_id: which one.
        facts: label and text, in the order they are shown.
        next_zh: what the unit is to do.
        state_zh: the submission's state; on paper only, a workbook outlives it.
        findings: every finding, gravest first, never cut.
        corrected: findings of the version before that this one no longer has.
        against_zh: the sentence that compares with the version before; None where there is none.
        values: what was read from the form.
        unit_code, form_code, period_code: the subject, for the report.
        checked_at: business moment of the check.
    """

    submission_id: str
    facts: Sequence[tuple[str, str]]
    next_zh: str
    state_zh: str = ""
    findings: Sequence[FoundItem] = ()
    corrected: Sequence[FoundItem] = ()
    against_zh: str | None = None
    values: Sequence[ReadValue] = ()
    unit_code: str | None = None
    form_code: str | None = None
    period_code: str | None = None
    checked_at: datetime | None = None
    is_synthetic: bool = False
    title_zh: str = field(default="审核结果")

    @property
    def shown_title(self) -> str:
        """The title, with the stamp of demo data."""
        return self.title_zh + ("（演示数据）" if self.is_synthetic else "")

    @property
    def tally_zh(self) -> str:
        """How many findings of each severity, in words."""
        if not self.findings:
            return "未发现问题"
        parts = [
            f"{SEVERITY_ZH[code]} {n} 条"
            for code in SEVERITIES
            if (n := sum(one.severity_code == code for one in self.findings))
        ]
        return f"共 {len(self.findings)} 条：" + "，".join(parts)

    @property
    def signature(self) -> str:
        """A hash of what the marked workbook says of findings; the ledger's state is not in it."""
        said = [asdict(one) for one in (*self.findings, *self.corrected)]
        parts = (self.submission_id, self.against_zh, self.is_synthetic, said)
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]


def gravest_first(findings: Sequence[FoundItem]) -> list[FoundItem]:
    """Findings by severity, sheet, row and column."""
    return sorted(
        findings,
        key=lambda one: gravity(one.severity_code, one.sheet, one.cell, one.rule_id),
    )
