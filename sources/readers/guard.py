"""Guarded child processes: files of counties are parsed where they can do no harm.

A 6 KB workbook can make a reader allocate gigabytes and abort its process without an exception. So
files are read in children with an address-space limit and a time limit per file. A child tells
which file it takes before it takes it; when it dies or stalls, that one file is refused, the child
is replaced and the rest of its batch is read again.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import IO, Literal

import polars as pl

from sources.contract import FileToParse, ParsedBatch
from sources.definitions import Definitions
from sources.errors import OversizedSheet, SourceError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
_GIVE_UP_AFTER = 3


class GuardError(RuntimeError):
    """The reading processes cannot work at all, whatever the file.

    Attributes:
        detail: the end of what the process wrote before it went.
    """

    def __init__(self, problem: str, detail: str = "") -> None:
        self.detail = detail
        super().__init__(f"{problem}: {detail}" if detail else problem)


@dataclass(frozen=True)
class ReadingJob:
    """What every child is told once."""

    definitions: Definitions
    workspace_is_synthetic: bool | None
    timeout_seconds: float
    memory_bytes: int
    spool: Path | None = None
    """Where archives are unpacked."""


@dataclass(frozen=True)
class Told:
    """One message of a child: it is ready, it takes a file, or it has read a batch."""

    kind: Literal["ready", "taking", "read"]
    key: str = ""
    payload: bytes = b""


def pack(batch: ParsedBatch) -> bytes:
    """A batch for the way between processes: frames as Arrow IPC, the rest by pickle."""
    frames = []
    for frame in (batch.cells, batch.values, batch.authority):
        buffer = io.BytesIO()
        frame.write_ipc(buffer)
        frames.append(buffer.getvalue())
    rest = (batch.identities, batch.errors, batch.checks, batch.forms, batch.archives)
    return pickle.dumps((*rest, batch.layouts, batch.plain, frames))


def unpack(payload: bytes) -> ParsedBatch:
    """The batch a child packed."""
    identities, errors, *rest, frames = pickle.loads(payload)
    cells, values, authority = (pl.read_ipc(io.BytesIO(frame)) for frame in frames)
    return ParsedBatch(identities, errors, cells, values, authority, *rest)


class _Child:
    """One reading process and what it has in hand."""

    def __init__(self, job: bytes, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed in stop)
        ours, theirs = Pipe()
        self.connection: Connection = ours
        # One thread is enough per child and keeps the address space small and predictable.
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        command = [sys.executable, "-P", "-m", "sources.readers.worker", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self._errors,
        )  # fmt: skip
        theirs.close()
        self._job: bytes | None = job
        self.batch_no: int | None = None
        self.files: list[FileToParse] = []
        self.in_hand: str | None = None
        self.is_ready = False
        self.deadline = time.monotonic() + START_SECONDS

    def begin(self) -> None:
        """Hands the job over; the child reads it once its imports are done."""
        if self._job is not None:
            self.connection.send_bytes(self._job)
            self._job = None

    def give(self, batch_no: int, files: list[FileToParse]) -> None:
        """Sends one batch."""
        self.batch_no, self.files, self.in_hand = batch_no, files, None
        self.deadline = time.monotonic() + self._timeout
        self.connection.send(files)

    def hear(self, told: Told) -> None:
        """Notes a message; each file has its own time."""
        self.is_ready = True
        self.in_hand = told.key if told.kind == "taking" else None
        self.deadline = time.monotonic() + self._timeout

    def last_words(self) -> str:
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 2000))
        return self._errors.read().decode("utf-8", "replace").strip()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self.connection.close()
        self._errors.close()


class _Pool:
    """Children at work on numbered batches."""

    def __init__(self, job: ReadingJob, workers: int, waiting: list[list[FileToParse]]) -> None:
        self._job = job
        self._job_bytes = pickle.dumps(job)
        self._waiting = list(enumerate(waiting))[::-1]
        self._refused: dict[int, dict[str, SourceError]] = {}
        self._failures = 0
        self._children = [self._start() for _ in range(min(workers, len(waiting)))]
        for child in self._children:
            self._begin(child)

    def _start(self) -> _Child:
        return _Child(self._job_bytes, self._job.timeout_seconds)

    def _begin(self, child: _Child) -> None:
        try:
            child.begin()
        except OSError as error:
            raise GuardError("a reading process did not start", child.last_words()) from error

    def stop(self) -> None:
        for child in self._children:
            child.stop()
        self._children = []

    def batches(self) -> Iterator[tuple[int, ParsedBatch]]:
        """Numbered batches as they are finished."""
        while any(child.batch_no is not None for child in self._children) or self._waiting:
            now = time.monotonic()
            patience = max(0.0, min(child.deadline for child in self._children) - now)
            heard = wait([child.connection for child in self._children], timeout=patience)
            for child in list(self._children):
                if child.connection in heard:
                    yield from self._listen(child)
                elif time.monotonic() > child.deadline and child.batch_no is not None:
                    self._replace(child, is_late=True)
                elif time.monotonic() > child.deadline and not child.is_ready:
                    raise GuardError("a reading process did not start in time", child.last_words())
                elif time.monotonic() > child.deadline:
                    child.deadline = time.monotonic() + START_SECONDS

    def _listen(self, child: _Child) -> Iterator[tuple[int, ParsedBatch]]:
        try:
            told: Told = child.connection.recv()
        except (EOFError, OSError):
            self._replace(child, is_late=False)
            return
        child.hear(told)
        if told.kind == "read" and child.batch_no is not None:
            batch_no, batch = child.batch_no, unpack(told.payload)
            child.batch_no = None
            self._failures = 0
            refused = self._refused.pop(batch_no, {})
            yield batch_no, _with_errors(batch, refused)
        if told.kind != "taking":
            self._next(child)

    def _next(self, child: _Child) -> None:
        if self._waiting and child.batch_no is None:
            batch_no, files = self._waiting.pop()
            child.give(batch_no, files)

    def _replace(self, child: _Child, *, is_late: bool) -> None:
        """Refuses the file in hand, puts the rest of the batch back, starts another child."""
        words = child.last_words()
        child.stop()
        self._children.remove(child)
        culprit = next((f for f in child.files if f.key == child.in_hand), None)
        if culprit is None or child.batch_no is None:
            self._failures += 1
            if self._failures >= _GIVE_UP_AFTER or not child.is_ready:
                raise GuardError("a reading process died without a file in hand", words)
        else:
            self._refused.setdefault(child.batch_no, {})[culprit.key] = _refusal(
                culprit, self._job.timeout_seconds if is_late else None
            )
        if child.batch_no is not None:
            rest = [file for file in child.files if file is not culprit]
            self._waiting.append((child.batch_no, rest))
        fresh = self._start()
        self._children.append(fresh)
        self._begin(fresh)


def _refusal(file: FileToParse, late_after: float | None) -> OversizedSheet:
    reason = (
        f"读取超过 {late_after:g} 秒仍未完成，已停止读取"
        if late_after is not None
        else "读取时超出内存上限或使读取进程中止，已停止读取"
    )
    return OversizedSheet(reason, file_name=file.file_name)


def _with_errors(batch: ParsedBatch, refused: dict[str, SourceError]) -> ParsedBatch:
    if not refused:
        return batch
    return replace(batch, errors={**batch.errors, **refused})


def read_guarded(
    files: Sequence[FileToParse], job: ReadingJob, *, workers: int = 2, batch_size: int = 64
) -> Iterator[ParsedBatch]:
    """Batches in the order of the files, whichever child was faster; see `parse_many`.

    Raises:
        GuardError: the processes cannot be started or die without a file in hand.
    """
    if not files:
        return
    size = max(1, min(batch_size, -(-len(files) // workers)))
    pool = _Pool(job, workers, [list(files[n : n + size]) for n in range(0, len(files), size)])
    done: dict[int, ParsedBatch] = {}
    turn = 0
    try:
        for batch_no, batch in pool.batches():
            done[batch_no] = batch
            while turn in done:
                yield done.pop(turn)
                turn += 1
    finally:
        pool.stop()
