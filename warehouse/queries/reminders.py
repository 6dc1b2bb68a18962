"""What is owed now, and the text with which a unit is reminded of it (催报).

The marts tell what every unit owes by the calendar; the ledger tells what has come, been put off or
been held back since. A text names the unit, never a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from sources.periods import PeriodError, parse_period
from sources.vocabulary import STATE_ZH
from warehouse.ledger.extensions import extended_to
from warehouse.ledger.intake import newest_order
from warehouse.ledger.tables import submissions
from warehouse.queries.published import ask
from warehouse.settings import Settings

_TO_BE_MENDED = {code: STATE_ZH[code] for code in ("held", "returned", "refused")}
_DAY = timedelta(days=1)

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Owed:
    """One form that a unit owes.

    Attributes:
        days_late: begun days after the last moment; 0 while an extension still runs.
        state_zh: 未报送, or what became of the version that came.
    """

    city_code: str
    unit_code: str
    unit_name_zh: str
    form_code: str
    form_zh: str
    period_code: str
    due_at: datetime
    extended_to: datetime | None
    days_late: int
    state_zh: str

    @property
    def last_moment(self) -> datetime:
        """The moment by which lateness is judged."""
        return self.extended_to or self.due_at


def owed_now(
    settings: Settings,
    engine: Engine,
    forms_zh: Mapping[str, str],
    *,
    now: datetime,
    city_code: str | None = None,
    unit_code: str | None = None,
    period_code: str | None = None,
) -> list[Owed]:
    """What is due at a moment and not in force, the longest owed first.

    Raises:
        NoRelease: nothing has been released yet, so nobody knows the grid.
    """
    rates = ask(
        settings,
        """
        select rates.city_code, rates.unit_code, rates.unit_name_zh, rates.form_code,
            rates.period_code, rates.due_at
        from marts.reporting_rates as rates
        where rates.due_at < ?
            and (? is null or rates.city_code = ?)
            and (? is null or rates.unit_code = ?)
            and (? is null or rates.period_code = ?)
        """,
        [now, city_code, city_code, unit_code, unit_code, period_code, period_code],
    )
    states = _newest_states(engine)
    put_off = extended_to(engine)
    owed = []
    for row in rates:
        key = (row["unit_code"], row["form_code"], row["period_code"])
        state = states.get(key)
        if state is not None and state not in _TO_BE_MENDED:
            continue
        until = put_off.get(key)
        late = now - (until or row["due_at"])
        owed.append(
            Owed(
                city_code=row["city_code"],
                unit_code=row["unit_code"],
                unit_name_zh=row["unit_name_zh"],
                form_code=row["form_code"],
                form_zh=forms_zh.get(row["form_code"], row["form_code"]),
                period_code=row["period_code"],
                due_at=row["due_at"],
                extended_to=until,
                days_late=max(0, -(-late // _DAY)),
                state_zh=_TO_BE_MENDED.get(state or "", "未报送"),
            )
        )
    return sorted(
        owed, key=lambda one: (-one.days_late, one.unit_code, one.form_code, one.period_code)
    )


def reminder_text(owed: Sequence[Owed], now: datetime) -> str:
    """The text that reminds one unit of everything it owes late; empty when nothing is late."""
    late = [one for one in owed if one.days_late > 0]
    if not late:
        return ""
    lines = [
        f"【催报】{late[0].unit_name_zh}：",
        f"截至 {now:%Y-%m-%d %H:%M}，你单位有 {len(late)} 份报表逾期：",
    ]
    for number, one in enumerate(late, start=1):
        put_off = f"（已延期，原定 {one.due_at:%Y-%m-%d %H:%M}）" if one.extended_to else ""
        lines.append(
            f"{number}. 《{one.form_zh}》（{one.form_code}）{_period_zh(one.period_code)}："
            f"{one.state_zh}，应于 {one.last_moment:%Y-%m-%d %H:%M} 前报送{put_off}，"
            f"已逾期 {one.days_late} 天。"
        )
    lines.append(
        "未报送的请尽快报送，确无发生的请报零报告；审核未通过、已退回的请按回执改正后重新报送。"
        "如已报送，请忽略本通知。"
    )
    return "\n".join(lines)


def _newest_states(engine: Engine) -> dict[Key, str]:
    """State of the newest version of each unit, form and period; one in force counts for all."""
    names = (
        "unit_code", "form_code", "period_code", "version", "received_at", "file_name",
        "state_code",
    )  # fmt: skip
    found = select(*(submissions.c[name] for name in names)).where(
        submissions.c.version.is_not(None), submissions.c.state_code != "withdrawn"
    )
    with engine.connect() as connection:
        rows: list[dict[str, Any]] = [dict(row) for row in connection.execute(found).mappings()]
    states: dict[Key, str] = {}
    for row in sorted(rows, key=newest_order):
        key = (row["unit_code"], row["form_code"], row["period_code"])
        # A new version that failed leaves the one before in force: nothing is owed then.
        stands = states.get(key, "refused") not in _TO_BE_MENDED
        if not (stands and row["state_code"] in _TO_BE_MENDED):
            states[key] = row["state_code"]
    return states


def _period_zh(code: str) -> str:
    try:
        return parse_period(code).label_zh
    except PeriodError:
        return code
