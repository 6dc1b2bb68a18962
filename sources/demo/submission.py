"""One file of the demo before it is written, and the writing of it.

What lives here: the record that planning makes, its grid, its bytes and its time of arrival.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from sources.definitions import FormVersion, Unit
from sources.periods import Period
from sources.templates import (
    Blueprint,
    FormGrid,
    ValueKey,
    fill,
    render_delimited,
    render_workbook,
)
from sources.templates.variants import VARIANTS

XLSX = "xlsx"
_SHANGHAI = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class DemoSubmission:
    """One file of the demo.

    Attributes:
        values: value by (row code, value column), in the unit the form asks for.
        received_at: when it arrives, Asia/Shanghai.
        file_format: `xlsx`, or the encoding of a CSV: `utf-8-sig`, `gb18030`.
        people: texts of the footer by label; planted, no person's.
        variant: how the county bent the form without harm; empty for most.
    """

    unit: Unit
    form_version: FormVersion
    period: Period
    values: Mapping[ValueKey, Decimal]
    received_at: datetime
    file_name: str
    file_format: str
    people: Mapping[str, str]
    variant: str = ""

    @property
    def place(self) -> Path:
        """Where the file lies in the inbox."""
        return Path(self.unit.city_code) / self.unit.unit_code / self.file_name

    def about(self, period: Period) -> DemoSubmission:
        """The same figures filed as those of another period, under that period's name."""
        name = self.file_name.replace(self.period.label_zh, period.label_zh)
        return replace(self, period=period, file_name=name)

    def grid(self, plan: Blueprint) -> FormGrid:
        """The filled form, with its variant applied."""
        grid = fill(
            plan, self.unit, self.period, self.values, is_synthetic=True, people=self.people
        )
        return VARIANTS[self.variant](grid) if self.variant else grid


def set_arrival(path: Path, received_at: datetime) -> None:
    """Gives a file the time at which it came in, Asia/Shanghai."""
    stamp = received_at.replace(tzinfo=_SHANGHAI).timestamp()
    os.utime(path, (stamp, stamp))


def write_submission(inbox: Path, submission: DemoSubmission, plan: Blueprint) -> None:
    """Writes one sound file into its unit's folder."""
    path = inbox / submission.place
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = submission.grid(plan)
    if submission.file_format == XLSX:
        render_workbook(grid, path)
    else:
        path.write_bytes(render_delimited(grid, submission.file_format))
    set_arrival(path, submission.received_at)
