"""The two clocks: business time (given or now, naive Asia/Shanghai) and technical time (real)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
END_OF_DAY = time(23, 59, 59)


def technical_now() -> datetime:
    """The real moment, naive Asia/Shanghai: for locks, sessions and the recording of events."""
    return datetime.now(SHANGHAI).replace(tzinfo=None)


def end_of_day(day: date) -> datetime:
    """The last second of a day: what `--as-of D` means."""
    return datetime.combine(day, END_OF_DAY)


@dataclass(frozen=True)
class BusinessClock:
    """The clock of as-of, due, received and known-from; a given day stands at its end."""

    day: date | None = None

    def now(self) -> datetime:
        """The business moment, to the second."""
        if self.day is not None:
            return end_of_day(self.day)
        return technical_now().replace(microsecond=0)

    def today(self) -> date:
        """The business day."""
        return self.now().date()


def known_from(received_at: datetime, now: datetime, last_as_of: date | None) -> datetime:
    """The moment from which a submission counts as known.

    Its arrival; not later than the business clock; and not within the span of a release already
    taken, which did not know it.
    """
    moment = min(received_at, now).replace(microsecond=0)
    if last_as_of is None:
        return moment
    # A further release of the same day stands in place of the first; a later day's begins after.
    taken = end_of_day(last_as_of)
    return max(moment, taken if now <= taken else taken + timedelta(seconds=1))


def decided_at(now: datetime, last_as_of: date | None) -> datetime:
    """The moment from which a steward's decision counts, by the same rule."""
    return known_from(now, now, last_as_of)
