"""The rows of a queue file that came back: found by their headings, wherever they were moved to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sources.readers.grid import Cell
from warehouse.errors import WarehouseError
from warehouse.queue.workbook import (
    CORRECTION,
    COUNTER,
    DECISION,
    FINDING,
    REASON,
    REASON_KIND,
    SUBMISSION,
)

_NEEDED = (DECISION, REASON, SUBMISSION, COUNTER)
_HEADER_WITHIN = 20
MOST_ROWS = 20_000
# What a cell holds that is no plain text: said, never calculated.
_FORMULAS = frozenset({"formula", "external_formula", "uncached_formula"})


class QueueFileRefused(WarehouseError):
    """A file that is no queue that was exported here; nothing was decided."""


@dataclass(frozen=True)
class FilledRow:
    """One row of the file in which something was filled in; `row_no` as the office program counts.

    Attributes:
        problem_zh: why it cannot be read as a decision; empty when it can.
    """

    row_no: int
    decision_zh: str
    reason_kind_zh: str
    reason: str
    submission_id: str
    finding_id: str | None
    correction_id: str | None
    counter: int | None
    problem_zh: str = ""


def filled_rows(cells: Sequence[Cell]) -> list[FilledRow]:
    """The rows with a decision or a reason, in their order.

    Raises:
        QueueFileRefused: no sheet has the headings of an exported queue, or it has too many rows.
    """
    for sheet in dict.fromkeys(cell.sheet for cell in cells):
        rows = _rows([cell for cell in cells if cell.sheet == sheet])
        for header_no in sorted(rows)[:_HEADER_WITHIN]:
            columns = {
                (cell.text or "").strip(): cell.column_no for cell in rows[header_no].values()
            }
            if all(name in columns for name in _NEEDED):
                below = [number for number in sorted(rows) if number > header_no]
                if len(below) > MOST_ROWS:
                    raise QueueFileRefused(f"一次最多导入 {MOST_ROWS} 行，请分批导入。")
                found = (_filled(number, rows[number], columns) for number in below)
                return [row for row in found if row is not None]
    raise QueueFileRefused(
        f"这不是导出的待办：没有同时含{'、'.join(_NEEDED)}各栏的表头。请用“待办导出”的文件填写。"
    )


def _rows(cells: Iterable[Cell]) -> dict[int, dict[int, Cell]]:
    rows: dict[int, dict[int, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row_no, {})[cell.column_no] = cell
    return rows


def _filled(number: int, row: Mapping[int, Cell], columns: Mapping[str, int]) -> FilledRow | None:
    def text(name: str) -> str:
        column = columns.get(name)
        cell = None if column is None else row.get(column)
        return "" if cell is None else (cell.text or "").strip()

    decision, reason = text(DECISION), text(REASON)
    is_formula = any(
        (cell := row.get(columns[name])) is not None and cell.issue_code in _FORMULAS
        for name in (DECISION, REASON, SUBMISSION, COUNTER)
    )
    if not decision and not reason and not is_formula:
        return None
    counter = text(COUNTER)
    return FilledRow(
        row_no=number + 1,
        decision_zh=decision,
        reason_kind_zh=text(REASON_KIND),
        reason=reason,
        submission_id=text(SUBMISSION),
        finding_id=text(FINDING) or None,
        correction_id=text(CORRECTION) or None,
        counter=int(counter) if re.fullmatch(r"[0-9]{1,9}", counter) else None,
        problem_zh="该行含公式，请改为直接填写文字。" if is_formula else "",
    )
