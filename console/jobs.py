"""Work that takes minutes, started from a page: one child process at a time, its words in a file.

The job is the command line's own night (Dagster's job in its process); the page only starts it and
reads what it says. It goes on when the web process ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from console.children import ROOT, environment
from console.errors import ConsoleError
from warehouse.clock import technical_now
from warehouse.settings import Settings

_RUN = (
    "import subprocess,sys;"
    "code=subprocess.call(sys.argv[2:],stdin=subprocess.DEVNULL);"
    "open(sys.argv[1],'w').write(str(code))"
)
"""Runs the command and leaves its exit code, which nobody may be there to wait for."""
_TAIL = 4000
ENDINGS_ZH = {0: "已完成", 1: "失败", 3: "已完成，有城市被发布关卡拦下"}


@dataclass(frozen=True)
class Job:
    """A job as it stands.

    Attributes:
        exit_code: None while it runs, or when it vanished.
        said: the last lines it wrote.
    """

    author: str
    started_at: str
    pid: int
    is_running: bool
    exit_code: int | None
    said: tuple[str, ...]

    @property
    def state_zh(self) -> str:
        """How it stands, in words."""
        if self.is_running:
            return "正在进行"
        if self.exit_code is None:
            return "中断了"
        return ENDINGS_ZH.get(self.exit_code, f"失败（退出码 {self.exit_code}）")


def start_night(settings: Settings, author: str) -> Job:
    """Starts a night: receiving, reading, checking, rolling up, publishing.

    Raises:
        ConsoleError: one that was started here is still running.
    """
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(str(folder / "start.lock"), timeout=2):
            running = last_job(settings)
            if running is not None and running.is_running:
                raise ConsoleError(
                    f"发布正在进行（{running.author} 于 {running.started_at} 启动）。"
                )
            (folder / "code").unlink(missing_ok=True)
            command = [sys.executable, "-m", "orchestration.cli.main", "nightly"]
            with (folder / "said.txt").open("wb") as said:
                child = subprocess.Popen(
                    [sys.executable, "-c", _RUN, str(folder / "code"), *command], cwd=ROOT,
                    env=environment(settings), stdout=said, stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            told = {
                "author": author, "started_at": f"{technical_now():%Y-%m-%d %H:%M:%S}",
                "pid": child.pid,
            }  # fmt: skip
            (folder / "job.json").write_text(json.dumps(told), encoding="utf-8")
    except Timeout as error:
        raise ConsoleError("发布正在启动，请稍候刷新。") from error
    found = last_job(settings)
    if found is None:
        raise ConsoleError("发布没有启动，请告知运维人员。")
    return found


def last_job(settings: Settings) -> Job | None:
    """The job started last from the desk; None when there never was one."""
    folder = _folder(settings)
    try:
        told: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    code = _text(folder / "code")
    lines = [line.strip() for line in _text(folder / "said.txt")[-_TAIL:].splitlines()]
    return Job(
        told["author"], told["started_at"], told["pid"],
        is_running=not code and _lives(told["pid"], folder),
        exit_code=int(code) if code.lstrip("-").isdigit() else None,
        said=tuple(line for line in lines if line)[-8:],
    )  # fmt: skip


def as_told(job: Job | None) -> dict[str, Any] | None:
    """A job for a page."""
    return None if job is None else asdict(job) | {"state_zh": job.state_zh}


def _lives(pid: int, folder: Path) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(pid, os.WNOHANG)
            return False
        # A number is used again; only the child that writes to our folder is the job.
        return str(folder / "code") in process.cmdline()
    except (psutil.Error, ChildProcessError):
        return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _folder(settings: Settings) -> Path:
    return settings.work / "desk_job"
