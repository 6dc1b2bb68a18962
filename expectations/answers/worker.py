"""The answering process: takes one workbook at a time over a pipe and writes its answer.

Started by `guard` only, as a module of its own. It limits itself before it opens the first file,
and looks at every file with the readers' own caps before openpyxl does.
"""

from __future__ import annotations

import pickle
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from expectations.answers.copying import COPIED_ZH, NOT_OPENED_ZH, copied_workbook
from expectations.answers.guard import MEMORY_BYTES, SECONDS_EACH, Task, Way
from expectations.answers.letter import Letter
from expectations.answers.marking import marked_workbook
from sources.errors import SourceError
from sources.readers import read_kind
from sources.readers.container import XLSX
from sources.readers.grid import Cell


def answered(data: bytes, file_name: str, letter: Letter, way: Way = "mark") -> bytes:
    """The workbook that answers a file, whatever the file is."""
    kind, cells = "", list[Cell]()
    if way != "list":
        with suppress(SourceError):
            kind, cells = read_kind(data, file_name)
    if way == "mark" and kind == XLSX:
        return marked_workbook(data, cells, letter)
    return copied_workbook(cells, letter, COPIED_ZH if cells else NOT_OPENED_ZH)


def _limit() -> None:
    """Caps the address space at what is mapped now plus an allowance; no core files."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    cap = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(task: Task) -> None:
    """Writes one answer. Whatever a stranger's workbook provokes ends this process."""
    # Should the parent be gone, the alarm ends even a writer that never returns.
    signal.setitimer(signal.ITIMER_REAL, SECONDS_EACH * 2 + 1)
    data = answered(task.source.read_bytes(), task.file_name, task.letter, task.way)
    aside = task.target.with_name(task.target.name + ".part")
    aside.write_bytes(data)
    aside.replace(task.target)
    signal.setitimer(signal.ITIMER_REAL, 0)


def main(descriptor: int) -> None:
    """Serves one parent until it closes its end."""
    connection = Connection(descriptor)
    _limit()
    while True:
        try:
            task: Task = pickle.loads(connection.recv_bytes())
        except EOFError:
            return
        _serve(task)
        connection.send(task.way)


if __name__ == "__main__":
    main(int(sys.argv[1]))
