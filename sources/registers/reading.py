"""A register file becomes a Parquet file of rows and a short account of what was read.

Runs inside the guarded child processes only. Rows are handled in blocks, so that a million of them
need no more memory than one block and the keys seen so far.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import chain, islice
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from sources.contract import FormIdentity
from sources.definitions import Definitions
from sources.errors import MissingColumn, SourceError, UnknownForm, UnmappedColumn
from sources.identity import HIDDEN_PREFIX, identify
from sources.labels import labels_in
from sources.marks import ReadingMarks
from sources.readers.grid import Cell, address
from sources.registers.account import RegisterAccount, RegisterHeader
from sources.registers.cells import issues_text, typed
from sources.registers.definition import (
    SLOTS,
    Register,
    RegisterColumn,
    register_of,
    registers,
    slot,
)
from sources.registers.rows import HEAD_ROWS, Row, SheetRows, head_of, limits_of, sheets_of
from sources.texts import normalised

BLOCK_ROWS = 50_000

ROWS_SCHEMA: dict[str, pl.DataType] = {
    "sheet": pl.String(),
    "row_no": pl.Int32(),
    **{slot(n): pl.String() for n in range(1, SLOTS + 1)},
    "issues": pl.String(),
}
"""Rows as they lie in the Parquet file; `row_no` counts from 1, as a spreadsheet shows it."""


def identity_of(path: Path, definitions: Definitions) -> FormIdentity | None:
    """What a file that is too large for a form says it is, if that is a register."""
    known = registers(definitions)
    if not known:
        return None
    largest = max(known.values(), key=lambda register: register.max_file_bytes)
    try:
        identity = identify(
            _above_table(head_of(path, limits_of(largest)), definitions), definitions
        )
    except SourceError:
        return None
    return identity if identity.form_kind == "register" else None


def read_register(
    path: Path, definitions: Definitions, target: Path, file_name: str = ""
) -> tuple[FormIdentity, RegisterAccount]:
    """Writes the rows to `target` (Parquet) with the account beside it (json), and says whose.

    Raises:
        SourceError: the file is refused as a whole.
    """
    head = head_of(path, limits_of(max(
        registers(definitions).values(), key=lambda register: register.max_file_bytes
    )))  # fmt: skip
    identity = identify(_above_table(head, definitions), definitions, file_name)
    register = register_of(definitions, identity.form_code, identity.form_version)
    if register is None:
        raise UnknownForm(identity.form_code, reason_zh=f"报表 {identity.form_code} 不是台账")
    writer = _Writer(register, target, ReadingMarks.of(definitions.table("reading_marks")))
    people: dict[str, str] = dict(identity.people)
    try:
        for sheet in sheets_of(path, limits_of(register)):
            writer.take(sheet, people)
        account = writer.done()
    finally:
        writer.close()
    target.with_suffix(".json").write_text(json.dumps(asdict(account), ensure_ascii=False))
    return replace(identity, people=people), account


def _above_table(cells: Sequence[Cell], definitions: Definitions) -> list[Cell]:
    """The hidden sheet, and of the others what stands above the header row.

    Below it, a column 联系电话 would be taken for the footer's label.
    """
    known = {
        normalised(text)
        for register in registers(definitions).values()
        for column in register.columns
        for text in (column.header_zh, *column.aliases_zh)
    }
    hits: dict[tuple[str, int], int] = {}
    for cell in cells:
        if normalised(cell.text) in known:
            hits[cell.sheet, cell.row_no] = hits.get((cell.sheet, cell.row_no), 0) + 1
    first: dict[str, int] = {}
    for (sheet, row_no), count in hits.items():
        if count >= 3:
            first[sheet] = min(row_no, first.get(sheet, row_no))
    return [
        cell
        for cell in cells
        if cell.sheet.startswith(HIDDEN_PREFIX) or cell.row_no < first.get(cell.sheet, HEAD_ROWS)
    ]


class _Writer:
    """Blocks of typed rows into one Parquet file."""

    def __init__(self, register: Register, target: Path, marks: ReadingMarks) -> None:
        self._marks = marks
        self._register = register
        self._target = target
        self._known = {
            normalised(text): column
            for column in register.columns
            for text in (column.header_zh, *column.aliases_zh)
        }
        self._seen: set[str] = set()
        self._headers: list[RegisterHeader] = []
        self._rows = self._cells = self._totals = 0
        self._parquet: pq.ParquetWriter | None = None

    def take(self, sheet: SheetRows, people: dict[str, str]) -> None:
        """The table of one sheet; a sheet without the register's header is left alone."""
        rows = iter(sheet.rows)
        header = self._find_header(sheet.sheet, islice(rows, HEAD_ROWS))
        if header is None:
            return
        found, rest = header
        self._headers.append(found)
        body = self._body(chain(rest, rows), found, people)
        while block := list(islice(body, BLOCK_ROWS)):
            self._write(found, block, sheet)

    def done(self) -> RegisterAccount:
        """The account; the file is complete.

        Raises:
            MissingColumn: no sheet has the header of the register.
        """
        if not self._headers:
            raise MissingColumn([c.header_zh for c in self._register.columns if c.is_required])
        if self._parquet is None:
            self._put(pl.DataFrame(schema=ROWS_SCHEMA))
        return RegisterAccount(self._rows, self._cells, self._totals, self._headers)

    def close(self) -> None:
        if self._parquet is not None:
            self._parquet.close()

    def _find_header(
        self, sheet: str, head: Iterator[tuple[int, Row]]
    ) -> tuple[RegisterHeader, list[tuple[int, Row]]] | None:
        rows = list(head)
        for place, (row_no, row) in enumerate(rows):
            named = {n: t for n, text in enumerate(row) if (t := normalised(text))}
            if len({self._known[t].column_code for t in named.values() if t in self._known}) >= 3:
                return self._mapped(sheet, row_no, row, named), rows[place + 1 :]
        return None

    def _mapped(self, sheet: str, row_no: int, row: Row, named: dict[int, str]) -> RegisterHeader:
        columns: dict[str, int] = {}
        strangers = []
        for column_no, text in named.items():
            column = self._known.get(text)
            if column is None:
                strangers.append((row[column_no] or "").strip())
            elif column.column_code in columns:
                raise UnmappedColumn(
                    [column.header_zh], sheet=sheet, cell=address(row_no, column_no),
                    reason_zh=f"表头“{column.header_zh}”重复",
                )  # fmt: skip
            else:
                columns[column.column_code] = column_no
        missing = [
            column.header_zh
            for column in self._register.columns
            if column.is_required and column.column_code not in columns
        ]
        at = address(row_no, min(named))
        if missing:
            raise MissingColumn(missing, strangers, sheet=sheet, cell=at)
        if strangers:
            known = [column.header_zh for column in self._register.columns]
            raise UnmappedColumn(strangers, sheet=sheet, cell=at, known=known)
        return RegisterHeader(sheet, row_no, columns)

    def _body(
        self, rows: Iterator[tuple[int, Row]], header: RegisterHeader, people: dict[str, str]
    ) -> Iterator[tuple[int, Row]]:
        """Data rows: blank ones, totals and the footer are left out, the footer's people kept."""
        width = max(header.columns.values()) + 1
        used = frozenset(header.columns.values())
        loose = [n for n in range(width) if n not in used]
        for row_no, row in rows:
            first = row[0] if row else None
            if not first or first.isspace():
                first = next((text for text in row if text and not text.isspace()), None)
            if first is None:
                continue
            if not first[0].isascii() and self._is_footer(first, row, people):
                continue
            if len(row) > width or loose:
                self._refuse_outside(header, row_no, row, [*loose, *range(width, len(row))])
            yield row_no, row

    def _is_footer(self, first: str, row: Row, people: dict[str, str]) -> bool:
        plain = normalised(first)
        if self._marks.total_kind(plain) is not None:
            self._totals += 1
            return True
        if not self._marks.ends_table(plain) and not labels_in(first, self._marks.footer):
            return False
        texts = [text.strip() for text in row if text and text.strip()]
        for place, text in enumerate(texts):
            for name, inline in labels_in(text, self._marks.footer):
                beside = texts[place + 1] if place + 1 < len(texts) else ""
                people.setdefault(name, inline or beside)
        return True

    def _refuse_outside(
        self, header: RegisterHeader, row_no: int, row: Row, outside: Sequence[int]
    ) -> None:
        for column_no in outside:
            if column_no < len(row) and (row[column_no] or "").strip():
                raise UnmappedColumn(
                    [], sheet=header.sheet, cell=address(row_no, column_no),
                    reason_zh=f"单元格 {address(row_no, column_no)} 有内容，但所在列没有表头",
                )  # fmt: skip

    def _write(
        self, header: RegisterHeader, block: list[tuple[int, Row]], sheet: SheetRows
    ) -> None:
        texts: dict[str, list[str | None]] = {}
        for column in self._register.columns:
            at = header.columns.get(column.column_code)
            texts[column.slot] = (
                [None] * len(block)
                if at is None
                else [row[at] if at < len(row) else None for _, row in block]
            )
        broken = self._broken(header, block, sheet, texts)
        frame = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))
        frame = typed(frame, self._register)
        for place, column in broken:
            frame[place, column.column_code] = "error_value"
        key = self._register.key
        twice = [self._is_repeated(value) for value in frame[key.slot]]
        if any(twice):
            again = pl.Series(twice) & frame[key.column_code].is_null()
            frame = frame.with_columns(
                pl.when(again).then(pl.lit("duplicate_key")).otherwise(key.column_code)
                .alias(key.column_code)
            )  # fmt: skip
        self._cells += sum(frame.height - frame[slot].null_count() for slot in texts)
        self._rows += frame.height
        filled = set(texts)
        self._put(frame.select(
            pl.lit(header.sheet).alias("sheet"),
            pl.Series("row_no", [row_no + 1 for row_no, _ in block], dtype=pl.Int32),
            *(pl.col(s) if (s := slot(n)) in filled else pl.lit(None, pl.String).alias(s)
              for n in range(1, SLOTS + 1)),
            issues_text(self._register).alias("issues"),
        ))  # fmt: skip

    def _broken(
        self,
        header: RegisterHeader,
        block: list[tuple[int, Row]],
        sheet: SheetRows,
        texts: dict[str, list[str | None]],
    ) -> list[tuple[int, RegisterColumn]]:
        """Error cells and formulas without a value: calamine gives a blank for both."""
        if not sheet.instead:
            return []
        by_column = {header.columns[code]: column for code, column in self._register.by_code.items()
                     if code in header.columns}  # fmt: skip
        places = {row_no: place for place, (row_no, _) in enumerate(block)}
        found = []
        for (row_no, column_no), text in sheet.instead.items():
            column, place = by_column.get(column_no), places.get(row_no)
            if column is not None and place is not None:
                texts[column.slot][place] = text
                found.append((place, column))
        return found

    def _is_repeated(self, key: str | None) -> bool:
        if key is None:
            return False
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _put(self, frame: pl.DataFrame) -> None:
        table = frame.select(
            pl.col(name).cast(dtype) for name, dtype in ROWS_SCHEMA.items()
        ).to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._target, table.schema, compression="zstd")
        self._parquet.write_table(table)
