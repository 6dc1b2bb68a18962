"""Why a file could not be taken: one typed error per reason, each with the rule it stands for.

Every error carries its facts as attributes and one Chinese message that names the file, the sheet,
the cell and the value, and says what to do. Errors travel between processes by pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar, TypedDict, Unpack

if TYPE_CHECKING:
    from sources.contract import FormIdentity


class Place(TypedDict, total=False):
    """Where in a file: both absent when the whole file is meant."""

    sheet: str | None
    cell: str | None


def _revive(kind: type[SourceError], state: dict[str, object]) -> SourceError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (error.message_zh,)
    return error


def _listed(names: Sequence[str]) -> str:
    return "、".join(f"“{name}”" for name in names) if names else "（无）"


class SourceError(Exception):
    """A file, or a place in it, that cannot be read as the form it claims to be.

    Attributes:
        rule_id: the rule of the registry this error stands for.
        file_name, sheet, cell: where; sheet and cell are None when the whole file is meant.
        value_text, expected_text: what was found and what should stand there.
        problem_zh, advice_zh, message_zh: the fact, what to do, both with the place.
        identity: form, unit and period, when the file was identified before it failed.
    """

    rule_id: ClassVar[str] = "S00"

    def __init__(
        self,
        problem_zh: str,
        advice_zh: str,
        *,
        file_name: str = "",
        value_text: str | None = None,
        expected_text: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.problem_zh = problem_zh
        self.advice_zh = advice_zh
        self.file_name = file_name
        self.sheet = place.get("sheet")
        self.cell = place.get("cell")
        self.value_text = value_text
        self.expected_text = expected_text
        self.identity: FormIdentity | None = None
        super().__init__(self.message_zh)

    @property
    def message_zh(self) -> str:
        """The whole message: file, sheet, cell, problem, advice."""
        place = f"文件“{self.file_name}”" if self.file_name else "文件"
        if self.sheet:
            place += f"，工作表“{self.sheet}”"
        if self.cell:
            place += f"，单元格 {self.cell}"
        return f"{place}：{self.problem_zh}。{self.advice_zh}。"

    def in_file(self, file_name: str, identity: FormIdentity | None = None) -> SourceError:
        """The same error with the file's name, and its identity where that is known by now."""
        self.file_name = self.file_name or file_name
        self.identity = self.identity or identity
        self.args = (self.message_zh,)
        return self

    def __reduce__(self) -> tuple[object, tuple[type[SourceError], dict[str, object]]]:
        """Pickle by state, because the subclasses' arguments differ from the base's."""
        return _revive, (type(self), dict(self.__dict__))

    def __str__(self) -> str:
        """The Chinese message."""
        return self.message_zh


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
        missing = "文件中找不到表号" if form_text is None else f"表号“{form_text}”不在报表目录中"
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
            else f"填报单位“{unit_text}”不在单位目录中"
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
            reason_zh or f"表内填报单位是“{unit_text}”，而文件由“{expected_text}”报送",
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
        problem = "文件中找不到报告期" if period_text is None else f"报告期“{period_text}”无法识别"
        super().__init__(
            reason_zh or problem,
            "请按模板格式填写报告期，例如 2025年3月、2025年1季度、2025年",
            value_text=period_text, expected_text=expected_text, **place,
        )  # fmt: skip


class MissingColumn(SourceError):
    """A required column header that is absent or was renamed."""

    rule_id = "S09"

    def __init__(
        self,
        missing: Sequence[str],
        unmapped: Sequence[str] = (),
        *,
        reason_zh: str | None = None,
        **place: Unpack[Place],
    ) -> None:
        self.missing = tuple(missing)
        self.unmapped = tuple(unmapped)
        problem = reason_zh or f"表头缺少{_listed(self.missing)}"
        if self.unmapped:
            problem += f"，另有无法识别的表头{_listed(self.unmapped)}（可能是被改名的列）"
        super().__init__(
            problem, "请恢复模板的表头后重新报送", value_text="、".join(self.unmapped) or None,
            expected_text="、".join(self.missing), **place,
        )  # fmt: skip


class UnmappedColumn(SourceError):
    """A header that the form does not have, or has only once."""

    rule_id = "S10"

    def __init__(
        self,
        unmapped: Sequence[str],
        *,
        reason_zh: str | None = None,
        known: Sequence[str] = (),
        **place: Unpack[Place],
    ) -> None:
        self.unmapped = tuple(unmapped)
        super().__init__(
            reason_zh or f"表头多出无法识别的列{_listed(self.unmapped)}",
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
            reason_zh or f"“{row_text}”不是本表的指标行",
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
    ) -> None:
        self.form_code = form_code
        self.form_version = form_version
        self.period_code = period_code
        span = f"{valid_from or '不限'} 至 {valid_to or '不限'}（不含）"
        super().__init__(
            f"报表 {form_code} 第 {form_version} 版不适用于报告期 {period_code}"
            + (f"，该版适用期为 {span}" if valid_from or valid_to else ""),
            f"请下载该报告期的模板（第 {expected_version} 版）重新填报"
            if expected_version
            else "请核对报告期，并下载该报告期的模板重新填报",
            value_text=form_version, expected_text=expected_version,
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
            f"工作表{_listed(self.sheets)}都是报表 {form_code} 的 {period_code} 期，"
            "无法确定以哪张为准",
            "请只保留一张后重新报送",
            sheet=self.sheets[0], value_text="、".join(self.sheets),
        )  # fmt: skip


SOURCE_ERRORS: tuple[type[SourceError], ...] = (
    UnreadableFile, EmptyWorkbook, EncryptedFile, OversizedSheet, UnknownForm, UnknownUnit,
    UnitMismatch, UnknownPeriod, MissingColumn, UnmappedColumn, MissingRow, UnmappedRow,
    DuplicateRow, FormVersionMismatch, WorkspaceKindMismatch, DuplicateForm,
)  # fmt: skip
"""Every reader error, in the order of their rule ids."""
