"""Printed labels of a form and the texts beside them: 表号：, 填报单位：, 填表人： and the like.

A label stands in its own cell with its text to the right, or in one cell with it, and one cell may
hold several (`填表人：某甲　审核人：某乙`). The labels of people and days are declared marks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sources.marks import ReadingMarks
from sources.readers.grid import Cell
from sources.texts import normalised

FORM, UNIT_NAME, UNIT_CODE, PERIOD, NIL = "表号", "填报单位", "单位代码", "报告期", "零报告"
IDENTITY_LABELS = (FORM, UNIT_NAME, UNIT_CODE, PERIOD, NIL)
_SHORT = 64


@dataclass(frozen=True)
class Label:
    """A printed label's text and where it stands."""

    text: str
    sheet: str
    cell: str


Labels = Mapping[str, tuple[Label, ...]]
"""Every place of each label, in reading order."""


def labels_of(
    sheets: Mapping[str, Mapping[int, Mapping[int, Cell]]], marks: ReadingMarks
) -> dict[str, tuple[Label, ...]]:
    """The texts beside (or in the cell of) the printed labels of some sheets."""
    found: dict[str, tuple[Label, ...]] = {}
    footer = marks.footer
    for sheet, rows in sheets.items():
        for row in rows.values():
            places = sorted(row)
            for position, column in enumerate(places):
                filed = row[column].text
                if not filed or (filed[0].isascii() and not filed[0].isspace()):
                    continue
                said = labels_in(filed, footer)
                for label, text in said:
                    cell = row[column]
                    if not text and label == said[-1][0] and position + 1 < len(places):
                        cell = row[places[position + 1]]
                        beside = labels_in(cell.text, footer)
                        text = "" if beside else (cell.text or "").strip()
                    if text:
                        found[label] = (*found.get(label, ()), Label(text, sheet, cell.cell))
    return found


def labels_in(text: str | None, footer: tuple[str, ...]) -> list[tuple[str, str]]:
    """The labels a cell begins with or holds, each with the text that follows it in the cell."""
    text = (text or "").strip()
    if not text or text[0].isascii():
        return []
    # Headers and items are those of every file of a form; longer texts are read once.
    return _found(text, footer) if len(text) <= _SHORT else _found.__wrapped__(text, footer)


@lru_cache(maxsize=16384)
def _found(text: str, footer: tuple[str, ...]) -> list[tuple[str, str]]:
    pattern, known = _pattern(footer)
    found = list(pattern.finditer(text))
    if not found or found[0].start() > 0:
        plain = normalised(text)
        return [(plain, "")] if plain in known else []
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [
        (normalised(match[1]), text[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    ]


@lru_cache(maxsize=8)
def _pattern(footer: tuple[str, ...]) -> tuple[re.Pattern[str], frozenset[str]]:
    labels = sorted({*IDENTITY_LABELS, *footer}, key=len, reverse=True)
    spaced = "|".join(r"\s*".join(map(re.escape, label)) for label in labels)
    aside = r"(?:\s*[（(][^（）()]{0,12}[）)])?"
    return re.compile(rf"({spaced}){aside}\s*[：:︰]"), frozenset(labels)
