"""The night lease: one night at a time per workspace, told apart from a night that died.

Two things guard it. The operating system's lock on `work/night.lock` goes when its process goes.
The lease `work/night.lease` says who holds it: process id, when that process began, boot id.
A child that outlives a killed night can keep the lock without the night: then the lease shows its
holder gone, and the lock is broken. `leases` in the ledger keeps the history.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout
from sqlalchemy import Engine, insert, update

from warehouse.clock import technical_now
from warehouse.errors import NightIsRunning
from warehouse.ledger.engine import open_ledger, writing
from warehouse.ledger.tables import leases
from warehouse.settings import Settings

NIGHT = "night"
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Lease:
    """Who holds the workspace's night."""

    lease_id: str
    pid: int
    process_began: str
    """The kernel's start mark of the process, so that a reused id is not mistaken for it."""
    boot_id: str
    pid_space: str
    started_at: datetime

    def is_dead(self) -> bool:
        """Whether the holder is certainly gone; a holder in another container cannot be seen."""
        if self.boot_id != _boot_id():
            return True
        if self.pid_space != _pid_space():
            return False
        return _process_began(self.pid) != self.process_began


@dataclass(frozen=True)
class HeldNight:
    """The lease in hand, and the dead one it took over, if there was one."""

    lease: Lease
    taken_over: Lease | None

    @property
    def notice_zh(self) -> str | None:
        """What to tell the operator about a lease taken over."""
        if self.taken_over is None:
            return None
        dead = self.taken_over
        return (
            f"上一次夜间运行（进程 {dead.pid}，开始于 {dead.started_at:%Y-%m-%d %H:%M:%S}）"
            "未正常结束，本次已接管。"
        )


@contextmanager
def night_lease(
    settings: Settings,
    wait_seconds: float = 0,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[HeldNight]:
    """Holds the workspace's night for the length of a `with` block.

    Args:
        settings: the workspace.
        wait_seconds: how long to wait for another night to end.
        on_wait: told in words, once each, that waiting begins and that a dead lease was taken over.

    Raises:
        NightIsRunning: another night still holds it.
    """
    engine = open_ledger(settings)
    try:
        lock, held = _acquire(settings, wait_seconds, on_wait)
        how = "failed"
        try:
            _remember(engine, held)
            if held.notice_zh is not None and on_wait is not None:
                on_wait(held.notice_zh)
            yield held
            how = "finished"
        finally:
            _lease_path(settings).unlink(missing_ok=True)
            lock.release()
            with writing(engine) as connection:
                _end(connection.execute, held.lease.lease_id, how)
    finally:
        engine.dispose()


def current_lease(settings: Settings) -> Lease | None:
    """The lease as it stands, dead or alive; None when no night runs."""
    try:
        stored = json.loads(_lease_path(settings).read_text(encoding="utf-8"))
        return Lease(**(stored | {"started_at": datetime.fromisoformat(stored["started_at"])}))
    except (FileNotFoundError, json.JSONDecodeError, TypeError, KeyError):
        return None


def _acquire(
    settings: Settings, wait_seconds: float, on_wait: Callable[[str], None] | None
) -> tuple[FileLock, HeldNight]:
    began = time.monotonic()
    has_told = False
    while True:
        # The mutex makes "look and take" one step; it is held for milliseconds.
        with FileLock(str(settings.work / "night.mutex")):
            found = _try_acquire(settings)
        if found is not None:
            return found
        holder = current_lease(settings)
        waited = time.monotonic() - began
        if waited >= wait_seconds:
            pid = holder.pid if holder else 0
            raise NightIsRunning(pid, holder.started_at if holder else technical_now(), waited)
        if on_wait is not None and not has_told:
            on_wait(_waiting_zh(holder, wait_seconds))
            has_told = True
        time.sleep(min(_POLL_SECONDS, wait_seconds - waited))


def _try_acquire(settings: Settings) -> tuple[FileLock, HeldNight] | None:
    path = settings.work / "night.lock"
    left = current_lease(settings)
    lock = FileLock(str(path))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if left is None or not left.is_dead():
            return None
        path.unlink(missing_ok=True)
        lock = FileLock(str(path))
        lock.acquire(timeout=0)
    lease = Lease(
        lease_id=uuid4().hex,
        pid=os.getpid(),
        process_began=_process_began(os.getpid()),
        boot_id=_boot_id(),
        pid_space=_pid_space(),
        started_at=technical_now().replace(microsecond=0),
    )
    stored = asdict(lease) | {"started_at": lease.started_at.isoformat()}
    aside = _lease_path(settings).with_suffix(f".{lease.lease_id}")
    aside.write_text(json.dumps(stored), encoding="utf-8")
    aside.replace(_lease_path(settings))
    return lock, HeldNight(lease, left)


def _waiting_zh(holder: Lease | None, wait_seconds: float) -> str:
    who = f"（进程 {holder.pid}，开始于 {holder.started_at:%H:%M:%S}）" if holder else ""
    return f"另一次夜间运行正在进行{who}，最多等待 {wait_seconds:.0f} 秒 …"


def _lease_path(settings: Settings) -> Path:
    return settings.work / "night.lease"


def _remember(engine: Engine, held: HeldNight) -> None:
    with writing(engine) as connection:
        if held.taken_over is not None:
            _end(connection.execute, held.taken_over.lease_id, "taken_over")
        connection.execute(
            insert(leases).values(
                lease_id=held.lease.lease_id,
                lease_name=NIGHT,
                pid=held.lease.pid,
                boot_id=held.lease.boot_id,
                started_at=held.lease.started_at,
            )
        )


def _end(execute: Callable[..., object], lease_id: str, how: str) -> None:
    execute(
        update(leases)
        .where(leases.c.lease_id == lease_id, leases.c.ended_how.is_(None))
        .values(ended_at=technical_now(), ended_how=how)
    )


def _process_began(pid: int) -> str:
    """Start mark of a process, empty when there is none; where /proc is absent, its mere being."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        # The command name in parentheses may hold spaces; the start time is field 22.
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _is_there(pid)
    return "" if fields[0] == "Z" else fields[19]


def _is_there(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return "unknown"


def _pid_space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "unknown"
