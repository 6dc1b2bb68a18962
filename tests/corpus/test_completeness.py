"""What counties are known to send, item by item, and the files of the corpus that stand for it."""

from __future__ import annotations

import pytest

from tests.corpus.test_corpus import MANIFEST

TAKEN, REFUSED, NO_FIGURE = "taken", "refused", "no figure"

# item → what becomes of it, and the cases that show it
ITEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "xlsx": (TAKEN, ("a workbook", "a workbook without hidden sheet")),
    "xls": (TAKEN, ("an old workbook", "an old workbook without hidden sheet")),
    "WPS files saved as either": (
        TAKEN, ("an old workbook as WPS names it", "a workbook with texts in its cells"),
    ),
    "ods": (TAKEN, ("an OpenDocument spreadsheet",)),
    "csv in UTF-8": (TAKEN, ("text in utf-8 split by commas",)),
    "csv in UTF-8 with BOM": (TAKEN, ("text in utf-8-sig split by commas",)),
    "csv in GB18030": (TAKEN, ("text in gb18030 split by commas",)),
    "csv in UTF-16": (
        TAKEN,
        ("text in utf-16 split by commas", "text in utf-16-le split by commas",
         "text in utf-16-be split by commas"),
    ),
    "tsv": (TAKEN, ("text in utf-8 split by tabs", "text in gb18030 split by tabs")),
    "xlsm": (
        REFUSED,
        ("macros", "macros under an innocent name", "a workbook of the kind for macros"),
    ),
    "magic bytes against extension": (
        TAKEN,
        ("a workbook named xls", "an old workbook named xlsx", "a workbook named csv",
         "an OpenDocument spreadsheet named xlsx"),
    ),
    "magic bytes of what is no workbook": (
        REFUSED, ("a text named xlsx", "a web page named xls", "a photo named xlsx"),
    ),
    "PDF by itself is no form": (REFUSED, ("a scan",)),
    "JPG by itself is no form": (REFUSED, ("a photo",)),
    "PNG by itself is no form": (REFUSED, ("a picture",)),
    "OFD by itself is no form": (REFUSED, ("a sealed document",)),
    "scans beside a workbook": (TAKEN, ("a zip with scans of every kind beside a workbook",)),
    "title rows": (TAKEN, ("no title row", "three title rows")),
    "merged headers": (TAKEN, ("merged title and a header of two levels",)),
    "multi-level headers": (
        TAKEN, ("a header of two levels in a text", "a header of three levels"),
    ),
    "footers kept as metadata": (
        TAKEN,
        ("several people in one cell, other labels, notes below", "people whose labels are spaced",
         "a footer that begins in the third column"),
    ),
    "合计 as a control total": (
        TAKEN,
        ("a total over different units", "a total of running totals that is wrong"),
    ),
    "小计 as a control total": (
        TAKEN,
        ("a subtotal that is right", "a subtotal that is wrong",
         "a subtotal that leaves parts out"),
    ),
    "blank rows": (TAKEN, ("blank rows inside the table",)),
    "hidden rows": (
        TAKEN,
        ("a hidden row", "an old workbook with a hidden row", "an OpenDocument hidden row"),
    ),
    "hidden sheets": (
        TAKEN,
        ("a hidden copy of another month", "a hidden sheet before the form",
         "an old workbook with a hidden copy of another month", "an OpenDocument hidden sheet"),
    ),
    "a form in a hidden sheet": (REFUSED, ("a form in a hidden sheet only",)),
    "several forms in one workbook": (
        TAKEN,
        ("three months in one workbook", "three months in one old workbook",
         "three months in one OpenDocument spreadsheet"),
    ),
    "a zip of workbooks": (
        TAKEN, ("a zip of workbooks", "a zip with names in the Chinese code page"),
    ),
    **{
        f"the mark {mark}": (NO_FIGURE, (f"the missing mark {mark}",))
        for mark in ("-", "—", "无", "/", "…")
    },
    "千分位": (TAKEN, ("thousands marks", "full-width thousands marks")),
    "full-width": (TAKEN, ("full-width thousands marks", "the period ２０２５年３月")),
    "万 before the unit": (TAKEN, ("ten thousands of the row's unit",)),
    "亿 before the unit": (TAKEN, ("hundred millions where ten thousands are asked",)),
    "万 without a unit": (NO_FIGURE, ("a scale without its unit",)),
    "percent": (
        NO_FIGURE,
        ("a percentage in words", "a percent format", "an old workbook with a percentage",
         "an OpenDocument percentage"),
    ),
    "二〇二五年三月": (TAKEN, ("the period 二〇二五年三月",)),
    "the other period spellings": (
        TAKEN,
        ("the period 2025年3月", "the period 二零二五年三月份", "the period 2025.03",
         "the period 2025/3", "the period 202503", "the period 2025年1—3月", "the period 2025-03",
         "the period that the program made a date"),
    ),
    "negative growth after 增长": (TAKEN, ("a negative after 增长", "a fall in words")),
    "formula with a cached value": (
        TAKEN, ("a formula with its result", "an OpenDocument formula with its result"),
    ),
    "uncached formula": (
        NO_FIGURE,
        ("a formula that was never computed", "a formula in a text",
         "an old workbook with a formula that was never computed",
         "an OpenDocument formula without a result"),
    ),
    "failed formula": (
        NO_FIGURE, ("a formula that failed", "an OpenDocument formula that failed"),
    ),
    "zip bomb": (
        REFUSED,
        ("a zip bomb", "a member beyond the size of a file", "a bomb inside a workbook"),
    ),
    "path traversal in member names": (
        REFUSED,
        ("a member that climbs out", "a member that climbs out the Windows way",
         "a member with an absolute place", "a member on a drive", "a member that is a link"),
    ),
    "macros": (REFUSED, ("macros", "a macro sheet", "OpenDocument macros")),
    "external links": (
        TAKEN,
        ("a formula over another workbook", "a workbook that carries a link to another workbook"),
    ),
    "DDE": (
        REFUSED,
        ("a link to another program", "a formula that starts another program",
         "an OpenDocument formula that starts another program"),
    ),
    "formula injection": (TAKEN, ("formulas for export programs in the remarks",)),
    "XML entity bombs": (
        REFUSED,
        ("an entity bomb in a sheet", "an entity bomb in the string table",
         "an entity bomb in the workbook part", "an entity bomb in an OpenDocument spreadsheet"),
    ),
    "lying declared sizes": (
        REFUSED,
        ("a workbook that declares its sheet small", "a workbook that declares its sheet huge",
         "a zip that declares its member small"),
    ),
    "lying dimensions": (
        TAKEN,
        ("a workbook whose dimension lies low", "a workbook whose dimension lies high"),
    ),
    "lying counts": (
        REFUSED, ("a string table that declares two thousand million strings",),
    ),
    "one cell at XFD1048576": (REFUSED, ("a cell at the far corner",)),
    "a million blank formatted rows": (TAKEN, ("a million blank formatted rows",)),
    "a 16,384-column sheet": (
        REFUSED, ("a sheet of 16,384 columns", "a text of 16,384 columns"),
    ),
    "the right headers in the wrong sheet": (
        REFUSED, ("the right headers in the wrong sheet",),
    ),
    "two units in one file": (
        REFUSED, ("two units in one form", "a second sheet about another unit"),
    ),
    "mojibake": (
        REFUSED,
        ("UTF-8 read as GBK and saved", "GBK read as Latin and saved",
         "characters lost on the way"),
    ),
    "an unclosed csv quote": (
        REFUSED, ("an unclosed quote in the first row", "an unclosed quote in a remark"),
    ),
    "numbers as text with trailing units": (
        TAKEN, ("a number kept as text", "the row's unit after the number"),
    ),
    "numbers with another unit": (NO_FIGURE, ("another unit after the number",)),
    "dates as serials": (REFUSED, ("a period as a day count",)),
    "a date as a figure": (NO_FIGURE, ("a day where a figure should be",)),
    "moved columns": (TAKEN, ("moved columns",)),
    "a renamed column": (REFUSED, ("a renamed header",)),
    "an unknown column": (REFUSED, ("a further column",)),
    "a missing column": (REFUSED, ("no header",)),
    "a nested zip beside a workbook": (TAKEN, ("a zip in a zip, beside a good workbook",)),
}  # fmt: skip

BY_NAME = {case.name: case for case in MANIFEST}


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_has_files_that_become_what_is_said_of_it(item: str) -> None:
    becomes, names = ITEMS[item]
    assert [name for name in names if name not in BY_NAME] == []
    for name in names:
        case = BY_NAME[name]
        assert case.is_accepted == (becomes != REFUSED), name
        if becomes == NO_FIGURE:
            values = [value for form in case.forms for value in form.values.values()]
            assert any(number is None for _, number, _ in values), name


def test_fifty_accepted_files_have_every_cell_compared_and_not_only_every_value() -> None:
    compared = [case for case in MANIFEST if case.is_accepted and case.cells]
    assert len(compared) >= 50
