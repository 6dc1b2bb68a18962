"""The desk's ledger: 200 findings in one act, many stewards at once, a big night's intake.

Run by hand: `.venv/bin/python tests/benchmarks/ledger.py [seconds] [stewards]`. SQLite lies in a
temporary folder with its full safety (synchronous=FULL); PostgreSQL is started beside it, with
fsync on. The acts of the stewards are counted against the ledger: a difference ends the run.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from tests.postgres import running_postgres
from tests.stewards import Told, lost_or_unheard, work_at_once
from warehouse.ledger import verbs
from warehouse.ledger.chain_check import chain_damage
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.findings import WRITTEN, record_findings
from warehouse.ledger.intake import ParsedRecord, record_batch, settle
from warehouse.ledger.policies import AcceptancePolicies, apply_policies
from warehouse.settings import Settings
from warehouse.workspace import init

NOW = datetime(2026, 1, 31, 23, 59, 59)
WORDS = "去年积压的授权集中到本月登记"


@contextmanager
def workspaces() -> Iterator[list[tuple[str, Settings]]]:
    """An empty workspace on either database."""
    with tempfile.TemporaryDirectory() as folder, running_postgres(is_safe=True) as server:
        url = {"QIANGSHI_LEDGER_URL": server.url(server.new())}
        made = [
            ("SQLite", Settings.load(Path(folder) / "sqlite", environ={})),
            ("PostgreSQL", Settings.load(Path(folder) / "postgres", environ=url)),
        ]
        for _, settings in made:
            init(settings)
        yield made


def filed(number: int, period: str = "2025-12") -> ParsedRecord:
    """A filing of the county of a number."""
    unit = f"15{number:04d}"
    return ParsedRecord(
        unit_code=unit, city_code="150400", file_sha256=f"{unit}x{period}x".ljust(64, "0"),
        size_bytes=1000, file_name="上报.xlsx", channel_kind="inbox",
        received_at=datetime(2026, 1, 10, 9), is_synthetic=True, form_code="M1", form_version="1",
        period_code=period,
    )  # fmt: skip


def intake(settings: Settings, counties: int, months: int) -> float:
    """Seconds to take, check and accept so many filings."""
    records = [
        filed(number, f"{2010 + month // 12}-{month % 12 + 1:02d}")
        for number in range(2000, 2000 + counties)
        for month in range(months)
    ]
    engine = open_ledger(settings)
    began = time.perf_counter()
    record_batch(engine, records, NOW, None)
    settle(engine)
    apply_policies(engine, AcceptancePolicies(), NOW.date())
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def one_act(settings: Settings, count: int) -> tuple[float, float]:
    """Seconds to explain so many findings in one act, and to undo it."""
    engine = open_ledger(settings)
    key = record_batch(engine, [filed(1001)], NOW, None)[0].submission_id
    rows = [
        dict.fromkeys(WRITTEN)
        | {"finding_id": f"{key}#{n}", "rule_id": f"R{n}", "severity_code": "verify",
           "submission_id": key, "unit_code": "151001", "message_zh": "本期与上期相差过大"}
        for n in range(count)
    ]  # fmt: skip
    record_findings(engine, pl.DataFrame(rows, schema=dict.fromkeys(WRITTEN, pl.String)))
    settle(engine, [key])
    began = time.perf_counter()
    done = verbs.explain(engine, key, author="zhang", at=NOW, text=WORDS)
    explained = time.perf_counter() - began
    assert len(done.finding_ids) == count
    verbs.undo(engine, key, author="zhang", at=NOW, reason="点错了")
    undone = time.perf_counter() - began - explained
    engine.dispose()
    return explained, undone


def at_once(settings: Settings, seconds: float, stewards: int) -> Sequence[Told]:
    """What so many stewards were told in the time, once it is seen that the ledger agrees."""
    engine = open_ledger(settings)
    ids = [
        one.submission_id
        for one in record_batch(engine, [filed(number) for number in range(1100, 1105)], NOW, None)
    ]
    settle(engine)
    end = time.monotonic() + seconds
    told = work_at_once(
        lambda: open_ledger(settings), ids, stewards=stewards, at=NOW,
        is_over=lambda _: time.monotonic() >= end,
    )  # fmt: skip
    wrong = lost_or_unheard(engine, told), chain_damage(engine, [])
    engine.dispose()
    assert wrong == ({}, []), wrong
    assert not [error for one in told for error in one.otherwise]
    return told


def main() -> None:
    """Measures both databases and prints what came out."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    stewards = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    table = Table(title=f"{stewards} stewards, {seconds:.0f} s")
    for name in ("", "acts recorded", "named conflicts", "other", "median ms", "longest s",
                 "200 findings s", "undone s", "6,540 files s"):  # fmt: skip
        table.add_column(name)
    with workspaces() as made:
        for name, settings in made:
            explained, undone = one_act(settings, 200)
            told = at_once(settings, seconds, stewards)
            took = sorted(one for each in told for one in each.seconds)
            figures = dataclasses.astuple(
                Figures(
                    sum(len(one.done) for one in told),
                    sum(len(one.conflicts) for one in told),
                    sum(len(one.otherwise) for one in told),
                    round(statistics.median(took) * 1000, 1),
                    round(took[-1], 2),
                    round(explained, 3),
                    round(undone, 3),
                    round(intake(settings, 109, 60), 1),
                )
            )
            table.add_row(name, *map(str, figures))
    Console(width=140).print(table)


@dataclasses.dataclass(frozen=True)
class Figures:
    """One row of what is printed."""

    acts: int
    conflicts: int
    other: int
    median_ms: float
    longest: float
    explained: float
    undone: float
    intake: float


if __name__ == "__main__":
    main()
