"""What clerks write beside figures: rows of the table `reading_marks`, no literals in code.

Kinds: `missing` says that there is no figure; `footer` labels the people and days below a table;
`note` ends a table; `total` names a row that only adds up others; `column_row` begins the line of
column numbers under a header; `header_group` is a heading over several columns that changes none;
`scale` is a power of ten before a unit; `growth` is a word that carries a sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import polars as pl

from sources.texts import normalised

MISSING, FOOTER, NOTE, TOTAL, COLUMN_ROW, HEADER_GROUP, SCALE, GROWTH = KINDS = (
    "missing", "footer", "note", "total", "column_row", "header_group", "scale", "growth",
)  # fmt: skip
WHOLE = "all"
"""A total over every row; any other is one over the rows since the last subtotal or section."""


@dataclass(frozen=True)
class ReadingMarks:
    """The declared marks, normalised: `—`, `－` and `-` are one mark, `……` is `…`."""

    missing: frozenset[str] = frozenset()
    footer: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    totals: Mapping[str, str] | None = None
    column_rows: frozenset[str] = frozenset()
    header_groups: frozenset[str] = frozenset()
    scales: Mapping[str, Decimal] | None = None
    growth: Mapping[str, int] | None = None

    @classmethod
    def of(cls, table: pl.DataFrame) -> ReadingMarks:
        """The marks of the definition table."""
        found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        for row in table.iter_rows(named=True):
            text = _run(normalised(row["mark_text"]))
            found.setdefault(row["mark_kind"], {})[text] = row["mark_value"] or ""
        return cls(
            missing=frozenset(found[MISSING]),
            footer=tuple(found[FOOTER]),
            notes=tuple(found[NOTE]),
            totals=found[TOTAL],
            column_rows=frozenset(found[COLUMN_ROW]),
            header_groups=frozenset(found[HEADER_GROUP]),
            scales={text: Decimal(value) for text, value in found[SCALE].items()},
            growth={text: int(value) for text, value in found[GROWTH].items()},
        )

    @cached_property
    def _ends(self) -> frozenset[str]:
        return frozenset((*self.footer, *self.notes))

    def is_missing(self, text: str) -> bool:
        """Whether a text says that there is no figure; a mark may be drawn out (`———`)."""
        return _run(normalised(text)) in self.missing

    def ends_table(self, text: str) -> bool:
        """Whether a text, normalised, is a footer or a note and so stands below the table."""
        return text.partition(":")[0] in self._ends

    def total_kind(self, text: str) -> str | None:
        """Over which rows a total row adds up; None when the text, normalised, names no total."""
        return (self.totals or {}).get(text.rstrip(":"))


NO_MARKS = ReadingMarks()


def _run(text: str) -> str:
    """A mark drawn out as one: `----` is `-`. NFKC writes `…` as three dots."""
    if text and set(text) == {"."} and len(text) % 3 == 0:
        return "…"
    return text[0] if text and len(set(text)) == 1 else text
