"""The base of every reader error: the place in a file, the words, the way between processes.

The errors themselves, one per reason, are in `errors`, which is what others import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypedDict, Unpack

from sources.texts import shown

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


def listed(names: Sequence[str]) -> str:
    """Names in Chinese quotation marks, one after the other."""
    return "、".join(f"“{shown(name)}”" for name in names) if names else "（无）"


class SourceError(Exception):
    """A file, or a place in it, that cannot be read as the form it claims to be.

    Attributes:
        rule_id: the rule of the registry this error stands for.
        file_name, sheet, cell: where; sheet and cell are None when the whole file is meant.
        value_text, expected_text: what was found and what should stand there.
        problem_zh, advice_zh: the fact, what to do.
        told_zh: the fact with the place, for whoever shows the advice beside it.
        message_zh: the fact with the place, and what to do.
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
        return f"{self.told_zh}。{self.advice_zh}。"

    @property
    def told_zh(self) -> str:
        """The message without the advice: file, sheet, cell, problem."""
        place = f"文件“{self.file_name}”" if self.file_name else "文件"
        if self.sheet:
            place += f"，工作表“{self.sheet}”"
        if self.cell:
            place += f"，单元格 {self.cell}"
        return f"{place}：{self.problem_zh}"

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
