"""What a night that was cut off left in the inbox is taken up again, and is no repetition."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from orchestration.stages import definitions_of, note_failure
from orchestration.stages.reading import Read, read
from orchestration.stages.receiving import receive
from sources.demo.generator import write_demo
from warehouse.clock import technical_now
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.intake import settle
from warehouse.settings import Settings
from warehouse.workspace import init, set_demo


def taken(settings: Settings) -> Read:
    receive(settings, definitions_of(settings))
    return read(settings, definitions_of(settings))


def put_back(kept: Path, target: Path) -> None:
    """A file as it lay in the inbox, with its time; long enough ago to be still."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(kept, target)


def test_the_same_files_after_a_failed_night_are_not_called_repetitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANGSHI_HOME", str(tmp_path / "var"))
    settings = Settings.load()
    init(settings)
    set_demo(settings)
    shelf = tmp_path / "shelf"
    write_demo(definitions_of(settings), shelf, "2025-12", "2025-12")
    filed = next(iter(sorted(shelf.rglob("150402/*2025*12*"))))
    lying = settings.inbox / "150400" / "150402" / filed.name

    put_back(filed, lying)
    first = taken(settings)
    assert (first.received, first.unchanged, first.resumed) == (1, 0, 0)

    # The night broke off after the ledger had the file and before the inbox was emptied.
    put_back(filed, lying)
    second = taken(settings)
    assert (second.received, second.unchanged, second.resumed) == (0, 0, 1)

    # It was settled, and a later step failed: still the same arrival.
    engine = open_ledger(settings)
    settle(engine)
    engine.dispose()
    note_failure(settings, "nightly", "磁盘已满", technical_now())
    put_back(filed, lying)
    third = taken(settings)
    assert (third.unchanged, third.resumed) == (0, 1)

    # A clerk sends the same file once more: that is a repetition.
    put_back(filed, lying)
    os.utime(lying, (lying.stat().st_mtime + 3600,) * 2)
    fourth = taken(settings)
    assert (fourth.received, fourth.unchanged, fourth.resumed) == (0, 1, 0)
