"""Numbers and texts as they are printed: rounded by the indicator's rule, safe in a spreadsheet."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

NONE_ZH = "—"
"""Stands where there is no number; never a zero, never an empty cell."""

_FORMULA = re.compile(r"^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def exact(value: Any) -> Decimal | None:
    """A published number as an exact decimal: a double by its shortest text, as DuckDB casts it."""
    if value is None:
        return None
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def rounded(value: Any, decimals: int, rounding_mode: str = "half_up") -> Decimal | None:
    """The number to so many places, half up or cut off, as the models print it."""
    number = exact(value)
    if number is None:
        return None
    mode = ROUND_DOWN if rounding_mode == "truncate" else ROUND_HALF_UP
    # Eight digits first: what computing left of 8.39 must not be cut to 8.38.
    number = number.quantize(Decimal("1e-8"), rounding=ROUND_HALF_UP)
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=mode)


def printed(value: Any, decimals: int, rounding_mode: str = "half_up") -> str:
    """The number as text with its decimals; a dash where there is none."""
    number = rounded(value, decimals, rounding_mode)
    return NONE_ZH if number is None else f"{number:f}"


def told(value: Any) -> str | None:
    """One text for one value, whatever type it came in: what two exports are compared by."""
    if value is None or isinstance(value, str):
        return value
    number = exact(value)
    assert number is not None
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def plain_text(text: Any) -> str:
    """A text that a spreadsheet or document file can hold: without control characters."""
    return _NOT_IN_XML.sub("", "" if text is None else str(text))


def safe_cell(text: Any) -> str:
    """A text for a CSV that no spreadsheet takes for a formula: it is led by an apostrophe.

    A negative number filed as text stays a number, a sign by itself a sign.
    """
    told = plain_text(text)
    if not _FORMULA.match(told) or re.fullmatch(r".|[+\-]\d[\d,.]*%?", told):
        return told
    return f"'{told}"
