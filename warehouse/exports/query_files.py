"""The files of an answer: print-ready workbook and paper, and a text for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.exports.page import Page, page_of
from warehouse.exports.paper import paper_bytes
from warehouse.exports.printing import safe_cell
from warehouse.exports.query import QueryTable
from warehouse.exports.records import CODE_LABEL_ZH, ExportRecord, keep, record_of
from warehouse.exports.selection import MEASURES
from warehouse.exports.sheet import sheet_bytes
from warehouse.settings import Settings


class UnknownFormat(WarehouseError):
    """A file name whose end names no format that is written."""

    def __init__(self, name: str) -> None:
        """Name the file."""
        super().__init__(f"“{name}”的格式不能写出；请用 .xlsx、.docx 或 .csv。")


class NotWritten(WarehouseError):
    """A file that could not be written, for want of room or right."""

    def __init__(self, name: str, problem: str) -> None:
        """Name the file and what the system said."""
        super().__init__(
            f"“{name}”没有写成（{problem}），没有留下半个文件；请换个位置或腾出空间再试。"
        )


def export_query(
    settings: Settings, table: QueryTable, file: Path, title: str | None = None
) -> ExportRecord:
    """The record of an answer written as a file, by the end of the file's name.

    Raises:
        UnknownFormat: it ends in none of .xlsx, .docx, .csv.
        NotWritten: the disk is full, or the place may not be written.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise UnknownFormat(file.name)
    record = record_of(
        table.release_id, table.as_of.isoformat(), table.is_synthetic,
        table.selection.as_json(), table.figures(),
    )  # fmt: skip
    content = write(page_of(table, record.code, title), table)
    try:
        write_whole(file, content)
        return keep(settings, record, [file])
    except OSError as error:
        raise NotWritten(file.name, error.strerror or str(error)) from error


def write_whole(file: Path, content: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        OSError: the disk is full, or the place may not be written.
    """
    aside = file.with_name(f".{file.name}.writing")
    try:
        aside.write_bytes(content)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def query_csv(table: QueryTable, code: str) -> str:
    """One row per unit, indicator and period, numbers unrounded, for programs and Excel alike."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(
        ["单位代码", "单位", "指标代码", "指标", "计量单位", "报告期"]
        + [MEASURES[measure] for measure in table.selection.measures]
        + [
            "应报单位",
            "已报单位",
            "初步数",
            "无数原因",
            "截至",
            "发布号",
            "演示数据",
            CODE_LABEL_ZH,
        ]
    )
    for (line, cell), values in zip(table.cells(), _by_cell(table), strict=True):
        facts = cell.facts
        writer.writerow([
            cell.unit_code, safe_cell(line.unit_name_zh), cell.indicator_code,
            safe_cell(line.indicator_zh), safe_cell(line.unit_zh), cell.period_code, *values,
            facts.get("expected_units"), facts.get("reported_units"),
            _yes(facts.get("is_provisional")), safe_cell(cell.reason_zh),
            table.as_of.isoformat(), table.release_id, _yes(table.is_synthetic), code,
        ])  # fmt: skip
    return target.getvalue()


def _by_cell(table: QueryTable) -> list[list[str | None]]:
    """Unrounded numbers of each cell; a rank in the form that no spreadsheet takes for a date."""
    figures = table.figures()
    width = len(table.selection.measures)
    cells = [figures[start : start + width] for start in range(0, len(figures), width)]
    return [
        [one.value.replace("/", " / ") if one.value and one.column_name == "rank" else one.value
         for one in cell]
        for cell in cells
    ]  # fmt: skip


def _yes(value: object) -> str:
    return "是" if value else "否"


_WRITERS: Mapping[str, Callable[[Page, QueryTable], bytes]] = {
    ".xlsx": lambda page, _: sheet_bytes(page),
    ".docx": lambda page, _: paper_bytes(page),
    ".csv": lambda page, table: query_csv(table, page.code).encode("utf-8-sig"),
}
