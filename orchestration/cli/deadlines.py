"""What is owed and until when: the list with texts to copy, and deadlines put off by decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from sqlalchemy import Engine

from orchestration.cli.console import definitions_for, print_json, print_rows, settings_of, tell
from orchestration.errors import OrchestrationError
from sources.duedates import Calendar, CalendarError
from sources.periods import PeriodError, parse_period
from warehouse.settings import Settings

_MOMENTS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
COLUMNS = {
    "unit_name_zh": "单位",
    "unit_code": "代码",
    "form_code": "报表",
    "period_code": "报告期",
    "due_at": "应报时间",
    "extended_to": "延期至",
    "days_late": "逾期天数",
    "state_zh": "情况",
}


def list_owed(city: str | None, unit: str | None, period: str | None, *, as_json: bool) -> None:
    """Prints who owes what, due when and how late, with a text to copy for each unit."""
    from warehouse.ledger.engine import open_ledger
    from warehouse.queries.reminders import Owed, owed_now, reminder_text

    settings = settings_of()
    forms = {form.form_code: form.form_zh for form in definitions_for(settings).form_versions}
    now = settings.clock.now()
    owed = owed_now(
        settings, open_ledger(settings), forms,
        now=now, city_code=city, unit_code=unit, period_code=period,
    )  # fmt: skip

    def of_unit(one: Owed) -> str:
        return one.unit_code

    by_unit: dict[str, Sequence[Owed]] = {
        code: list(rows) for code, rows in groupby(sorted(owed, key=of_unit), key=of_unit)
    }
    texts = {code: reminder_text(rows, now) for code, rows in by_unit.items()}
    reminders = {code: text for code, text in texts.items() if text}
    if as_json:
        print_json({"owed": [one.__dict__ for one in owed], "reminders": reminders})
        return
    print_rows("欠报清单", [one.__dict__ for one in owed], COLUMNS, "没有逾期未报的报表。")
    for text in reminders.values():
        tell(f"\n{text}")


def extend_deadline(
    settings: Settings,
    engine: Engine,
    identity: str,
    *,
    author: str,
    at: datetime,
    until: str | None,
    reason: str,
) -> dict[str, Any]:
    """What an extension did, with a sentence to print.

    Raises:
        OrchestrationError: the form, unit, period or moment is none.
        DecisionRefused: the ledger does not allow it.
    """
    from warehouse.ledger.extensions import extend

    definitions = definitions_for(settings)
    unit_code, _, rest = identity.partition(".")
    form_code, _, period_code = rest.partition(".")
    unit = definitions.unit(unit_code)
    try:
        period = parse_period(period_code)
    except PeriodError as error:
        raise OrchestrationError(
            f"“{identity}”不是 单位.报表.报告期，如 单位代码.IP-M1.2025-12"
        ) from error
    form = definitions.form(form_code, period)
    if unit is None or form is None or form_code not in definitions.forms_of_unit(unit_code):
        raise OrchestrationError(f"{unit_code} 没有 {period.label_zh} 的报表 {form_code} 要报")
    if until is None:
        raise OrchestrationError("延期需要 --until 日期（或日期和时间）和 --reason")
    try:
        due = Calendar(definitions).due_at(form, unit.city_code, period)
    except CalendarError as error:
        raise OrchestrationError(f"报表 {form_code} {period.label_zh} 没有应报时间") from error
    moment = _moment_of(until)
    number = extend(
        engine, (unit_code, form_code, period.code),
        author=author, at=at, until=moment, due_at=due, reason=reason,
    )  # fmt: skip
    return {
        "unit_code": unit_code,
        "form_code": form_code,
        "period_code": period.code,
        "due_at": due,
        "extended_to": moment,
        "extension_order": number,
        "said": f"{identity}：应报时间 {due:%Y-%m-%d %H:%M} 延期至 {moment:%Y-%m-%d %H:%M}，"
        "下一夜按它判断是否按时",
    }


def _moment_of(text: str) -> datetime:
    """A day means its end."""
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(23, 59, 59))
    except ValueError:
        pass
    for shape in _MOMENTS:
        try:
            return datetime.strptime(text.strip(), shape)
        except ValueError:
            continue
    raise OrchestrationError(f"“{text}”不是日期；请写成 2026-01-20 或 2026-01-20 17:00")
