"""How the cells of a printed form look: fonts, borders, fills, what is locked.

What lives here: formats only. Fonts are those every Chinese Windows has; elsewhere the office
program takes its own Chinese font.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

_SONG, _HEI = "宋体", "黑体"
_ENTRY_FILL, _HEADER_FILL, _SECTION_FILL = "#FFF9E5", "#DDE8F3", "#F3F3F3"
_BORDERED = {"border": 1, "border_color": "#7F7F7F", "valign": "vcenter"}
_FIGURE = "#,##0.######;-#,##0.######"
_EARLIER = {
    **_BORDERED,
    "align": "right",
    "indent": 1,
    "font_color": "#595959",
    "bg_color": "#F7F7F7",
}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"font_name": _HEI, "font_size": 16, "align": "center", "valign": "vcenter"},
    "label": {"align": "right", "valign": "vcenter"},
    "label_value": {"align": "left", "valign": "vcenter"},
    "header": {**_BORDERED, "bold": True, "align": "center", "bg_color": _HEADER_FILL,
               "text_wrap": True},
    "section": {**_BORDERED, "bold": True, "bg_color": _SECTION_FILL},
    "item": {**_BORDERED, "text_wrap": True, "indent": 1},
    "row_code": {**_BORDERED, "align": "center"},
    "unit": {**_BORDERED, "align": "center"},
    "remark": {**_BORDERED, "font_size": 9, "text_wrap": True, "locked": False},
    "source": {**_BORDERED, "font_size": 9, "text_wrap": True, "locked": False,
               "bg_color": _ENTRY_FILL},
    # A value column's cell in a row that does not ask for it.
    "value": {**_BORDERED, "bg_color": "#E4E4E4"},
    "previous": _EARLIER,
    "last_year": _EARLIER,
    "blank": dict(_BORDERED),
    "percent": {**_BORDERED, "num_format": "0.0%", "locked": False},
    "open": {"align": "left", "valign": "vcenter", "bottom": 1, "bg_color": _ENTRY_FILL,
             "locked": False},
    "hint": {"font_size": 9, "font_color": "#404040", "text_wrap": True, "valign": "top"},
    "seal": {"border": 1, "border_color": "#7F7F7F", "font_color": "#8C8C8C", "align": "center",
             "valign": "vcenter"},
    "summary": {"valign": "vcenter", "bold": True},
    "text": {**_BORDERED, "text_wrap": True},
    "small": {**_BORDERED, "font_size": 9, "text_wrap": True},
    "centred": {**_BORDERED, "align": "center"},
    "figure": {**_BORDERED, "align": "right", "indent": 1, "num_format": _FIGURE},
    "verdict": {**_BORDERED, "align": "center", "bold": True},
}  # fmt: skip
_GOOD = {"font_color": "#1E6B34", "bg_color": "#E3F2E6"}
_BAD = {"font_color": "#A61B1B", "bg_color": "#FBE3E3"}
_OPEN = {"font_color": "#7A5B00", "bg_color": "#FFF4CE"}
_MARKS: Mapping[str, Mapping[str, Any]] = {"good": _GOOD, "bad": _BAD, "open": _OPEN}


class Styles:
    """Formats of one workbook, each made when first used."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}

    def named(self, name: str) -> Format:
        """The format of a kind of cell."""
        return self._kept(name, {"font_name": _SONG, **_STYLES[name]})

    def has(self, name: str) -> bool:
        """Whether there is a format of that name."""
        return name in _STYLES

    def entry(self, decimals: int) -> Format:
        """A cell to be filled with a figure of so many decimals."""
        look = {
            **_BORDERED,
            "align": "right",
            "indent": 1,
            "num_format": _number(decimals),
            "locked": False,
        }
        look |= {"font_name": _SONG, "bg_color": _ENTRY_FILL}
        return self._kept(f"entry{decimals}", look)

    def earlier(self, decimals: int) -> Format:
        """A cell that shows an earlier figure of so many decimals."""
        look = {"font_name": _SONG, **_EARLIER, "num_format": _number(decimals)}
        return self._kept(f"earlier{decimals}", look)

    def mark(self, name: str) -> Format:
        """The colours of a conditional format: good, bad or open."""
        return self._kept(f"mark {name}", _MARKS[name])

    def _kept(self, key: str, look: Mapping[str, Any]) -> Format:
        if key not in self._made:
            self._made[key] = self._book.add_format(dict(look))
        return self._made[key]


def _number(decimals: int) -> str:
    return "0" + ("." + "0" * decimals if decimals else "")


def shown_width(text: str) -> int:
    """Width of a text in half-width characters: a Chinese one counts two."""
    return sum(2 if unicodedata.east_asian_width(c) in "FWA" else 1 for c in text)


def lines_of(text: str, width: float) -> int:
    """Lines a text takes in a column so many characters wide; office programs differ by one."""
    return max(1, -(-shown_width(text) // max(1, int(width - 2))))
