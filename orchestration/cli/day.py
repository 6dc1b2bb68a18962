"""The warm checker of the day: a child process that takes in and checks what the desk asks for."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from orchestration.cli.console import guarded, settings_of, warn

_LOOK_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(day)


@guarded
def day(
    idle: Annotated[float, typer.Option("--idle", min=0, help="空闲多少分钟后结束")] = 240.0,
) -> None:
    """白天的审核进程：工作台交来的报送件和更正即时审核；由工作台自动启动。"""
    from warehouse.daytime.children import LOCK

    settings = settings_of()
    lock = FileLock(str(settings.work / LOCK))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        warn("审核进程已在运行。")
        return
    try:
        _end_with_parent()
        _serve(idle * 60)
    finally:
        lock.release()


def _serve(idle_seconds: float) -> None:
    from orchestration.stages.checker import do, warm
    from warehouse.daytime.tasks import waiting

    warm(settings_of())
    last = time.monotonic()
    while time.monotonic() - last < idle_seconds:
        # Settings are read anew: the business day and the definitions may have moved on.
        settings = settings_of()
        for task in waiting(settings, ("take_in", "revalidate")):
            do(settings, task)
            last = time.monotonic()
        time.sleep(_LOOK_SECONDS)


def _end_with_parent() -> None:
    """Ends this process when the one that started it goes: its end of our input closes then."""
    if sys.stdin is None or sys.stdin.isatty():
        return

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        # Whatever is under way is left as a night that was cut off: the next one goes on from it.
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
