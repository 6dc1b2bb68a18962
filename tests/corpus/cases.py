"""One file of the corpus and what must become of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sources.errors import SourceError
from tests.corpus.books import Rows

Value = tuple[str | None, str | None, str | None]
"""Cell, number and issue of one form element."""

NAMES = {"a": ("01", "current"), "b": ("01", "ytd"), "c": ("02", "current"), "d": ("03", "current")}
GOOD: Mapping[str, Value] = {
    "a": ("D8", "12", None), "b": ("E8", "30", None),
    "c": ("D9", "5", None), "d": ("D11", "1500.5", None),
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One form that is read: identity, every value, and what the reader noted."""

    values: Mapping[str, Value] = field(default_factory=lambda: GOOD)
    period: str = "2025-03"
    unit: str = "900101"
    notes: tuple[str, ...] = ()
    people: Mapping[str, str] | None = None
    is_nil: bool = False

    def with_values(self, **values: Value) -> Form:
        return replace(self, values={**self.values, **values})


@dataclass(frozen=True)
class Refusal:
    """One form or file that is refused: the error's class, its place, words of its message."""

    error: type[SourceError]
    words: str
    sheet: str | None = None
    cell: str | None = None


@dataclass(frozen=True)
class Case:
    """One file of the corpus.

    Attributes:
        name: a sentence; the id of the test.
        file_name: as sent.
        build: makes the bytes.
        forms: what becomes of it, one entry per form or member, in order.
        cells: rows as written, whose every cell must be read as it was written.
    """

    name: str
    file_name: str
    build: Callable[[], bytes]
    forms: tuple[Form | Refusal, ...]
    cells: Mapping[str, Rows] | None = None

    @property
    def is_accepted(self) -> bool:
        return any(isinstance(form, Form) for form in self.forms)


def taken(
    name: str,
    file_name: str,
    build: Callable[[], bytes],
    form: Form | None = None,
    *,
    cells: Mapping[str, Rows] | None = None,
    **values: Value,
) -> Case:
    """A file that is read as one form, the good one but for some values."""
    return Case(name, file_name, build, ((form or Form()).with_values(**values),), cells)


def refused(
    name: str,
    file_name: str,
    build: Callable[[], bytes],
    error: type[SourceError],
    words: str,
    sheet: str | None = None,
    cell: str | None = None,
) -> Case:
    """A file that is refused as a whole."""
    return Case(name, file_name, build, (Refusal(error, words, sheet, cell),))


def shifted(down: int = 0, right: int = 0) -> dict[str, Value]:
    """The good values, their cells moved."""
    moved: dict[str, Value] = {}
    for key, (cell, number, issue) in GOOD.items():
        column, row = chr(ord(str(cell)[0]) + right), int(str(cell)[1:]) + down
        moved[key] = (f"{column}{row}", number, issue)
    return moved


def several(
    name: str, file_name: str, build: Callable[[], bytes], forms: Sequence[Form | Refusal]
) -> Case:
    """A file that becomes several forms."""
    return Case(name, file_name, build, tuple(forms))
