"""Why a form's table could not be read: its columns and rows, each by its name and place.

Others import these from `errors`, where all reasons stand together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from sources.error_base import Place, SourceError, listed
from sources.texts import shown

Likely = tuple[str, str]
"""A heading as written, and the column of the form it probably is."""


def _said(likely: Sequence[Likely]) -> str:
    """The probable columns in words: a proposal to the filer, never taken by itself."""
    if not likely:
        return ""
    pairs = "，".join(f"“{text}”可能是“{header}”" for text, header in likely)
    return f"；{pairs}（仅供参考，系统不会自行套用）"


class MissingColumn(SourceError):
    """A required column header that is absent or was renamed.

    Attributes:
        missing: headers of the form that are not there.
        unmapped: headings of the file that are none of the form's.
        likely: which of the one is probably which of the other.
    """

    rule_id = "S09"

    def __init__(
        self,
        missing: Sequence[str],
        unmapped: Sequence[str] = (),
        *,
        likely: Sequence[Likely] = (),
        reason_zh: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.missing = tuple(missing)
        self.unmapped = tuple(unmapped)
        self.likely = tuple(likely)
        problem = reason_zh or f"表头缺少{listed(self.missing)}"
        if self.unmapped:
            problem += f"，另有无法识别的表头{listed(self.unmapped)}"
            problem += _said(self.likely) or "（可能是被改名的列）"
        super().__init__(
            problem, "请恢复模板的表头后重新报送", value_text="、".join(self.unmapped) or None,
            expected_text="、".join(self.missing), **place,
        )  # fmt: skip


class UnmappedColumn(SourceError):
    """A header that the form does not have, or has only once.

    Attributes:
        unmapped: headings of the file that are none of the form's.
        likely: which columns of the form they probably are.
    """

    rule_id = "S10"

    def __init__(
        self,
        unmapped: Sequence[str],
        *,
        likely: Sequence[Likely] = (),
        reason_zh: str | None = None,
        known: Sequence[str] = (),
        **place: Unpack[Place],
    ) -> None:
        self.unmapped = tuple(unmapped)
        self.likely = tuple(likely)
        problem = reason_zh or f"表头多出无法识别的列{listed(self.unmapped)}" + _said(self.likely)
        super().__init__(
            problem,
            "请删除自行增加的列后重新报送，需要说明的内容写在备注栏",
            value_text="、".join(self.unmapped), expected_text="、".join(known) or None, **place,
        )  # fmt: skip


class MissingRow(SourceError):
    """Rows of the form that the file does not have."""

    rule_id = "S11"

    def __init__(self, missing: Sequence[tuple[str, str]], *, sheet: str | None = None) -> None:
        self.missing = tuple(missing)
        listed = "、".join(f"{code} {item}" for code, item in self.missing)
        super().__init__(
            f"缺少报表的以下各行：{listed}",
            "请恢复被删除的行，没有发生的填 0，不要删行",
            sheet=sheet, expected_text="、".join(code for code, _ in self.missing),
        )  # fmt: skip


class UnmappedRow(SourceError):
    """A row that the form does not have, or whose code and item contradict each other."""

    rule_id = "S12"

    def __init__(
        self,
        row_text: str,
        *,
        reason_zh: str | None = None,
        expected_text: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.row_text = row_text
        super().__init__(
            reason_zh or f"“{shown(row_text)}”不是本表的指标行",
            "请删除自行增加的行，恢复模板的代码和指标名称后重新报送",
            value_text=row_text, expected_text=expected_text, **place,
        )  # fmt: skip


class DuplicateRow(SourceError):
    """The same row of the form twice."""

    rule_id = "S13"

    def __init__(
        self, row_code: str, item_zh: str, cells: Sequence[str], *, sheet: str | None = None
    ) -> None:
        self.row_code = row_code
        self.cells = tuple(cells)
        super().__init__(
            f"指标行“{row_code} {item_zh}”重复出现（{'、'.join(self.cells)}）",
            "请只保留一行后重新报送",
            sheet=sheet, cell=self.cells[-1] if self.cells else None, value_text=row_code,
        )  # fmt: skip
