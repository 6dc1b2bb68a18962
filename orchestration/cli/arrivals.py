"""What is said and decided about arrivals: whose they are, scans, when they were handed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from orchestration.cli.console import definitions_for, print_json, print_rows, settings_of, tell
from orchestration.errors import OrchestrationError
from sources.definitions import Definitions
from warehouse.raw_files import StoredFile
from warehouse.settings import Settings

ARRIVAL_VERBS = ("confirm-unit", "dismiss", "correct-arrival")
_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def list_arrivals(state: str, city: str | None, unit: str | None, *, as_json: bool) -> None:
    """Prints the arrivals of a state: those that wait for a unit, or the scans and photos."""
    from warehouse.ledger.arrivals import arrivals_in_state
    from warehouse.ledger.engine import open_ledger

    settings = settings_of()
    whose = "proposed_unit_code" if state == "unsorted" else "unit_code"
    found = [
        row
        for row in arrivals_in_state(open_ledger(settings), state)
        if city in (None, row["city_code"]) and unit in (None, row[whose])
    ]
    if as_json:
        print_json(found)
        return
    definitions = definitions_for(settings)
    for row in found:
        row["unit_zh"] = _named(definitions, row[whose])
    common = {"arrival_id": "来件", "file_name": "文件", "received_at": "到达"}
    if state == "unsorted":
        columns = common | {
            "unit_zh": "建议单位",
            "form_code": "报表",
            "period_code": "报告期",
            "proposal_note_zh": "说明",
        }
        print_rows(f"待确认单位的来件（{len(found)} 件）", found, columns, "没有待确认的来件。")
        if found:
            tell(
                "确认：qiangshi decide confirm-unit 来件 [--unit 单位代码]；"
                "不是报送的：qiangshi decide dismiss 来件 --reason 理由"
            )
        return
    columns = common | {"unit_zh": "单位", "submission_id": "所属报送件"}
    print_rows(f"扫描件、照片等佐证（{len(found)} 个）", found, columns, "没有佐证文件。")


def print_arrivals(counts: Mapping[str, int]) -> None:
    """One line about what waits for a confirmation and what is kept as evidence."""
    parts = [
        words.format(counts[state])
        for state, words in (
            ("kept", "已取回待读取 {} 件"),
            ("unsorted", "待确认单位 {} 件（qiangshi submissions --unsorted）"),
            ("evidence", "扫描件等佐证 {} 个（qiangshi submissions --evidence）"),
        )
        if counts.get(state)
    ]
    if parts:
        tell("来件：" + "，".join(parts))


def decide_on_arrival(
    settings: Settings,
    engine: Engine,
    verb: str,
    identity: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    unit: str | None,
    value: str | None,
    evidence: StoredFile | None,
    evidence_name: str,
) -> dict[str, Any]:
    """What one of the verbs about arrivals did, with a sentence to print.

    Raises:
        OrchestrationError: something the verb needs was not given.
        WarehouseError: the ledger does not allow it.
    """
    if verb == "confirm-unit":
        return _confirm(settings, engine, identity, author, at, reason, unit)
    if verb == "dismiss":
        from warehouse.ledger.arrivals import dismiss

        dismiss(engine, identity, author=author, at=at, reason=reason)
        return {"arrival_id": identity, "state_code": "dismissed", "said": f"{identity}：已搁置"}
    from warehouse.ledger.arrival_times import record_actual_arrival

    if value is None or evidence is None:
        raise OrchestrationError(
            "记录实际交件时间需要 --value 时间、--evidence 依据文件和 --reason"
        )
    actual = _moment_of(value)
    received = record_actual_arrival(
        engine,
        identity,
        actual=actual,
        author=author,
        at=at,
        reason=reason,
        evidence=evidence,
        evidence_name=evidence_name,
    )
    return {
        "submission_id": identity,
        "received_at": received,
        "actual_received_at": actual,
        "said": f"{identity}：实际交件时间 {actual:%Y-%m-%d %H:%M}"
        f"（渠道到达 {received:%Y-%m-%d %H:%M}），下一夜按它判断是否按时",
    }


def _confirm(
    settings: Settings,
    engine: Engine,
    arrival_id: str,
    author: str,
    at: datetime,
    reason: str,
    unit: str | None,
) -> dict[str, Any]:
    from warehouse.ledger.arrivals import confirm_unit, unsorted_arrival

    definitions = definitions_for(settings)
    code = unit or unsorted_arrival(engine, arrival_id)["proposed_unit_code"]
    if code is None:
        raise OrchestrationError(f"来件 {arrival_id} 看不出是哪个单位的，请用 --unit 写明单位代码")
    confirmed = definitions.unit(code)
    if confirmed is None:
        raise OrchestrationError(f"没有代码为“{code}”的单位；单位代码见 models/seeds/units.csv")
    state = confirm_unit(
        engine,
        arrival_id,
        unit_code=confirmed.unit_code,
        city_code=confirmed.city_code,
        author=author,
        at=at,
        reason=reason,
    )
    what = "作为佐证保存" if state == "evidence" else "下一夜读取"
    return {
        "arrival_id": arrival_id,
        "unit_code": confirmed.unit_code,
        "state_code": state,
        "said": f"{arrival_id}：确认为{confirmed.unit_name_zh}（{confirmed.unit_code}），{what}",
    }


def _moment_of(text: str) -> datetime:
    for shape in _TIMES:
        try:
            return datetime.strptime(text.strip(), shape)
        except ValueError:
            continue
    raise OrchestrationError(f"“{text}”不是时间；请写成 2026-01-09 16:30")


def _named(definitions: Definitions, code: str | None) -> str:
    unit = definitions.unit(code) if code else None
    return f"{unit.unit_name_zh} {unit.unit_code}" if unit else code or ""
