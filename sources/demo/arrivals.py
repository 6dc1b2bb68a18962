"""When a demo file arrives, what it is called and who signed it.

What lives here: plausible arrival times around the due moment, file names as counties write them,
and planted people that must never be found in a published file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sources.definitions import FormVersion, Unit
from sources.demo.paths import Draw
from sources.periods import Period
from sources.templates import FOOTER_LABELS_ZH

_LATE_SHARE = 0.03
_DAYS_EARLY, _DAYS_LATE = (1, 4), (1, 9)
_GB18030_SHARE = 0.12

# No person: names and a telephone exchange invented for the demo.
_NAMES = (
    "苏演之", "白示安", "云例宁", "那演青", "乌示远", "包例和", "康演舟", "陶示言", "齐例川",
    "孟演禾", "郝示岚", "宝例行",
)  # fmt: skip
_EXCHANGE = "-55501"
DEMO_PEOPLE_MARKERS: tuple[str, ...] = (*_NAMES, _EXCHANGE)
"""Every planted name, and the part all planted telephone numbers share."""

# The last ones hold blanks, brackets and Mongolian script, as real ones do.
_NAME_PATTERNS = (
    "{unit}{label}{form}",
    "{unit}-{number}-{label}",
    "{label}{form}（{unit}）",
    "{number} {unit} {label}",
)
_RARE_PATTERNS = (
    "{label} {unit} {form} (最终版)",
    "【{unit}】{label}{number}[1]",
    "{unit} ᠣᠶᠤᠨ ᠤ ᠥᠮᠴᠢ {label}{form}",
)
_RARE_SHARE = 0.03


def people_of(draw: Draw, unit: Unit, form: FormVersion, received_at: datetime) -> dict[str, str]:
    """The footer of one form: three different people, a telephone and the day."""
    first = draw.whole(0, len(_NAMES) - 1, "people", unit.unit_code, form.form_code)
    names = [_NAMES[(first + step) % len(_NAMES)] for step in (0, 1, 3)]
    line = draw.whole(0, 99, "line", unit.unit_code)
    area = 470 + draw.whole(0, 9, "area", unit.city_code)
    day = received_at.date()
    said = (*names, f"0{area}{_EXCHANGE}{line:02d}", f"{day.year}年{day.month}月{day.day}日")
    return dict(zip(FOOTER_LABELS_ZH, said, strict=True))


def arrival(draw: Draw, unit: Unit, period: Period, due: datetime, last: datetime) -> datetime:
    """When a file came in: mostly some days early, seldom late, never before its period ended."""
    names = (unit.unit_code, period.code, due)
    if draw.unit("late", *names) < _LATE_SHARE:
        day = due.date() + timedelta(days=draw.whole(*_DAYS_LATE, "days late", *names))
    else:
        day = due.date() - timedelta(days=draw.whole(*_DAYS_EARLY, "days early", *names))
    day = min(max(day, period.end + timedelta(days=1)), last.date() - timedelta(days=1))
    minute = draw.whole(8 * 60 + 20, 17 * 60 + 50, "minute", *names)
    clock = time(minute // 60, minute % 60, draw.whole(0, 59, "second", *names))
    return datetime.combine(day, clock)


def file_name(draw: Draw, unit: Unit, form: FormVersion, period: Period, suffix: str) -> str:
    """A name as the county's clerk would save the file under."""
    who: tuple[str, ...] = (unit.unit_code, form.form_code)
    patterns: tuple[str, ...] = _NAME_PATTERNS
    if draw.unit("rare name", *who, period.code) < _RARE_SHARE:
        patterns = _RARE_PATTERNS
        who = (*who, period.code)
    pattern = patterns[draw.whole(0, len(patterns) - 1, "name", *who)]
    words: Mapping[str, str] = {
        "unit": unit.aliases_zh[0] if unit.aliases_zh else unit.unit_name_zh,
        "form": form.form_zh,
        "number": form.form_number,
        "label": period.label_zh,
    }
    return pattern.format_map(words).replace("/", "-") + suffix


def csv_encoding(draw: Draw, unit: Unit, form: FormVersion) -> str:
    """How a unit's office saves text: mostly UTF-8 with mark, a few still GB18030."""
    old = draw.unit("encoding", unit.unit_code, form.form_code) < _GB18030_SHARE
    return "gb18030" if old else "utf-8-sig"


def last_moment(end: date) -> datetime:
    """The demo's own clock: the last day of the month after the last period, at midnight."""
    first_after = date(end.year + (end.month == 12), end.month % 12 + 1, 1)
    next_month = first_after.replace(day=28) + timedelta(days=4)
    return datetime.combine(next_month - timedelta(days=next_month.day), time())
