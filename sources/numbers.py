"""Numbers as counties write them: one filed text becomes an exact decimal, or the reason why not.

What lives here: signs, thousands marks, full-width characters, missing marks. Nothing is scaled or
guessed: `3.5万`, `95.3%` and `约100` stay texts with an issue, because only the filer knows.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

MISSING_MARKS = frozenset({"/", "\\", "无", "空", "n/a", "na"})
"""Texts that say "no figure" once they are normalised, beside rows of dashes or dots."""

# NFKC leaves these signs and dashes as they are.
_SIGNS = str.maketrans(
    {"−": "-", "—": "-", "–": "-", "‐": "-", "‑": "-", "―": "-", "﹣": "-", "﹐": ","}
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[, ][0-9]{3})+)(?:\.[0-9]+)?")
_PERCENT = re.compile(r"[+-]? ?[0-9,]+(?:\.[0-9]+)? ?[%‰]")
_SUFFIXED = re.compile(
    r"[+-]?[0-9,]+(?:\.[0-9]+)? ?[万亿千百个件元项家人次户名枚种宗起条部幅册份篇场班%]+"
)
_LONGEST = 64
INTEGER_DIGITS = 15
"""Excel keeps no more, and sums over units must stay exact in the warehouse."""
_FULL_WIDTH = {ord("\u3000"): " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}


@dataclass(frozen=True)
class ParsedNumber:
    """What a text says: `number` when it is one, `issue` when it is none or oddly written.

    Attributes:
        number: the exact value, in the unit the text was filed in; None when there is none.
        mark: the missing mark as filed (`—`, `无`), None otherwise.
        issue: blank, missing_mark, percent, unit_suffix, not_a_number: no number; full_width: a
            number all the same; None: a plain number.
    """

    number: Decimal | None
    mark: str | None = None
    issue: str | None = None

    @property
    def number_text(self) -> str | None:
        """The number as canonical numeral: no exponent, no plus, no needless zeros."""
        return None if self.number is None else canonical(self.number)


def canonical(number: Decimal) -> str:
    """A decimal as plain text: `1200`, `-0.5`; zero is always `0`."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def number_as_text(number: float) -> str:
    """A workbook's number as its 15 significant digits, plain, with no trailing `.0`.

    Excel itself keeps 15 digits: 0.1 + 0.2 is filed as 0.3, not as 0.30000000000000004.
    """
    text = f"{number:.15g}"
    return canonical(Decimal(text)) if "e" in text else text.removesuffix(".0")


def _plain(text: str) -> str:
    """The text in half-width signs. Nothing else is folded: ① is no 1, and 12 34 is no 1234."""
    return text.translate(_FULL_WIDTH).translate(_SIGNS).replace("\u00a0", " ").strip()


def _read(numeral: str) -> Decimal | None:
    """The value of a numeral; None when it has more digits than any figure can have."""
    whole = numeral.lstrip("+-").split(".")[0].lstrip("0")
    return Decimal(numeral) if len(whole) <= INTEGER_DIGITS else None


def parse_number(text: str | None) -> ParsedNumber:
    """The number a filed text says, exactly as filed and in the filed unit."""
    if text is None or not text.strip():
        return ParsedNumber(None, issue="blank")
    filed = text.strip()
    if filed.isascii() and filed.isdigit() and len(filed) <= INTEGER_DIGITS:
        return ParsedNumber(Decimal(filed))
    plain = _plain(filed)
    if not plain:
        return ParsedNumber(None, issue="blank")
    if plain.lower() in MISSING_MARKS or set(plain) in ({"-"}, {"."}, {"…"}):
        return ParsedNumber(None, mark=filed, issue="missing_mark")
    if len(plain) <= _LONGEST:
        if _NUMBER.fullmatch(plain):
            number = _read(plain.replace(",", "").replace(" ", ""))
            if number is None:
                return ParsedNumber(None, issue="not_a_number")
            return ParsedNumber(number, issue="full_width" if _has_full_width(filed) else None)
        if _PERCENT.fullmatch(plain):
            return ParsedNumber(None, issue="percent")
        if _SUFFIXED.fullmatch(plain):
            return ParsedNumber(None, issue="unit_suffix")
    return ParsedNumber(None, issue="not_a_number")


def _has_full_width(text: str) -> bool:
    """Whether a digit or sign stands in its full-width form; other spaces do not count."""
    return any(unicodedata.east_asian_width(c) in "FW" and not c.isspace() for c in text)
