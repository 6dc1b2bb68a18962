"""Periods as counties write them: 2025年3月, 二〇二五年三月, 2025.03, 2025Q1, 2025年1—3月.

What lives here: texts to periods, and the period a file's name tells. The SDMX codes and their
arithmetic are in `periods`. A span of months is a quarter, half or year only where the form's
frequency says so: for a monthly form `1—3月` is March, whose running total it heads.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from sources.periods import MONTHS_IN, Period, PeriodError, parse_period, period_of

_SHORT = 64
_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_TENS = re.compile(r"([一二三四五六七八九])?十([一二三四五六七八九])?")
_NUMERALS = "〇○零一二三四五六七八九十"
_ZH_YEAR = re.compile(rf"([{_NUMERALS}]{{4}})年")
_ZH_NUMBER = re.compile(rf"[{_NUMERALS}]+")
_DASHES = str.maketrans(dict.fromkeys("—–−―‐~～至到", "-"))

_YEAR_ONLY = re.compile(r"(\d{4})年?(?:度|全年)?")
# A typed 2025.10 reaches us as the number 2025.1, so one digit 1 after a point is no month.
_IN_MONTH = re.compile(
    r"(\d{4})(?:(?:年度?|[-/])0?|\.0|\.(?!1$))([1-9]|1[0-2])(?:月份?|\.)?"
)  # fmt: skip
_COMPACT = re.compile(r"(\d{4})(0[1-9]|1[0-2])")
_IN_QUARTER = re.compile(r"(\d{4})(?:年度?|[-/.])?(?:第?([1-4])季度?|[qQ]([1-4]))")
_IN_HALF = re.compile(r"(\d{4})年?度?(上|下)半年")
_SPAN = re.compile(r"(\d{4})年?0?([1-9]|1[0-2])月?-(?:\1年)?0?([1-9]|1[0-2])月份?")
_WHOLE_DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]?00:00(?::00)?)?"
)  # fmt: skip
_SERIAL = re.compile(r"[3-6]\d{4}(?:\.0+)?")
# In a name a period stands among other words, and beside days and months of sending.
_NAMED_YEAR = rf"(?<!\d)(?:20\d\d|二[{_NUMERALS}]{{3}})"
_NAMED_PART = (
    rf"第?[1-4一二三四]季度|[上下]半年|(?:\d{{1,2}}月?\s*[-—–－~～至到]\s*)?\d{{1,2}}月份?"
    rf"|[{_NUMERALS}]{{1,3}}月份?"
)
_SENT = r"(?!\s*\d{1,2}\s*[日号])(?!报送|上报|填报|修改|修订|更新|打印|收)"
_NAMED = re.compile(
    rf"{_NAMED_YEAR}年度?\s*(?:{_NAMED_PART}){_SENT}"
    rf"|(?<!\d)20\d\d[-_.]?[QqSs][1-4](?!\d)"
    rf"|(?<!\d)20\d\d[-_.](?:0[1-9]|1[0-2])(?![-_.年月]?\d)"
    rf"|(?<![0-9A-Za-z])20\d\d(?:0[1-9]|1[0-2])(?![0-9A-Za-z])"
    rf"|{_NAMED_YEAR}年度?(?!\s*(?:{_NAMED_PART})){_SENT}"
    rf"|(?<=_)20\d\d$"
)
PERIOD_WAYS_ZH = (
    "月写 2025-12 或 2025年12月，季写 2025-Q4 或 2025年四季度，"
    "半年写 2025-S2 或 2025年下半年，年写 2025 或 2025年"
)
"""How a period may be written, told where a text is none."""
_EXCEL_EPOCH = date(1899, 12, 30)


def read_period(text: str, frequency: str | None = None) -> Period | None:
    """The period of an SDMX code or of its Chinese wording; None when it is neither.

    Args:
        text: as filed.
        frequency: how often the form is filed; it decides what a span or a day stands for.
    """
    read = _read if len(text) <= _SHORT else _read.__wrapped__
    return read(text, frequency)


# The same few periods are printed in every file of a night.
@lru_cache(maxsize=4096)
def _read(text: str, frequency: str | None) -> Period | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        return parse_period(plain)
    except PeriodError:
        pass
    try:
        return _of_words(_typed(plain), frequency)
    except PeriodError:
        return None


def _of_words(plain: str, frequency: str | None) -> Period | None:
    """The period of a wording.

    Raises:
        PeriodError: it names a year that the calendar does not have.
    """
    if match := _SPAN.fullmatch(plain):
        return _spanned(int(match[1]), int(match[2]), int(match[3]), frequency)
    for pattern, kind in ((_IN_MONTH, "month"), (_COMPACT, "month"), (_IN_QUARTER, "quarter")):
        if match := pattern.fullmatch(plain):
            return period_of(kind, int(match[1]), int(next(g for g in match.groups()[1:] if g)))
    if match := _IN_HALF.fullmatch(plain):
        return period_of("half", int(match[1]), 1 if match[2] == "上" else 2)
    if match := _YEAR_ONLY.fullmatch(plain):
        return period_of("year", int(match[1]))
    return _of_day(plain, frequency)


def asked_period(text: str) -> tuple[Period, bool] | None:
    """The period a person asks for by code or name, and whether the wording is the year so far.

    `2025年1—12月` is December and its running total; `2025年10—12月` is the fourth quarter. None
    where the text names no period; a day is none: it may stand for its month, quarter or year.
    """
    plain = _typed(unicodedata.normalize("NFKC", text))
    if _WHOLE_DAY.fullmatch(plain):
        return None
    named = read_period(text)
    if named is None:
        # A span that does not begin with the year is only ever a whole quarter or half.
        spans = (read_period(text, frequency) for frequency in ("quarter", "half"))
        named = next((one for one in spans if one is not None), None)
        return (named, False) if named else None
    span = _SPAN.fullmatch(plain)
    return named, span is not None and span[2] != span[3]


def serial_day(text: str) -> date | None:
    """The day of a bare number that is plainly a spreadsheet's day count; None for any other.

    It is told to the filer, never taken: which day it counts from is a setting of the workbook.
    """
    plain = text.strip()
    return _EXCEL_EPOCH + timedelta(days=int(float(plain))) if _SERIAL.fullmatch(plain) else None


def period_in_name(file_name: str, frequency: str | None) -> tuple[str, Period] | None:
    """The words of a file's name that tell a period of the form's frequency, and the period.

    None where the name tells none, or more than one: a name is then no statement. Days, and a
    month in which something was sent (`2025年4月报送`), are no periods either.
    """
    stem = unicodedata.normalize("NFKC", file_name.rpartition(".")[0] or file_name)
    told: dict[str, tuple[str, Period]] = {}
    for match in _NAMED.finditer(stem.strip()):
        period = read_period(match[0].replace("_", "-"), frequency)
        if period is not None and period.period_type == frequency:
            told.setdefault(period.code, (match[0], period))
    return next(iter(told.values())) if len(told) == 1 else None


def _spanned(year: int, first: int, last: int, frequency: str | None) -> Period | None:
    """The period of a span of months: the form's own where it fits, else the month it ends in."""
    length = last - first + 1
    if frequency in ("quarter", "half", "year"):
        if length != MONTHS_IN[frequency] or (first - 1) % length:
            return None
        return period_of(frequency, year, (first - 1) // length + 1)
    return period_of("month", year, last) if first == 1 and length >= 1 else None


def _of_day(plain: str, frequency: str | None) -> Period | None:
    """The month of a cell that the workbook itself turned into a date: its first or last day."""
    match = _WHOLE_DAY.fullmatch(plain)
    if match is None or frequency not in (None, "month"):
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if not 1 <= month <= 12 or day not in (1, monthrange(year, month)[1]):
        return None
    return period_of("month", year, month)


def _typed(text: str) -> str:
    """A wording without spaces, its numerals as digits and its dashes alike."""
    return _with_digits("".join(text.split())).translate(_DASHES)


def _with_digits(text: str) -> str:
    """Chinese numerals as digits where a year, month or quarter stands."""
    if match := _ZH_YEAR.match(text):
        text = match[1].translate(_DIGITS) + text[match.end(1) :]
    return _ZH_NUMBER.sub(lambda found: _number(found[0]), text)


def _number(numerals: str) -> str:
    """`三` is 3, `十二` is 12; a run of single numerals is read digit by digit."""
    if match := _TENS.fullmatch(numerals):
        tens, ones = match[1] or "一", match[2] or "零"
        return (tens + ones).translate(_DIGITS)
    return numerals.translate(_DIGITS)
