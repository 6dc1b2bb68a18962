"""Blank forms: the template of one unit and period with its checks and the figures filed before."""

from __future__ import annotations

from pathlib import Path

from expectations.form_checks import Amounts, aids_of, amounts_of
from expectations.rules import Rules
from sources.definitions import Definitions, FormVersion, Unit
from sources.periods import Period
from sources.templates import write_blank
from warehouse.connection import private_warehouse
from warehouse.errors import WarehouseError
from warehouse.raw_store import history_frame
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic


def write_blank_form(
    settings: Settings,
    definitions: Definitions,
    form: FormVersion,
    unit: Unit,
    period: Period,
    path: Path,
) -> list[str]:
    """Writes the workbook; what the clerk's office should know of it, in Chinese.

    Raises:
        WarehouseError: there is no workspace.
    """
    kind = bool(is_synthetic(settings))
    notes: list[str] = []
    amounts = _amounts(settings, definitions, unit, notes)
    aids = aids_of(Rules.load(definitions), definitions, form, period, amounts)
    write_blank(path, definitions, form, unit, period, aids, is_synthetic=kind)
    return notes


def _amounts(settings: Settings, definitions: Definitions, unit: Unit, notes: list[str]) -> Amounts:
    """The unit's earlier figures; without a warehouse the form goes out without them."""
    if not settings.warehouse_db.is_file():
        notes.append("没有带出往期数：工作区还没有处理过报送件")
        return {}
    try:
        with private_warehouse(settings) as connection:
            history = history_frame(connection)
    except WarehouseError as error:
        notes.append(f"没有带出往期数：{error.message_zh}")
        return {}
    return amounts_of(unit, history, definitions)
