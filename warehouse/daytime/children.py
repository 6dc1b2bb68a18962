"""The child processes of the day: the warm checker, and a night started at once.

Both are the `qiangshi` command itself. The checker ends with the process that started it; a night
goes on to its end whatever becomes of the desk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from warehouse.access import security_events
from warehouse.access.scope import Identity, require
from warehouse.clock import technical_now
from warehouse.daytime import tasks
from warehouse.daytime.tasks import Task
from warehouse.ledger.engine import open_ledger, writing
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LOCK = "day.lock"
_CHECKERS: dict[Path, subprocess.Popen[bytes]] = {}
"""Checkers this process started, by workspace."""
_STARTED: dict[Path, float] = {}
_AGAIN_SECONDS = 20.0
_COMMAND = "from orchestration.cli.main import main; main()"


def take_in(settings: Settings, *, author: str) -> Task:
    """Has what lies in the inbox received, read and checked now."""
    return _asked(settings, tasks.ask(settings, "take_in", author=author))


def revalidate(settings: Settings, submission_ids: Sequence[str], *, author: str) -> Task:
    """Has submissions checked again now, with the corrections approved since."""
    return _asked(
        settings,
        tasks.ask(settings, "revalidate", author=author, submission_ids=submission_ids),
    )


def publish_now(settings: Settings, identity: Identity) -> Task:
    """Starts a night at once (立即发布); one already on its way is told instead of a second.

    Raises:
        Forbidden: the account may not publish.
    """
    require(identity, "releases.publish")
    under_way = publishing(settings)
    if under_way is not None:
        return under_way
    task = tasks.ask(settings, "publish", author=identity.login)
    engine = open_ledger(settings)
    with writing(engine) as connection:
        security_events.record(
            connection, "publish_started", author=identity.login, now=technical_now()
        )
    engine.dispose()
    day = ["--date", settings.clock_day.isoformat()] if settings.clock_day else []
    child = _start(settings, ["nightly", "--task", task.task_id, *day], is_detached=True)
    watch = (settings, task.task_id, child)
    threading.Thread(target=_see_to_its_end, args=watch, name="night", daemon=True).start()
    return task


def _see_to_its_end(settings: Settings, task_id: str, child: subprocess.Popen[bytes]) -> None:
    """A night that ends without a word of its own has failed."""
    code = child.wait()
    task = tasks.task_of(settings, task_id)
    if not task.is_over:
        said = f"发布没有完成（退出码 {code}），已发布的数据不受影响；详见 work/nightly.log。"
        tasks.ended(settings, task, "failed", said)


def progress(settings: Settings, task_id: str) -> Task:
    """A task as it stands, for a page that asks again and again; a checker that went is replaced.

    Raises:
        UnknownTask: there is none of that id.
    """
    task = tasks.task_of(settings, task_id)
    if task.state == "waiting" and task.kind != "publish":
        ensure_checker(settings)
    return task


def publishing(settings: Settings) -> Task | None:
    """The publication under way, if there is one."""
    for task in tasks.tasks(settings):
        if task.kind == "publish" and not task.is_over:
            current = tasks.task_of(settings, task.task_id)
            if not current.is_over:
                return current
    return None


def ensure_checker(settings: Settings) -> bool:
    """Whether a checker had to be started; one that runs is left alone.

    Called when the desk opens, it makes the first check as quick as the next ones.
    """
    mine = _CHECKERS.get(settings.home)
    if mine is not None and mine.poll() is None:
        return False
    # One that cannot start must not be started at every look of a page.
    if time.monotonic() - _STARTED.get(settings.home, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
        return False
    settings.work.mkdir(parents=True, exist_ok=True)
    probe = FileLock(str(settings.work / LOCK))
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return False
    probe.release()
    _STARTED[settings.home] = time.monotonic()
    _CHECKERS[settings.home] = _start(settings, ["day"], is_detached=False)
    return True


def stop_checker(settings: Settings) -> None:
    """Ends the checker that this process started, as its own end would."""
    _STARTED.pop(settings.home, None)
    child = _CHECKERS.pop(settings.home, None)
    if child is None:
        return
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _asked(settings: Settings, task: Task) -> Task:
    ensure_checker(settings)
    return task


def _start(
    settings: Settings, arguments: Sequence[str], *, is_detached: bool
) -> subprocess.Popen[bytes]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "QIANGSHI_HOME": str(settings.home),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    log = (settings.work / f"{arguments[0]}.log").open("ab")
    with log:
        # The checker reads its standard input only to see it end with its parent.
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND, *arguments],
            stdin=subprocess.DEVNULL if is_detached else subprocess.PIPE,
            stdout=log, stderr=log, env=environment, start_new_session=is_detached,
        )  # fmt: skip
