"""How values are written on a page: moments, numbers with their unit, words for codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import Any

from sources.periods import PeriodError, parse_period
from sources.vocabulary import (
    CORRECTION_STATE_ZH,
    FINDING_STATUS_ZH,
    MOVE_ZH,
    OBSERVED_ZH,
    SEVERITY_ZH,
    STATE_ZH,
    TARGET_STATUS_ZH,
    VERB_ZH,
    said,
)

NOTHING = "—"


def moment(value: datetime | None) -> str:
    """A moment to the minute, Asia/Shanghai; a dash for none."""
    return f"{value:%Y-%m-%d %H:%M}" if value else NOTHING


def period_zh(code: str | None) -> str:
    """A period in words; a code that is none as it is."""
    try:
        return parse_period(code).label_zh if code else NOTHING
    except PeriodError:
        return code or NOTHING


def number(value: Any, decimals: int | None = None) -> str:
    """A figure with its thousands set apart; a dash where there is none, never a zero."""
    if value is None or value == "":
        return NOTHING
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not exact.is_finite():
        return NOTHING
    if decimals is not None:
        return f"{exact:,.{decimals}f}"
    if isinstance(value, float):
        exact = Decimal(f"{value:.4f}")
    text = f"{exact:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(bytes_count: int | None) -> str:
    """A file size."""
    if bytes_count is None:
        return NOTHING
    return (
        f"{bytes_count / 1024:,.0f} KB"
        if bytes_count < 1 << 20
        else f"{bytes_count / (1 << 20):,.1f} MB"
    )


def short_name(name: str | None, most: int = 40) -> str:
    """A file name in one line, its middle left out where it is long."""
    text = " ".join((name or "").split())
    return text if len(text) <= most else f"{text[: most - 12]}…{text[-11:]}"


FILTERS = {
    "moment": moment,
    "period": period_zh,
    "number": number,
    "size": size,
    "short": short_name,
    "state": lambda code: said(STATE_ZH, code),
    "severity": lambda code: said(SEVERITY_ZH, code),
    "finding_status": lambda code: said(FINDING_STATUS_ZH, code),
    "target_status": lambda code: said(TARGET_STATUS_ZH, code),
    "observed": lambda code: said(OBSERVED_ZH, code),
    "correction_state": lambda code: said(CORRECTION_STATE_ZH, code),
    "verb": lambda code: said({**MOVE_ZH, **VERB_ZH}, code),
}
"""By name in templates."""


def plain(value: Any) -> Any:
    """The same for a program: what JSON has no form for as text; keys like `_this` left out."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items() if not str(k).startswith("_")}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (Decimal, Path)):
        return str(value)
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
