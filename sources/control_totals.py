"""Control totals: 合计 and 小计 rows that a clerk added below a form's own rows.

They are never data. Where every row they cover is counted in one unit and holds a number, their
figure is compared with the sum of those rows; a row marked as a part of another (其中) may be left
out of the sum or not, as clerks do both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sources.contract import FormIdentity, SheetCheck
from sources.definitions import FormElement
from sources.headers import Header
from sources.marks import WHOLE
from sources.numbers import canonical, parse_number
from sources.readers.grid import Cell

RULE_ID = "S17"
_PART = "其中"

_Value = tuple[str, str, str, str, str, str | None, str | None, str | None, str | None]


@dataclass(frozen=True)
class ControlTotal:
    """One row of totals.

    Attributes:
        header: of the table it stands in.
        row_no: its row.
        row: its cells.
        group_from: first row after the last subtotal or section title.
        kind: over which rows it adds up, see `marks`.
    """

    header: Header
    row_no: int
    row: Mapping[int, Cell]
    group_from: int
    kind: str


def failed_totals(
    totals: Sequence[ControlTotal],
    values: Sequence[_Value],
    placed: Mapping[str, int],
    elements: Sequence[FormElement],
    identity: FormIdentity,
) -> Iterator[SheetCheck]:
    """The totals that are not the sum of the rows they cover."""
    units = {(e.row_code, e.value_column): e.unit_zh for e in elements}
    for total in totals:
        first = total.header.row_no + 1 if total.kind == WHOLE else total.group_from
        covered = {code for code, row_no in placed.items() if first <= row_no < total.row_no}
        for value_column, column_no in total.header.values.items():
            cell = total.row.get(column_no)
            told = parse_number(cell.text).number if cell is not None else None
            if cell is None or told is None:
                continue
            rows = [v for v in values if v[0] in covered and v[1] == value_column]
            if not rows or len({units[v[0], v[1]] for v in rows}) > 1 or any(
                v[7] is None for v in rows
            ):  # fmt: skip
                continue
            whole = _sum(rows)
            if told not in (whole, _sum(v for v in rows if not v[3].startswith(_PART))):
                yield _check(cell, told, whole, identity)


def _sum(rows: Iterable[_Value]) -> Decimal:
    return sum((Decimal(row[7] or "0") for row in rows), Decimal(0))


def _check(cell: Cell, told: Decimal, whole: Decimal, identity: FormIdentity) -> SheetCheck:
    return SheetCheck(
        rule_id=RULE_ID, sheet=cell.sheet, cell=cell.cell, area_code=identity.unit_code,
        element_code=None, value_text=canonical(told), expected_text=canonical(whole),
        message_zh=f"工作表“{cell.sheet}”单元格 {cell.cell}：合计行填为 {canonical(told)}，"
        f"各行之和为 {canonical(whole)}，相差 {canonical(told - whole)}。"
        "合计行只作核对，不作为数据收取",
    )  # fmt: skip
