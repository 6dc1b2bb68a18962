"""A submission as it was filed, and beside each cell what was filed before.

Values stand in the private warehouse; while a night writes it, `WarehouseBusy` says so and the
ledger's part (findings, history) is shown without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Engine, select

from sources.periods import Period, PeriodError, parse_period, previous, same_period_last_year
from warehouse.connection import private_warehouse
from warehouse.ledger.tables import corrections, events, findings, submissions
from warehouse.queries.published import rows
from warehouse.settings import Settings

Rows = list[dict[str, Any]]
Key = tuple[str, str]
"""Row code and value column of a form."""

POINTS = 13
"""Points of a figure's course: a year of months and the same month before it."""

_COURSE = """
with standing as (
    select submission_id, period_code, row_number() over (
        partition by period_code order by received_at desc, file_name desc, version desc
    ) as place
    from raw.submissions
    where unit_code = $unit and form_code = $form and version is not null
        and state_code not in ('refused', 'held', 'returned', 'withdrawn')
        and submission_id <> $itself
),

corrected as (
    select submission_id, row_code, value_column,
        max_by(new_number_text, (approved_at, correction_id)) as new_number_text
    from raw.corrections
    where state_code = 'approved'
    group by submission_id, row_code, value_column
)

select standing.period_code, filed.row_code, filed.value_column,
    coalesce(corrected.new_number_text, filed.number_text) as number_text
from raw.reported_values as filed
inner join standing
    on filed.submission_id = standing.submission_id and standing.place = 1
left join corrected
    on filed.submission_id = corrected.submission_id
    and filed.row_code = corrected.row_code
    and filed.value_column = corrected.value_column
"""


@dataclass(frozen=True)
class FiledValue:
    """One cell of a form as it was filed."""

    row_code: str
    value_column: str
    element_code: str
    sheet: str | None
    cell: str | None
    text: str | None
    number_text: str | None
    issue_code: str | None

    @property
    def shown(self) -> str | None:
        """The number where one was read, else the text as it stands there."""
        return self.number_text if self.number_text is not None else self.text


@dataclass(frozen=True)
class Beside:
    """What was filed of the same cell before: the last period, last year, and the course."""

    previous: Decimal | None
    last_year: Decimal | None
    course: tuple[Decimal | None, ...]


def values_of(settings: Settings, submission_id: str) -> dict[Key, FiledValue]:
    """The cells of a submission by row code and value column; empty when it is not read yet.

    Raises:
        WarehouseBusy: a night is writing.
    """
    with private_warehouse(settings) as connection:
        found = rows(
            connection,
            "select row_code, value_column, element_code, sheet, cell, text, number_text,"
            " issue_code from raw.reported_values where submission_id = ?",
            [submission_id],
        )
    return {(row["row_code"], row["value_column"]): FiledValue(**row) for row in found}


def beside_values(
    settings: Settings, unit_code: str, form_code: str, period_code: str, itself: str
) -> dict[Key, Beside]:
    """What the unit filed in the same cell of the same form before.

    Raises:
        WarehouseBusy: a night is writing.
    """
    try:
        period = parse_period(period_code)
    except PeriodError:
        return {}
    with private_warehouse(settings) as connection:
        found = rows(connection, _COURSE, {"unit": unit_code, "form": form_code, "itself": itself})
    known: dict[Key, dict[str, Decimal]] = {}
    for row in found:
        if (value := exact(row["number_text"])) is not None:
            key = (row["row_code"], row["value_column"])
            known.setdefault(key, {})[row["period_code"]] = value
    last_year = _last_year(period)
    codes = _before(period, POINTS - 1)
    before = codes[-1] if codes else None
    return {
        key: Beside(
            series.get(before or ""),
            series.get(last_year or ""),
            tuple(series.get(code) for code in codes),
        )
        for key, series in known.items()
    }


def versions_of(engine: Engine, row: Mapping[str, Any]) -> Rows:
    """All versions of a submission's unit, form and period, oldest first."""
    if not row["form_code"] or not row["period_code"]:
        return [dict(row)]
    found = (
        select(submissions)
        .where(
            submissions.c.unit_code == row["unit_code"],
            submissions.c.form_code == row["form_code"],
            submissions.c.period_code == row["period_code"],
        )
        .order_by(submissions.c.received_at, submissions.c.file_name, submissions.c.version)
    )
    with engine.connect() as connection:
        return [
            {name: value for name, value in one.items() if name != "people_json"}
            for one in map(dict, connection.execute(found).mappings())
        ]


def findings_of(engine: Engine, submission_id: str) -> Rows:
    """Every finding of a submission, with what was decided of it."""
    found = select(findings).where(findings.c.submission_id == submission_id)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(found).mappings()]


def corrections_of(engine: Engine, submission_id: str) -> Rows:
    """Every correction proposed on a submission, oldest first."""
    found = (
        select(corrections)
        .where(corrections.c.submission_id == submission_id)
        .order_by(corrections.c.proposed_at, corrections.c.correction_id)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(found).mappings()]


def events_of(engine: Engine, submission_ids: Iterable[str]) -> Rows:
    """What happened to submissions, oldest first."""
    found = (
        select(events)
        .where(events.c.submission_id.in_(list(submission_ids)))
        .order_by(events.c.recorded_at, events.c.submission_id, events.c.event_order)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(found).mappings()]


def exact(text: str | None) -> Decimal | None:
    """A figure; None where the text is none."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _last_year(period: Period) -> str | None:
    return None if period.period_type == "window" else same_period_last_year(period).code


def _before(period: Period, count: int) -> list[str]:
    codes: list[str] = []
    while period.period_type != "window" and len(codes) < count:
        period = previous(period)
        codes.append(period.code)
    return codes[::-1]
