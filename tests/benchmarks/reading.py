"""1,000 workbooks read and validated, beside the bare python-calamine parse of the same files.

Run by hand: `.venv/bin/python tests/benchmarks/reading.py [files] [rounds]`. All parts run in one
process, one after the other, round by round, so that what else the machine does meets all alike;
the figures are the CPU seconds of the best round, imports apart. `bare` gives every sheet to
Python as calamine does; `read` is our whole reading of a file (safety checks, second look, form,
identity, values); `validate` is the night's one Great Expectations run over all that was read.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
from python_calamine import CalamineWorkbook
from rich.console import Console
from rich.table import Table

from expectations.rules import Rules
from expectations.runner import validate
from orchestration.stages.submitted import submission_rows, values_of
from sources.contract import ParsedBatch
from sources.definitions import Definitions
from sources.demo.generator import write_demo
from sources.submission_files import BatchBuilder, ParsedFile, parse_forms
from warehouse.clock import BusinessClock

HISTORY = ("unit_code", "form_code", "period_code", "element_code", "number_text")


def bare(files: list[Path]) -> int:
    """Cells of all sheets by calamine alone."""
    cells = 0
    for path in files:
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            cells += sum(len(row) for row in book.get_sheet_by_name(name).to_python())
    return cells


def read(files: list[Path], definitions: Definitions) -> ParsedBatch:
    """All files as a night's batch; a refused file stops the measurement."""
    batch = BatchBuilder()
    for number, path in enumerate(files):
        forms = parse_forms(path.read_bytes(), path.name, None, definitions, True)
        batch.take(str(number), ParsedFile(forms=forms))
    built = batch.build()
    if built.errors:
        raise SystemExit(str(next(iter(built.errors.values()))))
    return built


def judged(batch: ParsedBatch, definitions: Definitions, rules: Rules) -> int:
    """Findings of one run over all that was read."""
    clock = BusinessClock(date(2026, 1, 31))
    filed = pl.DataFrame(submission_rows(batch, {}, clock.now()))
    history = pl.DataFrame(schema=dict.fromkeys(HISTORY, pl.String))
    found = validate(filed, values_of(batch), history, definitions, rules, clock.now())
    return found.findings.height


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """CPU seconds of one piece of work."""
    gc.collect()
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


def main(count: int, rounds: int) -> None:
    """Prints one table."""
    definitions = Definitions.load()
    rules = Rules.load(definitions)
    with tempfile.TemporaryDirectory() as folder:
        write_demo(definitions, Path(folder), "2025-01", "2025-12")
        files = sorted(Path(folder).rglob("*.xlsx"))[:count]
        batch = read(files[:50], definitions)
        judged(batch, definitions, rules)
        best = {"bare": 9e9, "read": 9e9, "validate": 9e9}
        for _ in range(rounds):
            best["bare"] = min(best["bare"], seconds(bare, files))
            best["read"] = min(best["read"], seconds(read, files, definitions))
        batch = read(files, definitions)
        for _ in range(rounds):
            best["validate"] = min(best["validate"], seconds(judged, batch, definitions, rules))
    table = Table(title=f"{len(files):,} workbooks, {batch.cells.height:,} cells")
    for heading in ("part", "CPU seconds", "ms a file", "× bare"):
        table.add_column(heading)
    for name, value in (*best.items(), ("read and validate", best["read"] + best["validate"])):
        table.add_row(name, f"{value:.2f}", f"{value / len(files) * 1000:.2f}",
                      f"{value / best['bare']:.1f}")  # fmt: skip
    Console(width=100).print(table)


if __name__ == "__main__":
    main(*(int(text) for text in [*sys.argv[1:], *["1000", "3"][len(sys.argv) - 1 :]]))
