"""The child processes of the day: the warm checker, and a night started at once.

Both are the `qiangshi` command itself. The checker ends with the process that started it; a night
goes on to its end whatever becomes of the desk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from filelock import FileLock, Timeout

from warehouse.access import security_events
from warehouse.access.scope import Identity, require
from warehouse.clock import technical_now
from warehouse.daytime import tasks
from warehouse.daytime.tasks import Task
from warehouse.ledger.engine import open_ledger, writing
from warehouse.settings import Settings

LOCK = "day.lock"
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
    # Somebody must wait for it, or it stays behind as a zombie that looks alive.
    threading.Thread(target=child.wait, name="night", daemon=True).start()
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
    settings.work.mkdir(parents=True, exist_ok=True)
    probe = FileLock(str(settings.work / LOCK))
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return False
    probe.release()
    child = _start(settings, ["day"], is_detached=False)
    threading.Thread(target=child.wait, name="day", daemon=True).start()
    return True


def _asked(settings: Settings, task: Task) -> Task:
    ensure_checker(settings)
    return task


def _start(
    settings: Settings, arguments: Sequence[str], *, is_detached: bool
) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "QIANGSHI_HOME": str(settings.home)}
    log = (settings.work / f"{arguments[0]}.log").open("ab")
    with log:
        # The checker reads its standard input only to see it end with its parent.
        return subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *arguments],
            stdin=subprocess.DEVNULL if is_detached else subprocess.PIPE,
            stdout=log, stderr=log, env=environment, start_new_session=is_detached,
        )  # fmt: skip
