"""Numbers and texts as they leave the house."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from sources import vocabulary
from sources.definitions import KEYS, Definitions
from warehouse.exports.printing import plain_text, printed, rounded, safe_cell, told
from warehouse.reports.charts import FONTS
from warehouse.reports.html import TEMPLATES


@pytest.mark.parametrize(
    ("value", "decimals", "mode", "text"),
    [
        (8.3965, 2, "truncate", "8.39"),
        (8.39, 2, "truncate", "8.39"),
        (8.3965, 2, "half_up", "8.40"),
        (0.125, 2, "half_up", "0.13"),
        (Decimal("2.5"), 0, "half_up", "3"),
        (-2.5, 0, "half_up", "-3"),
        (1e16, 0, "half_up", "10000000000000000"),
        (None, 2, "half_up", "—"),
    ],
)
def test_a_number_is_printed_by_its_rule(
    value: object, decimals: int, mode: str, text: str
) -> None:
    assert printed(value, decimals, mode) == text


def test_one_number_has_one_text() -> None:
    assert {told(value) for value in (472, 472.0, Decimal("472.000000"))} == {"472"}
    assert told(0) == told(Decimal("0.00")) == "0"
    assert told("3/9") == "3/9"
    assert told(None) is None
    assert rounded(None, 2) is None


@pytest.mark.parametrize("text", ["=1+1", "+cmd|'x'!A1", "-2+3", "@SUM(A1)", "\t=1", "＝1"])
def test_no_text_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-", "=", "-3.5", "+4%", "红山区", "", "达\"尔'罕"])
def test_other_texts_stay(text: str) -> None:
    assert safe_cell(text) == text


def test_what_no_file_can_hold_is_left_out() -> None:
    assert plain_text("红\x00山\x0b区\ufffe") == "红山区"


def font_characters() -> set[str]:
    """The characters that the bundled font has a glyph for: its map of format 4, read by hand."""
    data = (FONTS / "QiangshiSans.otf").read_bytes()

    def number(place: int, size: int = 2) -> int:
        return int.from_bytes(data[place : place + size], "big")

    records = [12 + 16 * n for n in range(number(4))]
    cmap = next(number(at + 8, 4) for at in records if data[at : at + 4] == b"cmap")
    start = cmap + number(cmap + 8, 4)
    assert number(start) == 4
    segments = number(start + 6) // 2
    ends, begins = start + 14, start + 16 + 2 * segments
    deltas, offsets = begins + 2 * segments, begins + 4 * segments
    found = set()
    for n in range(segments):
        offset = number(offsets + 2 * n)
        for code in range(number(begins + 2 * n), number(ends + 2 * n) + 1):
            first = number(begins + 2 * n)
            glyph = (
                number(offsets + 2 * n + offset + 2 * (code - first))
                if offset
                else (code + number(deltas + 2 * n)) & 0xFFFF
            )
            if glyph:
                found.add(chr(code))
    return found


def test_the_bundled_font_lacks_no_glyph_of_the_definitions_and_the_words() -> None:
    known = font_characters()
    texts = [str(value) for words in vars(vocabulary).values() if isinstance(words, dict)
             for value in words.values()]  # fmt: skip
    definitions = Definitions.load()
    for table in KEYS:
        texts += [str(value) for row in definitions.table(table).iter_rows() for value in row]
    seeds = Path(__file__).resolve().parents[3] / "models/seeds/units.csv"
    with seeds.open(encoding="utf-8") as handle:
        texts += [cell for row in csv.reader(handle) for cell in row]
    # What the page itself says is set in it too.
    texts += [path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")]
    lacking = {char for text in texts for char in text if not char.isspace()} - known
    assert lacking == set()
    assert "\u9f98" not in known  # a rare character: the map is read, not taken for everything
