"""Standing explanations at the command line: approving one, and the list of those that stand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from orchestration.cli.console import print_json, print_rows, settings_of, tell
from orchestration.errors import OrchestrationError

COLUMNS = {
    "unit_code": "单位",
    "form_code": "报表",
    "rule_id": "规则",
    "element_code": "指标",
    "from_period_code": "起始报告期",
    "valid_until": "截止日",
    "is_in_force": "有效",
    "author": "批准人",
    "reason_text": "长期说明",
}


def approve_long(
    engine: Engine,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    rule: str | None,
    until: str | None,
    reason: str,
) -> dict[str, Any]:
    """What an approval did, with a sentence to print.

    Raises:
        OrchestrationError: no rule, or no day until which it holds.
        DecisionRefused: the ledger does not allow it.
    """
    from warehouse.ledger.standing import approve_standing

    if rule is None or until is None:
        raise OrchestrationError("长期说明需要 --rule 规则、--until 截止日和 --reason")
    try:
        day = date.fromisoformat(until.strip())
    except ValueError as error:
        raise OrchestrationError(f"“{until}”不是日期；请写成 2026-12-31") from error
    approved = approve_standing(
        engine, submission_id, rule, author=author, at=at, until=day, text=reason
    )
    elements = [one.element_code for one in approved]
    return {
        "submission_id": submission_id,
        "rule_id": rule,
        "element_codes": elements,
        "valid_until": day,
        "said": f"{submission_id}：规则 {rule}（{'、'.join(elements)}）的长期说明至 {day} 有效，"
        "此前结束的各期同一问题不再要求说明",
    }


def list_standing(city: str | None, unit: str | None, *, as_json: bool) -> None:
    """Prints the standing explanations, those that ended too."""
    from warehouse.ledger.engine import open_ledger
    from warehouse.ledger.standing import standing_now

    settings = settings_of()
    today = settings.clock.today()
    rows = [
        one.__dict__ | {"is_in_force": today <= one.valid_until}
        for one in standing_now(open_ledger(settings), city)
        if unit in (None, one.unit_code)
    ]
    if as_json:
        print_json(rows)
        return
    shown = [row | {"is_in_force": "是" if row["is_in_force"] else "否"} for row in rows]
    print_rows("长期说明", shown, COLUMNS, "没有长期说明。")
    if rows:
        tell("同一规则、单位、指标再次批准即替代原说明；截止日写成已过的日期即收回。")
