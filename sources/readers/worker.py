"""The reading process: takes batches of files over a pipe until the pipe closes.

Started by `guard` only, as a module of its own, so that it imports what reading needs and nothing
else. It limits itself before it opens the first file.
"""

from __future__ import annotations

import pickle
import resource
import signal
import sys
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from sources.contract import FileToParse
from sources.errors import SourceError
from sources.layout_diff import compare_layouts
from sources.layout_difference import LayoutDifference
from sources.readers import read_file
from sources.readers.grid import Cell
from sources.readers.guard import ReadingJob, Told, pack
from sources.submission_files import BatchBuilder, parse_file


def _limit(memory_bytes: int) -> None:
    """Caps the address space at what is mapped now plus an allowance; no core files."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    cap = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_batch(files: list[FileToParse], job: ReadingJob, connection: Connection) -> bytes:
    batch = BatchBuilder()
    compared: dict[str, tuple[LayoutDifference, ...]] = {}
    plain: dict[str, tuple[Cell, ...]] = {}
    for file in files:
        connection.send(Told("taking", key=file.key))
        # Should the parent be gone, the alarm ends even a reader that never returns.
        signal.setitimer(signal.ITIMER_REAL, job.timeout_seconds * 2 + 1)
        try:
            if file.asks_cells:
                plain[file.key] = tuple(read_file(file.path.read_bytes(), file.file_name))
                continue
            if file.asks_layouts:
                compared[file.key] = compare_layouts(file, job.definitions)
                continue
            kind = job.workspace_is_synthetic
            batch.take(file.key, parse_file(file, job.definitions, kind, spool=job.spool))
        except SourceError as error:
            batch.refuse(file.key, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return pack(replace(batch.build(), layouts=compared, plain=plain))


def main(descriptor: int) -> None:
    """Serves one parent until it closes its end."""
    connection = Connection(descriptor)
    job: ReadingJob = pickle.loads(connection.recv_bytes())
    _limit(job.memory_bytes)
    connection.send(Told("ready"))
    while True:
        try:
            files: list[FileToParse] = connection.recv()
        except EOFError:
            return
        connection.send(Told("read", payload=_read_batch(files, job, connection)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
