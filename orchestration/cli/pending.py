"""待纳入 at the command line: what waits, what it would change, and corrections it unfits."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Engine

from orchestration.cli.console import print_json, tell
from sources.vocabulary import CORRECTION_STATE_ZH, STATE_ZH, said
from warehouse.settings import Settings


def list_pending(settings: Settings, engine: Engine, city: str | None, *, as_json: bool) -> None:
    """Prints each waiting version with its difference, then the corrections that no longer fit."""
    from warehouse.connection import private_warehouse
    from warehouse.queries.pending import KIND_ZH, WAITS_ZH, pending_versions, unfit_overlays

    cities = [city] if city else None
    with private_warehouse(settings) as warehouse:
        waiting = pending_versions(engine, warehouse, cities)
        unfit = unfit_overlays(engine, warehouse, cities)
    if as_json:
        print_json(
            {
                "pending": [asdict(one) for one in waiting],
                "overlays": [asdict(one) for one in unfit],
            }
        )
        return
    for one in waiting:
        head = f"{KIND_ZH[one.kind]}  {one.submission_id}  {said(STATE_ZH, one.state_code)}"
        beside = f"，现行为 {one.in_force_id}" if one.in_force_id else "，现无数据"
        head += f"（{WAITS_ZH[one.waits_for]}{beside}）"
        tell(head, style="bold")
        for cell in one.differences:
            mark = "（更正值）" if cell.is_corrected else ""
            tell(f"   {cell.row_code} {cell.value_column} {cell.element_code or ''}："
                f"{cell.in_force or '空'}{mark} → {cell.waiting or '空'}")  # fmt: skip
        if not one.differences:
            tell("   与现行的没有不同。")
    for overlay in unfit:
        state = said(CORRECTION_STATE_ZH, overlay.state_code)
        fit = "新版已按更正值填报" if overlay.is_taken_over else "不再适用，须重新提出"
        tell(f"更正 {overlay.correction_id}（{state}）：更正值 {overlay.new_number_text}，"
            f"{overlay.newer_id} 填报 {overlay.newer_number_text or '空'}：{fit}")  # fmt: skip
    if not waiting and not unfit:
        tell("没有待纳入的报送件。")
