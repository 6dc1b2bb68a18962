"""What a changed number is called in words: its table, its row, its column, its value.

Codes stay what programs read; these are the words beside them, for the pages and texts that people
read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sources.periods import PeriodError, parse_period
from sources.vocabulary import TARGET_STATUS_ZH, said

NAMES = """
select unit_code as code, unit_name_zh as name_zh from marts.units where is_current
union all select indicator_code, indicator_zh from marts.indicators where is_current
union all select target_code, indicator_zh from marts.plan_targets
union all select element_code, element_zh from marts.elements where is_current
union all select plan_code, plan_zh from marts.plans
"""
"""Asks a release for the name of each code that keys of its rows are made of."""

# A span needs no word of its own where the period's name tells it.
_SPANS_ZH: Mapping[str, str] = {
    "month": "",
    "quarter": "",
    "half": "",
    "year": "",
    "window": "",
    "ytd": "（本年累计）",
    "plan_to_date": "（规划期累计）",
}


def row_zh(key_text: str, names: Mapping[str, str]) -> str:
    """A row of the marts in words: codes by their names, a period as a form prints it."""
    words: list[str] = []
    for part in key_text.split("|"):
        if part in _SPANS_ZH and words:
            words[-1] += _SPANS_ZH[part]
        else:
            words.append(names.get(part) or period_words(part))
    return " ".join(words)


def value_zh(column_name: str, value: str | None) -> str:
    """A value of a change: a status by its word, a number without needless digits; else empty."""
    if column_name == "status_code":
        return said(TARGET_STATUS_ZH, value)
    try:
        return "" if value is None else f"{float(value):.6f}".rstrip("0").rstrip(".")
    except ValueError:
        return str(value)


def without_needless_digits(value: str | None) -> str | None:
    """A recorded value as it is told beside another: a long fraction up to six places.

    Anything else, a code or a rank such as `3/9`, stays as it is.
    """
    if value is None or not re.fullmatch(r"-?\d+\.\d{3,}", value):
        return value
    return value_zh("value", value)


def period_words(part: str) -> str:
    """A period as a form prints it; a text that is none as it is."""
    try:
        return parse_period(part).label_zh
    except PeriodError:
        return part


def cell_words(place: str | None) -> str:
    """Where a value stands in a file: a cell of a text file by row and column, else as Excel says.

    A text file has no sheets; its cells bear the name `csv` before the `!`.
    """
    sheet, _, cell = str(place or "").rpartition("!")
    found = re.fullmatch(r"([A-Z]+)(\d+)", cell)
    if sheet == "csv" and found:
        return f"第 {found[2]} 行 {found[1]} 列"
    return str(place or "")
