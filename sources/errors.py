"""Why a file could not be taken: one typed error per reason, each with the rule it stands for.

Every error carries its facts as attributes and one Chinese message that names the file, the sheet,
the cell and the value, and says what to do. Errors travel between processes by pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Unpack

from sources.error_base import Place, SourceError, listed
from sources.table_errors import (
    DuplicateRow,
    MissingColumn,
    MissingRow,
    UnmappedColumn,
    UnmappedRow,
)
from sources.texts import shown

__all__ = [
    "SOURCE_ERRORS", "DuplicateForm", "DuplicateRow", "EmptyWorkbook", "EncryptedFile",
    "FormVersionMismatch", "MissingColumn", "MissingRow", "OversizedSheet", "PeriodMismatch",
    "Place", "SourceError", "UnitMismatch", "UnknownForm", "UnknownPeriod", "UnknownUnit",
    "UnmappedColumn", "UnmappedRow", "UnreadableFile", "WorkspaceKindMismatch",
]  # fmt: skip


class UnreadableFile(SourceError):
    """Bytes that are not a workbook or a delimited text, or a damaged one."""

    rule_id = "S01"

    def __init__(
        self,
        reason_zh: str,
        advice_zh: str,
        *,
        file_name: str = "",
        value_text: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        super().__init__(
            f"无法读取：{reason_zh}", advice_zh,
            file_name=file_name, value_text=value_text, **place,
        )  # fmt: skip


class EmptyWorkbook(SourceError):
    """A file in which no cell holds anything."""

    rule_id = "S02"

    def __init__(self, *, file_name: str = "") -> None:
        advice = "请确认是否选错文件，填报后重新报送；无业务发生请报零报告"
        super().__init__("文件中没有任何内容", advice, file_name=file_name)


class EncryptedFile(SourceError):
    """A workbook protected by an opening password."""

    rule_id = "S03"

    def __init__(self, *, file_name: str = "") -> None:
        advice = "请在 Excel 或 WPS 中打开，取消“用密码进行加密”，保存后重新报送"
        super().__init__("文件设置了打开密码，无法读取", advice, file_name=file_name)


class OversizedSheet(SourceError):
    """A file beyond the size this form can have, or one that broke the reading process."""

    rule_id = "S04"

    def __init__(
        self,
        reason_zh: str,
        *,
        file_name: str = "",
        value_text: str | None = None,
        expected_text: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        super().__init__(
            reason_zh,
            "请删除表格之外的多余内容（可将填报区域复制到新下载的空白模板中），保存后重新报送",
            file_name=file_name, value_text=value_text, expected_text=expected_text, **place,
        )  # fmt: skip


class UnknownForm(SourceError):
    """A file that names no form, a form that is not defined, or two different forms."""

    rule_id = "S05"

    def __init__(
        self,
        form_text: str | None,
        *,
        known: Sequence[str] = (),
        reason_zh: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.form_text = form_text
        unknown = f"表号“{shown(form_text or '')}”不在报表目录中"
        missing = "文件中找不到表号" if form_text is None else unknown
        super().__init__(
            reason_zh or missing,
            "请使用下发的模板填报，不要改动表号",
            value_text=form_text, expected_text="、".join(known) or None, **place,
        )  # fmt: skip


class UnknownUnit(SourceError):
    """A file that names no reporting unit, or one that is not defined."""

    rule_id = "S06"

    def __init__(self, unit_text: str | None, **place: Unpack[Place]) -> None:
        self.unit_text = unit_text
        problem = (
            "文件中找不到填报单位和单位代码"
            if unit_text is None
            else f"填报单位“{shown(unit_text)}”不在单位目录中"
        )
        advice = "请使用为本单位下发的模板，核对填报单位和单位代码"
        super().__init__(problem, advice, value_text=unit_text, **place)


class UnitMismatch(SourceError):
    """A file of one unit handed in as another's, or one that names two units."""

    rule_id = "S07"

    def __init__(
        self,
        unit_text: str,
        expected_text: str,
        *,
        reason_zh: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.unit_text = unit_text
        super().__init__(
            reason_zh or f"表内填报单位是“{shown(unit_text)}”，而文件由“{expected_text}”报送",
            "请核对是否误用了其他单位的报表，由本单位使用本单位的模板重新报送",
            value_text=unit_text, expected_text=expected_text, **place,
        )  # fmt: skip


class UnknownPeriod(SourceError):
    """A file without a reporting period, or with one that cannot be read or does not fit."""

    rule_id = "S08"

    def __init__(
        self,
        period_text: str | None,
        *,
        reason_zh: str | None = None,
        expected_text: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.period_text = period_text
        unread = f"报告期“{shown(period_text or '')}”无法识别"
        problem = "文件中找不到报告期" if period_text is None else unread
        super().__init__(
            reason_zh or problem,
            "请按模板格式填写报告期，例如 2025年3月、2025年1季度、2025年",
            value_text=period_text, expected_text=expected_text, **place,
        )  # fmt: skip


class PeriodMismatch(SourceError):
    """A file whose hidden sheet, printed label and own name do not tell the same period.

    Attributes:
        told: where a period is told and what is told there, in words, in that order.
    """

    rule_id = "S19"

    def __init__(
        self,
        told: Sequence[tuple[str, str]],
        *,
        value_text: str | None = None,
        expected_text: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.told = tuple(told)
        super().__init__(
            "期别不符：" + "，".join(f"{where}{text}" for where, text in self.told),
            "请核对本表究竟是哪一期的数据，使模板、表内报告期和文件名一致后重新报送；"
            "不要用上期的文件改填本期",
            value_text=value_text, expected_text=expected_text, **place,
        )  # fmt: skip


class FormVersionMismatch(SourceError):
    """A version of a form that is not the one in force for the period reported."""

    rule_id = "S14"

    def __init__(
        self,
        form_code: str,
        form_version: str,
        period_code: str,
        *,
        valid_from: date | None = None,
        valid_to: date | None = None,
        expected_version: str | None = None,
        is_seen_in_table: bool = False,
        **place: Unpack[Place],
    ) -> None:
        self.form_code = form_code
        self.form_version = form_version
        self.period_code = period_code
        span = f"{valid_from or '不限'} 至 {valid_to or '不限'}（不含）"
        seen = "表头和各行是该表另一版的：" if is_seen_in_table else ""
        super().__init__(
            f"{seen}报表 {form_code} 第 {form_version} 版不适用于报告期 {period_code}"
            + (f"，该版适用期为 {span}" if valid_from or valid_to else ""),
            f"请下载该报告期的模板（第 {expected_version} 版）重新填报"
            if expected_version
            else "请核对报告期，并下载该报告期的模板重新填报",
            value_text=form_version, expected_text=expected_version, **place,
        )  # fmt: skip


class WorkspaceKindMismatch(SourceError):
    """A real file in a demonstration workspace, or the other way round."""

    rule_id = "S15"

    def __init__(self, *, file_is_synthetic: bool) -> None:
        self.file_is_synthetic = file_is_synthetic
        file_kind = "演示数据" if file_is_synthetic else "真实数据"
        workspace_kind = "正式" if file_is_synthetic else "演示"
        super().__init__(
            f"文件是{file_kind}，而本工作区是{workspace_kind}工作区",
            "演示数据与真实数据不得混用，请报送到对应的工作区",
            value_text=file_kind, expected_text=workspace_kind,
        )  # fmt: skip


class DuplicateForm(SourceError):
    """Two sheets of one workbook that are the same form of the same unit and period."""

    rule_id = "S16"

    def __init__(self, form_code: str, period_code: str, sheets: Sequence[str]) -> None:
        self.form_code, self.period_code, self.sheets = form_code, period_code, tuple(sheets)
        super().__init__(
            f"工作表{listed(self.sheets)}都是报表 {form_code} 的 {period_code} 期，"
            "无法确定以哪张为准",
            "请只保留一张后重新报送",
            sheet=self.sheets[0], value_text="、".join(self.sheets),
        )  # fmt: skip


SOURCE_ERRORS: tuple[type[SourceError], ...] = (
    UnreadableFile, EmptyWorkbook, EncryptedFile, OversizedSheet, UnknownForm, UnknownUnit,
    UnitMismatch, UnknownPeriod, MissingColumn, UnmappedColumn, MissingRow, UnmappedRow,
    DuplicateRow, FormVersionMismatch, WorkspaceKindMismatch, DuplicateForm, PeriodMismatch,
)  # fmt: skip
"""Every reader error, in the order of their rule ids."""
