"""Files before they are handed in, shown as forms with their marks, read in guarded children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from console.desk import Visit
from console.sheet import numbered, sheet_of
from sources.contract import FileToParse
from sources.definitions import Unit
from sources.submission_files import parse_many
from warehouse.connection import between_writers
from warehouse.errors import WarehouseBusy, WorkspaceMissing
from warehouse.queries.filed import FiledValue, Key, beside_values

MOST_FORMS = 3
"""Forms of an upload that are drawn; the findings of all are listed."""
_CELL = ("row_code", "value_column", "element_code", "sheet", "cell", "text", "number_text",
         "issue_code")  # fmt: skip


def read_forms(
    visit: Visit, paths: Sequence[Path], unit: Unit, findings: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The forms of files as they will be read, each with its sheet and its numbered findings."""
    files = [
        FileToParse(key=str(number), path=path, file_name=path.name, expected_unit=unit.unit_code)
        for number, path in enumerate(paths)
    ]
    shown: list[dict[str, Any]] = []
    for batch in parse_many(files, visit.definitions, visit.desk.is_synthetic, workers=1):
        for key, identity in batch.identities.items():
            if len(shown) == MOST_FORMS or identity.form_kind in ("register", "authority"):
                continue
            values: dict[Key, FiledValue] = {}
            for row in batch.values.iter_rows(named=True):
                if row["key"] == key:
                    cell = FiledValue(**{name: row[name] for name in _CELL})
                    values[cell.row_code, cell.value_column] = cell
            mine = [one for one in findings if one["submission_id"] == key]
            shown.append(drawn(
                visit, unit, (identity.form_code, identity.form_version), identity.period_code,
                values, mine,
            ))  # fmt: skip
    return shown


def drawn(
    visit: Visit,
    unit: Unit,
    form: tuple[str, str],
    period_code: str,
    values: Mapping[Key, FiledValue],
    findings: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """A form that is not in the ledger, with its past beside it and its findings numbered."""
    listed = numbered([{"status_code": "open", **one} for one in findings])
    try:
        with between_writers(visit.settings):
            beside = beside_values(visit.settings, unit.unit_code, form[0], period_code, "")
    except (WarehouseBusy, WorkspaceMissing):
        beside = {}
    titles = {one.form_code: one.form_zh for one in visit.definitions.form_versions}
    return {
        "title_zh": titles.get(form[0], form[0]),
        "period_code": period_code,
        "sheet": sheet_of(visit.definitions, form, values, beside, listed),
        "findings": listed,
    }
