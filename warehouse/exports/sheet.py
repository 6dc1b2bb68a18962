"""A print-ready worksheet of a page. Texts are written as texts, so that none is ever a formula."""

from __future__ import annotations

import io
import math
from datetime import datetime
from typing import Any

import xlsxwriter

from warehouse.exports.page import Entry, Page
from warehouse.exports.printing import plain_text

A4 = 9
MADE = datetime(2000, 1, 1)
"""One moment for every workbook: the same numbers make the same bytes."""
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FONT = "宋体"
WIDEST = 28
"""Columns of text that fit beside one another before a line is broken."""


def text_width(text: str) -> float:
    """Columns a text takes: a Chinese character is as wide as two digits."""
    return sum(1.0 if ord(char) < 0x2E80 else 2.0 for char in text)


def new_workbook(target: io.BytesIO, code: str, title: str) -> Any:
    """A workbook that bears its short code in its properties."""
    book = xlsxwriter.Workbook(target, OPTIONS)
    book.set_properties({"title": plain_text(title), "keywords": code, "created": MADE})
    return book


class Styles:
    """The few formats a printed table needs."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": FONT, "font_size": 10.5, "valign": "vcenter"}
        ruled = base | {"border": 1}
        self._book, self._ruled = book, ruled
        self.title = book.add_format(
            base | {"font_name": "黑体", "font_size": 16, "align": "center", "text_wrap": True}
        )
        self.caption = book.add_format(base | {"bold": True, "font_size": 12, "align": "center"})
        self.caption_left = book.add_format(base | {"bold": True, "font_size": 12})
        self.under = book.add_format(base | {"align": "center"})
        self.under_left = book.add_format(base)
        self.head = book.add_format(
            ruled | {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#E7EDF3"}
        )
        self.text = book.add_format(ruled | {"text_wrap": True})
        self.text_line = book.add_format(ruled)
        self.center = book.add_format(ruled | {"align": "center", "text_wrap": True})
        self.right = book.add_format(ruled | {"align": "right"})
        self.note = book.add_format(base | {"font_size": 9, "text_wrap": True, "valign": "top"})
        self._numbers: dict[tuple[int, str, bool], Any] = {}

    def number(self, decimals: int, mark: str = "", *, is_plain: bool = False) -> Any:
        """The format of a number with so many decimals; a footnote's mark leaves it a number.

        A plain one stands in the middle and without commas, as plans print their numbers.
        """
        kind = (decimals, mark, is_plain)
        if kind not in self._numbers:
            shape = ("0" if is_plain else "#,##0") + ("." + "0" * decimals if decimals else "")
            shape += f'"{mark}"' if mark else ""
            align = "center" if is_plain else "right"
            self._numbers[kind] = self._book.add_format(
                self._ruled | {"num_format": shape, "align": align}
            )
        return self._numbers[kind]


def write_entry(
    sheet: Any,
    row: int,
    column: int,
    entry: Entry,
    styles: Styles,
    form: Any,
    *,
    is_plain: bool = False,
) -> None:
    """A cell: its number where it is one, else its text as text."""
    if entry.number is None:
        sheet.write_string(row, column, plain_text(entry.text), form)
    else:
        shape = styles.number(entry.decimals, entry.mark, is_plain=is_plain)
        sheet.write_number(row, column, float(entry.number), shape)


def on_paper(sheet: Any, repeated: tuple[int, int] | None, stamp: str) -> None:
    """A4 across, as wide as the paper, stamp over and page number under every page.

    Args:
        sheet: the worksheet.
        repeated: first and last row of the headings that every page begins with, if any.
        stamp: day and release; a page that is laid apart must still say what it is of.
    """
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    if repeated is not None:
        sheet.repeat_rows(*repeated)
    sheet.set_header(f"&R&9{plain_text(stamp).replace('&', '&&')}")
    sheet.set_footer("&C第 &P 页，共 &N 页")


def sheet_bytes(page: Page) -> bytes:
    """The page as a workbook of one sheet, A4 across, headings repeated on every page."""
    target = io.BytesIO()
    book = new_workbook(target, page.code, page.title)
    _fill(book.add_worksheet("数据"), Styles(book), page)
    book.close()
    return target.getvalue()


def _fill(sheet: Any, styles: Styles, page: Page) -> None:
    last = page.width - 1
    sheet.merge_range(0, 0, 0, last, "", styles.title)
    sheet.write_string(0, 0, plain_text(page.title), styles.title)
    sheet.set_row(0, 30)
    sheet.merge_range(1, 0, 1, last, "", styles.under)
    sheet.write_string(1, 0, page.subtitle, styles.under)
    _headings(sheet, styles, page)
    for number, entries in enumerate(page.rows, start=4):
        for column, entry in enumerate(entries):
            form = styles.text if column < len(page.fixed) else styles.right
            write_entry(sheet, number, column, entry, styles, form)
        lines = max(math.ceil(text_width(entry.text) / WIDEST) for entry in entries) or 1
        sheet.set_row(number, 16 * lines)
    _notes(sheet, styles, page, 4 + len(page.rows), last)
    for column in range(page.width):
        texts = [entries[column].text for entries in page.rows]
        widest = max((text_width(text) for text in texts), default=8)
        sheet.set_column(column, column, min(max(widest + 2, 9), WIDEST + 2))
    on_paper(sheet, (2, 3), page.subtitle)
    sheet.freeze_panes(4, len(page.fixed))


def _headings(sheet: Any, styles: Styles, page: Page) -> None:
    for column, heading in enumerate(page.fixed):
        sheet.merge_range(2, column, 3, column, heading, styles.head)
    column = len(page.fixed)
    for label, below in page.groups:
        if len(below) > 1:
            sheet.merge_range(2, column, 2, column + len(below) - 1, label, styles.head)
        else:
            sheet.write_string(2, column, label, styles.head)
        for heading in below:
            sheet.write_string(3, column, heading, styles.head)
            column += 1


def _notes(sheet: Any, styles: Styles, page: Page, row: int, last: int) -> None:
    room = 9.0 * page.width + 20
    for text in (*page.notes, page.code_line):
        told = plain_text(text)
        sheet.merge_range(row, 0, row, last, "", styles.note)
        sheet.write_string(row, 0, told, styles.note)
        sheet.set_row(row, 13 * (1 + int(text_width(told) / room)))
        row += 1
