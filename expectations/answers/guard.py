"""Answers are written by guarded child processes: a workbook that kills one gets a plain answer.

One child per worker, one workbook at a time, with an address-space limit and a time limit each.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from expectations.answers.letter import Letter
from expectations.errors import AnsweringError

ROOT = Path(__file__).resolve().parents[2]
SECONDS_EACH = 30.0
START_SECONDS = 120.0
MEMORY_BYTES = 1024 * 1024 * 1024


Way = Literal["mark", "copy", "list"]
"""Mark the unit's own workbook; else copy its cells into a fresh one; else list findings alone."""

WAYS: tuple[Way, ...] = ("mark", "copy", "list")


@dataclass(frozen=True)
class Task:
    """One answer to write."""

    source: Path
    file_name: str
    letter: Letter
    target: Path
    way: Way = "mark"


class _Child:
    """One answering process."""

    def __init__(self) -> None:
        ours, theirs = Pipe()
        self._connection: Connection = ours
        # openpyxl takes lxml where it finds it, and then parses without defusedxml.
        environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OPENPYXL_LXML": "False"}
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        command = [sys.executable, "-P", "-m", "expectations.answers.worker", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        self._is_fresh = True

    def write(self, task: Task) -> bool:
        """Whether the answer is written; if not, the process is of no more use."""
        patience = SECONDS_EACH + (START_SECONDS if self._is_fresh else 0)
        self._is_fresh = False
        try:
            self._connection.send_bytes(pickle.dumps(task))
            return self._connection.poll(patience) and bool(self._connection.recv())
        except (EOFError, OSError):
            return False

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()


class _Desk:
    """A child at work, replaced when it dies."""

    def __init__(self) -> None:
        self._child = _Child()

    def write(self, task: Task) -> bool:
        """Writes an answer in the best way that works; whether it was the plainer ones.

        Raises:
            AnsweringError: no way works.
        """
        for way in WAYS:
            if self._child.write(replace(task, way=way)):
                return way != WAYS[0]
            self.stop()
            self._child = _Child()
        raise AnsweringError(task.target.name)

    def stop(self) -> None:
        self._child.stop()


def write_workbooks(
    tasks: Sequence[Task], *, workers: int = 2, done: Callable[[int], None] | None = None
) -> int:
    """Number of answers that had to be written in a plainer way than by marking the workbook.

    Args:
        tasks: what to write; folders of the targets exist.
        workers: processes at a time.
        done: told now and then how many are in hand or written.

    Raises:
        AnsweringError: the processes do not work at all, whatever the file.
    """
    if not tasks:
        return 0
    waiting: SimpleQueue[Task] = SimpleQueue()
    for task in tasks:
        waiting.put(task)

    def work() -> int:
        plainer = 0
        desk = _Desk()
        try:
            while True:
                try:
                    task = waiting.get_nowait()
                except Empty:
                    return plainer
                plainer += desk.write(task)
                if done is not None:
                    done(len(tasks) - waiting.qsize())
        finally:
            desk.stop()

    count = min(workers, len(tasks))
    with ThreadPoolExecutor(count) as pool:
        return sum(future.result() for future in [pool.submit(work) for _ in range(count)])
