"""A quick second look at the sheets that are plain, as nearly all of a county's are.

Plain means: every cell has its address and is blank, a number, a text of the string table or a
formula with its result, written as spreadsheet programs write them, and no row is hidden. A sheet
that is anything else is not judged here at all; the pass of `sheetxml` looks at it cell by cell.
What both say of a plain sheet is the same.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from sources.readers.grid import Limits, place_of
from sources.readers.sheetxml import SheetScan, has_dde, is_external

PLAIN_BYTES = 2 * 1024 * 1024
"""Larger sheets are looked at as they are unpacked."""

_BEGIN, _END, _BLANK = b"<sheetData>", b"</sheetData>", b"<sheetData/>"
_DECLARATION = re.compile(
    rb"""<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?(?: standalone="(?:yes|no)")?\s*\?>\s*"""
)
_NOT_AROUND = re.compile(
    rb"<(?:[^<>\s/:]*:)?(?:sheetData|row|c)[\s/>]|<!|<\?"
    rb"|<(?:[^<>\s/:]*:)?col\s[^<>]*hidden\s*=\s*[\"'](?!0|false)"
)
_NO_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_FLAG, _FALSE = rb'="[a-z0-9]{1,5}"', rb'="(?:0|false)"'
_ATTRIBUTES = (
    rb' spans="[0-9: ]{0,20}"', rb' s="[0-9]{1,5}"', b" customFormat" + _FLAG,
    rb' ht="(?!0")[0-9][0-9.]{0,20}"', b" hidden" + _FALSE, b" customHeight" + _FLAG,
    rb' outlineLevel="0"', b" collapsed" + _FALSE, b" thickTop" + _FLAG, b" thickBot" + _FLAG,
    rb' x14ac:dyDescent="[0-9.]{1,20}"',
)  # fmt: skip
_FORMULA = rb'(?:<f(?: aca="false")?>[^<>&]++</f>)?'
_NUMBER = rb"[+-]?+(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+"
_CELL = b"".join((
    rb'<c r="[A-Z]{1,3}[1-9][0-9]{0,6}"(?: s="[0-9]{1,5}")?',
    rb'(?:/>| t="s"><v>[0-9]++</v></c>',
    rb'|(?: t="n")?>', _FORMULA, b"<v>", _NUMBER, b"</v></c>",
    rb'| t="str">', _FORMULA, rb"<v>[^<>&]++</v></c>)",
))  # fmt: skip
_ROW = b"".join((
    rb'<row r="[1-9][0-9]{0,6}"', *(b"(?:%s)?" % one for one in _ATTRIBUTES),
    b"(?:/>|>(?:", _CELL, b")*</row>)",
))  # fmt: skip
_PLAIN = re.compile(b"(?:" + _ROW + b")*")
_FILLED = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"(?: s="([0-9]+)")?(?: t="([a-z]+)")?>(?:<f[^>]*>([^<]+)</f>)?'
)


def scan_plain(
    content: bytes, percent: frozenset[str], limits: Limits, *, is_hidden: bool = False
) -> SheetScan | None:
    """What `scan_sheet` finds in a plain sheet; None for a sheet that is not."""
    table = _table_of(content)
    if table is None or not _PLAIN.fullmatch(table):
        return None
    cells = _FILLED.findall(table)
    places = [place_of(cell[0].decode("ascii")) for cell in cells]
    filled = {place for place in places if place is not None}
    if len(filled) != len(cells) or len(filled) > limits.cells:
        return None
    if filled and (
        max(row for row, _ in filled) >= limits.rows
        or max(column for _, column in filled) >= limits.columns
    ):
        return None
    scan = SheetScan(filled=filled, is_hidden=is_hidden)
    shown = {style.encode("ascii") for style in percent}
    for place, (_, style, kind, formula) in zip(places, cells, strict=True):
        if (formula or style in shown) and place is not None:
            issue = _issue(style in shown and kind in (b"", b"n"), formula.decode("utf-8"))
            if issue is None:
                return None
            if issue:
                scan.issues[place] = issue
    return scan


def _table_of(content: bytes) -> bytes | None:
    """The rows of a sheet whose other parts are well-formed and hold no rows; None otherwise."""
    declaration = _DECLARATION.match(content)
    body = content[declaration.end() :] if declaration else content
    if len(body) > PLAIN_BYTES or not body.startswith(b"<worksheet"):
        return None
    head, begun, rest = body.partition(_BEGIN)
    table, ended, tail = rest.partition(_END)
    if not begun:
        head, blank, tail = body.partition(_BLANK)
        table, ended = b"", blank
    if not ended or not _is_well_formed(head, tail):
        return None
    if b"x14ac:" in table and b" xmlns:x14ac=" not in head:
        return None
    if _NO_CHARACTERS.search(table):
        return None
    try:
        table.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return table


def _is_well_formed(head: bytes, tail: bytes) -> bool:
    """Whether what stands around the table is XML, and holds no part of it and nothing hidden."""
    if _NOT_AROUND.search(head) or _NOT_AROUND.search(tail):
        return False
    parser = expat.ParserCreate("utf-8", namespace_separator="}")
    try:
        parser.Parse(head + _BLANK + tail, True)
    except (expat.ExpatError, ValueError):
        return False
    return True


def _issue(is_percent: bool, formula: str) -> str | None:
    """The issue of a cell, empty for none; None for one that only the slow look may judge."""
    if formula and has_dde(formula):
        return None
    if is_percent:
        return "percent_format"
    if not formula:
        return ""
    return "external_formula" if is_external(formula) else "formula"
