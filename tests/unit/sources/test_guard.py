"""A file that kills, stalls or starves its reader costs itself, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sources.contract import FileToParse, ParsedBatch
from sources.definitions import Definitions
from sources.errors import MissingColumn, OversizedSheet, UnreadableFile
from sources.readers.guard import ROOT, GuardError, ReadingJob, read_guarded
from sources.submission_files import parse_many
from tests.unit.sources.builders import (
    SHEET,
    as_csv,
    as_xlsx,
    sheet_with,
    small_definitions,
    written,
)

DEFINITIONS = small_definitions()


def _file(path: Path) -> FileToParse:
    return FileToParse(path.stem, path, path.name, "900101")


def _files(folder: Path, **contents: bytes) -> list[FileToParse]:
    return [
        _file(written(folder, f"{name}.{'xlsx' if data[:2] == b'PK' else 'csv'}", data))
        for name, data in contents.items()
    ]


def _errors(batches: list[ParsedBatch]) -> dict[str, type[Exception]]:
    return {key: type(error) for batch in batches for key, error in batch.errors.items()}


def _read(batches: list[ParsedBatch]) -> set[str]:
    return {key for batch in batches for key in batch.identities}


def test_a_batch_holds_every_file_once_read_or_refused(tmp_path: Path) -> None:
    files = _files(
        tmp_path, a=as_xlsx(SHEET), b=as_csv(SHEET), c=as_xlsx(sheet_with(D6="三月份")), d=b"\x00"
    )
    (batch,) = parse_many(files, DEFINITIONS, False, workers=1)
    assert set(batch.identities) == {"a", "b"}
    assert _errors([batch]) == {"c": MissingColumn, "d": UnreadableFile}
    assert batch.values.group_by("key").len().sort("key").rows() == [("a", 4), ("b", 4)]
    assert batch.values.filter(key="a", row_code="03")["number_text"].to_list() == ["1500.5"]
    assert set(batch.cells["key"]) == {"a", "b"}


def test_batches_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = _files(tmp_path, **{f"f{n}": as_csv(SHEET) for n in range(7)})
    batches = list(parse_many(files, DEFINITIONS, workers=2, batch_size=2))
    assert [list(batch.identities) for batch in batches] == [
        ["f0", "f1"], ["f2", "f3"], ["f4", "f5"], ["f6"],
    ]  # fmt: skip


def test_nothing_to_read_starts_nothing() -> None:
    assert list(parse_many([], DEFINITIONS)) == []


def test_the_far_corner_is_refused_by_its_address(tmp_path: Path) -> None:
    far: list[list[object]] = [[None] * 16384 for _ in range(1)]
    far[0][16383] = "x"
    (batch,) = parse_many(_files(tmp_path, a=as_xlsx(far), b=as_csv(SHEET)), DEFINITIONS, workers=1)
    error = batch.errors["a"]
    assert isinstance(error, OversizedSheet)
    assert error.cell == "XFD1"
    assert _read([batch]) == {"b"}


def test_a_workbook_that_kills_its_process_is_refused_and_its_neighbours_are_read(
    tmp_path: Path,
) -> None:
    # Within the caps, but its rectangle of 10 million cells does not fit in 64 MiB.
    wide: list[list[object]] = [[] for _ in range(19999)] + [[None] * 511 + ["x"]]
    files = _files(tmp_path, a=as_csv(SHEET), b=as_xlsx(wide), c=as_csv(SHEET), d=as_csv(SHEET))
    batches = list(parse_many(files, DEFINITIONS, workers=1, memory_bytes=64 * 1024 * 1024))
    assert _errors(batches) == {"b": OversizedSheet}
    assert "使读取进程中止" in str(batches[0].errors["b"])
    assert "b.xlsx" in str(batches[0].errors["b"])
    assert _read(batches) == {"a", "c", "d"}


def test_a_file_that_never_ends_is_refused_after_its_time(tmp_path: Path) -> None:
    files = _files(tmp_path, a=as_csv(SHEET), c=as_csv(SHEET))
    pipe = tmp_path / "b.csv"
    os.mkfifo(pipe)
    batches = list(
        parse_many([files[0], _file(pipe), files[1]], DEFINITIONS, workers=1, timeout_seconds=1)
    )
    assert _errors(batches) == {"b": OversizedSheet}
    assert "1 秒" in str(batches[0].errors["b"])
    assert _read(batches) == {"a", "c"}


def test_a_file_that_vanished_is_refused(tmp_path: Path) -> None:
    (batch,) = parse_many([_file(tmp_path / "gone.csv")], DEFINITIONS)
    assert _errors([batch]) == {"gone": UnreadableFile}


def test_a_reader_that_cannot_start_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.readers.guard.ROOT", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    written(tmp_path, "sources.py", b"raise SystemExit('no reader here')")
    job = ReadingJob(DEFINITIONS, None, 5, 2**30)
    with pytest.raises(GuardError, match="no reader here"):
        list(read_guarded(_files(tmp_path, a=as_csv(SHEET)), job, workers=1))


def test_a_reader_loads_what_reading_needs_and_no_more() -> None:
    program = "import sys, sources.readers.worker; print(' '.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    heavy = {
        "pandas",
        "great_expectations",
        "dbt",
        "dagster",
        "duckdb",
        "sqlalchemy",
        "msoffcrypto",
    }
    assert {name.partition(".")[0] for name in loaded} & heavy == set()


def test_no_reader_is_left_behind_when_the_caller_stops_early(tmp_path: Path) -> None:
    files = _files(tmp_path, **{f"f{n}": as_csv(SHEET) for n in range(6)})
    batches = parse_many(files, Definitions.load(), workers=2, batch_size=1)
    next(batches)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = set(children.read_text().split())
    batches.close()  # type: ignore[attr-defined]
    assert before - set(children.read_text().split())
