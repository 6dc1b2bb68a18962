"""A print-ready Word document of a page."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from warehouse.exports.page import Page
from warehouse.exports.printing import plain_text

BODY, HEAD = "宋体", "黑体"
WIDTH_MM, NAMES_MM, WIDEST_MM = 267, (36, 42, 18), 36
MADE = datetime(2000, 1, 1)


def set_font(run: Any, name: str, size: float, *, bold: bool = False) -> Any:
    """A run in a font, for Latin and Chinese characters alike."""
    run.font.name, run.font.size, run.font.bold = name, Pt(size), bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
    return run


def paper_bytes(page: Page) -> bytes:
    """The page as a Word document, A4 across, headings repeated on every page."""
    paper = Document()
    section = paper.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin = section.bottom_margin = Mm(15)
    _line(paper, page.title, HEAD, 16, WD_ALIGN_PARAGRAPH.CENTER)
    _line(paper, page.subtitle, BODY, 10.5, WD_ALIGN_PARAGRAPH.CENTER)
    _table(paper, page)
    for note in (*page.notes, page.code_line):
        _line(paper, note, BODY, 9, WD_ALIGN_PARAGRAPH.LEFT)
    _page_number(section.footer.paragraphs[0])
    properties = paper.core_properties
    properties.title, properties.keywords, properties.author = page.title[:255], page.code, ""
    properties.created = properties.modified = MADE
    target = io.BytesIO()
    paper.save(target)
    return settled(target.getvalue())


def settled(document: bytes) -> bytes:
    """The same document with one time on all its parts: equal content, equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as made, zipfile.ZipFile(target, "w") as kept:
        for name in made.namelist():
            part = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            kept.writestr(part, made.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _page_number(paragraph: Any) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for before, code, after in (("第 ", "PAGE", " 页，共 "), ("", "NUMPAGES", " 页")):
        set_font(paragraph.add_run(before), BODY, 9)
        run = set_font(paragraph.add_run(), BODY, 9)
        for kind in ("begin", "", "end"):
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            else:
                part.text = code
            run._r.append(part)
        set_font(paragraph.add_run(after), BODY, 9)


def _line(paper: Any, text: str, font: str, size: float, align: Any) -> None:
    paragraph = paper.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(3)
    set_font(paragraph.add_run(plain_text(text)), font, size)


def _table(paper: Any, page: Page) -> None:
    table = paper.add_table(rows=2 + len(page.rows), cols=page.width)
    table.style = "Table Grid"
    top, below = table.rows[0].cells, table.rows[1].cells
    for column, heading in enumerate(page.fixed):
        _put(top[column].merge(below[column]), heading, WD_ALIGN_PARAGRAPH.CENTER, font=HEAD)
    column = len(page.fixed)
    for label, headings in page.groups:
        _put(top[column].merge(top[column + len(headings) - 1]), label,
             WD_ALIGN_PARAGRAPH.CENTER, font=HEAD)  # fmt: skip
        for heading in headings:
            _put(below[column], heading, WD_ALIGN_PARAGRAPH.CENTER, font=HEAD)
            column += 1
    for row, entries in zip(table.rows[2:], page.rows, strict=True):
        for place, (cell, entry) in enumerate(zip(row.cells, entries, strict=True)):
            is_name = place < len(page.fixed)
            align = WD_ALIGN_PARAGRAPH.LEFT if is_name else WD_ALIGN_PARAGRAPH.RIGHT
            _put(cell, entry.text, align)
    names = NAMES_MM[: len(page.fixed)]
    # Few numbers stand near their names instead of at the far edge of the paper.
    rest = min((WIDTH_MM - sum(names)) / max(page.width - len(page.fixed), 1), WIDEST_MM)
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for place, grid_column in enumerate(table.columns):
        grid_column.width = Mm(names[place] if place < len(names) else rest)
        for cell in grid_column.cells:
            cell.width = grid_column.width
    for number, row in enumerate(table.rows):
        for name in ("w:tblHeader", "w:cantSplit") if number < 2 else ("w:cantSplit",):
            mark = OxmlElement(name)
            mark.set(qn("w:val"), "true")
            row._tr.get_or_add_trPr().append(mark)


def _put(cell: Any, text: str, align: Any, font: str = BODY) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(0)
    set_font(paragraph.add_run(plain_text(text)), font, 9)
