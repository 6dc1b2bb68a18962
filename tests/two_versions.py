"""Definitions in which the monthly form changes in 2026, and its templates, filled."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from openpyxl import load_workbook

SEEDS = Path(__file__).resolve().parents[1] / "models/seeds"
FORM = "IP-M1"
NEW_HEADINGS = {"本月": "本月授权登记数", "1—本月累计": "自年初累计"}
HEADER_ROW = 6


def _rows(table: str) -> list[dict[str, str]]:
    with (SEEDS / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _write(folder: Path, table: str, rows: list[dict[str, str]]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_two_versions(folder: Path) -> None:
    """An overlay: version 2021 of the form until the end of 2025, version 2026 from then on."""
    folder.mkdir()
    old = next(row for row in _rows("forms") if row["form_code"] == FORM)
    new = old | {"form_version": "2026", "layout_code": "L-MONTH-2026", "valid_from": "2026-01-01"}
    _write(folder, "forms", [old | {"valid_to": "2026-01-01"}, new])
    elements = [row for row in _rows("form_elements") if row["form_code"] == FORM]
    _write(folder, "form_elements", [row | {"form_version": "2026"} for row in elements])
    columns = [row for row in _rows("layouts") if row["layout_code"] == "L-MONTH"]
    _write(folder, "layouts", [
        row | {"layout_code": "L-MONTH-2026", "aliases_zh": "",
               "header_zh": NEW_HEADINGS.get(row["header_zh"], row["header_zh"])}
        for row in columns
    ])  # fmt: skip


def fill(path: Path, headings: Mapping[str, str] | None = None) -> None:
    """Puts 0 into every blank figure of a template, and renames some headings."""
    book = load_workbook(path)
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            if headings and cell.value in headings:
                cell.value = headings[str(cell.value)]
            is_blank = cell.value is None and row[1].value and cell.row > HEADER_ROW
            if is_blank and cell.coordinate[0] in "DE" and not cell.protection.locked:
                cell.value = 0
    book.save(path)
