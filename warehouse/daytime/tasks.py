"""Tasks of the day as small files in the workspace: asked for, under way, done or failed.

One file per task in `work/day/`, replaced as a whole, so that whoever reads it sees one state. They
are notes of what is being done, no record: decisions stand in the ledger whatever becomes of them.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import psutil

from warehouse.clock import technical_now
from warehouse.errors import WarehouseError
from warehouse.settings import Settings

Kind = Literal["take_in", "revalidate", "publish"]
State = Literal["waiting", "running", "done", "failed"]

KINDS_ZH: Mapping[str, str] = {
    "take_in": "收取并审核新到的报送件",
    "revalidate": "重新审核",
    "publish": "立即发布",
}
STATES_ZH: Mapping[str, str] = {
    "waiting": "等待处理",
    "running": "正在处理",
    "done": "已完成",
    "failed": "未完成",
}
_STARTS_WITHIN = timedelta(minutes=90)
"""A task may wait for a night under way; one that nobody took up by then was forgotten."""
_KEPT = timedelta(days=2)
_ID = re.compile(r"[0-9a-f]{16}")


class UnknownTask(WarehouseError):
    """No such task, or it is long over."""

    def __init__(self, task_id: str) -> None:
        """Name it, cut to a sane length."""
        super().__init__(f"没有任务“{task_id[:32]}”，可能早已完成。")


@dataclass(frozen=True)
class Task:
    """One thing asked for by day, and how far it has come.

    Attributes:
        sentence_zh: what is being done, or what came of it.
        result: counts and names for the page, by task kind.
        pid, pid_began: the process at work on it, to tell a task that died from one that lasts
            and its process from another that has its number now.
    """

    task_id: str
    kind: Kind
    author: str
    asked_at: datetime
    submission_ids: tuple[str, ...] = ()
    state: State = "waiting"
    sentence_zh: str = "已提交，等待处理 …"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    pid: int | None = None
    pid_began: float | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed")

    @property
    def title_zh(self) -> str:
        """What it is, in words."""
        return KINDS_ZH[self.kind]


def ask(settings: Settings, kind: Kind, *, author: str, submission_ids: Sequence[str] = ()) -> Task:
    """A new task, waiting; those long over are cleared away.

    Args:
        settings: the workspace.
        kind: what is to be done.
        author: the account that asks.
        submission_ids: of a revalidation.
    """
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    task = Task(
        secrets.token_hex(8), kind, author, technical_now(), tuple(dict.fromkeys(submission_ids))
    )
    _write(settings, task)
    return task


def task_of(settings: Settings, task_id: str) -> Task:
    """A task as it stands; one whose process has gone without a word has failed.

    Raises:
        UnknownTask: there is none of that id.
    """
    if not _ID.fullmatch(task_id):
        raise UnknownTask(task_id)
    found = _read(_folder(settings) / f"{task_id}.json")
    if found is None:
        raise UnknownTask(task_id)
    if found.state == "waiting" and technical_now() - found.asked_at > _STARTS_WITHIN:
        return ended(settings, found, "failed", "没有开始处理，请重试；夜间会一并处理。")
    if found.state == "running" and not _is_alive(found):
        # It may have ended between the two looks.
        found = _read(_folder(settings) / f"{task_id}.json") or found
        if found.state == "running":
            found = ended(
                settings, found, "failed", "处理进程意外中断；台账中的处理不受影响，请重试。"
            )
    return found


def tasks(settings: Settings) -> list[Task]:
    """Every task that is still known, in the order in which they were asked for."""
    found = [_read(path) for path in _folder(settings).glob("*.json")]
    return sorted(
        (task for task in found if task is not None), key=lambda task: (task.asked_at, task.task_id)
    )


def waiting(settings: Settings, kinds: Sequence[Kind]) -> list[Task]:
    """Tasks of some kinds that nobody has begun, oldest first."""
    return [task for task in tasks(settings) if task.state == "waiting" and task.kind in kinds]


def begun(settings: Settings, task: Task) -> Task:
    """The task, taken up by this process."""
    return _write(
        settings,
        replace(
            task, state="running", sentence_zh="正在处理 …", started_at=technical_now(),
            pid=os.getpid(), pid_began=psutil.Process().create_time(),
        ),
    )  # fmt: skip


def told(settings: Settings, task: Task, sentence_zh: str) -> Task:
    """The task with what is being done now."""
    return _write(settings, replace(task, sentence_zh=sentence_zh))


def ended(
    settings: Settings,
    task: Task,
    state: State,
    sentence_zh: str,
    result: Mapping[str, Any] | None = None,
) -> Task:
    """The task, over."""
    return _write(
        settings,
        replace(
            task, state=state, sentence_zh=sentence_zh, ended_at=technical_now(),
            result=dict(result or {}),
        ),
    )  # fmt: skip


def _folder(settings: Settings) -> Path:
    return settings.work / "day"


def _write(settings: Settings, task: Task) -> Task:
    path = _folder(settings) / f"{task.task_id}.json"
    aside = path.with_suffix(f".{secrets.token_hex(4)}")
    aside.write_text(
        json.dumps(asdict(task), ensure_ascii=False, default=datetime.isoformat), encoding="utf-8"
    )
    aside.replace(path)
    return task


def _read(path: Path) -> Task | None:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        moments = {
            name: datetime.fromisoformat(stored[name]) if stored[name] else None
            for name in ("asked_at", "started_at", "ended_at")
        }
        return Task(**(stored | moments | {"submission_ids": tuple(stored["submission_ids"])}))
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _clear(folder: Path) -> None:
    before = technical_now() - _KEPT
    for path in folder.glob("*.json"):
        task = _read(path)
        if task is None or (task.asked_at < before and task.state != "running"):
            path.unlink(missing_ok=True)


def _is_alive(task: Task) -> bool:
    try:
        process = psutil.Process(task.pid)
        return process.create_time() == task.pid_began and (
            process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False
