"""Numbers as counties write them: one filed text becomes an exact decimal, or the reason why not.

What lives here: signs, thousands marks, full-width characters, declared missing marks, and a unit
that the text itself names in full. Nothing is guessed: `3.5万`, `95.3%` and `约100` stay texts with
an issue, because only the filer knows; `3.5万件` in a row of 件 says all there is to know.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from sources.marks import NO_MARKS, ReadingMarks
from sources.texts import normalised

# NFKC leaves these signs and dashes as they are.
_SIGNS = str.maketrans(
    {"−": "-", "—": "-", "–": "-", "‐": "-", "‑": "-", "―": "-", "﹣": "-", "﹐": ","}
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[, ][0-9]{3})+)(?:\.[0-9]+)?")
_PERCENT = re.compile(r"[+-]? ?[0-9,]+(?:\.[0-9]+)? ?[%‰]")
_SUFFIXED = re.compile(
    r"[+-]?[0-9,]+(?:\.[0-9]+)? ?[万亿千百个件元项家人次户名枚种宗起条部幅册份篇场班%]+"
)
_NUMERAL = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?")
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
        issue: blank, missing_mark, percent, unit_suffix, not_a_number: no number; full_width,
            unit_spelled (`12件`), unit_scaled (`6万件`), growth_word (`增长-2`): a number all the
            same; None: a plain number.
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


def parse_number(text: str | None, marks: ReadingMarks = NO_MARKS) -> ParsedNumber:
    """The number a filed text says, exactly as filed and in the filed unit."""
    if text is None or not text.strip():
        return ParsedNumber(None, issue="blank")
    filed = text.strip()
    if filed.isascii() and filed.isdigit() and len(filed) <= INTEGER_DIGITS:
        return ParsedNumber(Decimal(filed))
    plain = _plain(filed)
    if not plain:
        return ParsedNumber(None, issue="blank")
    if marks.is_missing(plain):
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


def parse_filed(text: str | None, unit_zh: str, marks: ReadingMarks) -> ParsedNumber:
    """The number a text says in a row of some unit, where the text names its unit in full.

    `12件` in a row of 件 is 12, `6万件` is 60000, `3.17亿元` in a row of 万元 is 31700 and
    `下降2.79%` in a row of % is -2.79; each says by its issue that more than a number was written.
    """
    parsed = parse_number(text, marks)
    if text is None or parsed.issue not in {"unit_suffix", "percent", "not_a_number"}:
        return parsed
    rest, sign = _without_growth_word(_plain(text), marks)
    found = _NUMERAL.match(rest)
    if found is None:
        return parsed
    number = parse_number(found[0])
    if number.number is None or (sign < 0 and number.number < 0):
        return parsed
    factor = _factor(rest[found.end() :], unit_zh, marks)
    if factor is None:
        return parsed
    value = number.number * factor
    if len(str(abs(int(value)))) > INTEGER_DIGITS:
        return parsed
    issue = "unit_scaled" if factor != 1 else "growth_word" if sign else "unit_spelled"
    return ParsedNumber(-value if sign < 0 else value, issue=issue)


def _without_growth_word(text: str, marks: ReadingMarks) -> tuple[str, int]:
    """The text after a word that carries a sign, and the sign; 0 when there is no such word."""
    for word, sign in sorted((marks.growth or {}).items(), key=lambda pair: -len(pair[0])):
        if text.startswith(word):
            return text[len(word) :].lstrip(" :"), sign
    return text, 0


def _factor(said: str, unit_zh: str, marks: ReadingMarks) -> Decimal | None:
    """What a number said in one unit is multiplied by to be in another; None when unlike."""
    theirs, ours = normalised(said), normalised(unit_zh)
    if theirs in ("", ours):
        # A word of growth before a bare number; without a word it was a plain number before.
        return Decimal(1)
    by_theirs, their_base = _scale(theirs, marks)
    by_ours, our_base = _scale(ours, marks)
    return by_theirs / by_ours if their_base and their_base == our_base else None


def _scale(unit: str, marks: ReadingMarks) -> tuple[Decimal, str]:
    """The power of ten a unit begins with, and the unit without it."""
    for word, factor in sorted((marks.scales or {}).items(), key=lambda pair: -len(pair[0])):
        if unit.startswith(word):
            return factor, unit[len(word) :]
    return Decimal(1), unit
