"""The night lease: one at a time, and a dead one is taken over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import select

from warehouse.errors import NightIsRunning
from warehouse.lease import current_lease
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.tables import leases
from warehouse.settings import Settings
from warehouse.workspace import night_lease

ROOT = Path(__file__).resolve().parents[3]
HOLD = """
import sys, time
from warehouse.settings import Settings
from warehouse.workspace import night_lease
with night_lease(Settings.load(sys.argv[1], environ={})):
    print("held", flush=True)
    sys.stdin.readline()
"""


def other_night(settings: Settings) -> subprocess.Popen[str]:
    """Another process that holds the night until it reads a line or is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def ends(settings: Settings) -> list[str | None]:
    with open_ledger(settings).connect() as connection:
        found = select(leases.c.ended_how).order_by(leases.c.started_at, leases.c.ended_at)
        return list(connection.execute(found).scalars())


def test_a_second_night_declines_naming_the_first_and_runs_once_it_has_ended(settings: Settings):
    first = other_night(settings)
    try:
        told: list[str] = []
        with (
            pytest.raises(NightIsRunning) as caught,
            night_lease(settings, wait_seconds=0.5, on_wait=told.append),
        ):
            pytest.fail("two nights at once")
        assert caught.value.pid == first.pid
        assert f"进程 {first.pid}" in caught.value.message_zh
        assert len(told) == 1
        assert str(first.pid) in told[0]
    finally:
        first.communicate("done\n", timeout=20)
    with night_lease(settings) as night:
        assert night.taken_over is None
        assert current_lease(settings) == night.lease
    assert current_lease(settings) is None
    assert ends(settings) == ["finished", "finished"]


def test_a_killed_night_is_taken_over_and_reported(settings: Settings):
    dead = other_night(settings)
    dead.kill()
    dead.wait(timeout=20)
    told: list[str] = []
    with night_lease(settings, on_wait=told.append) as night:
        assert night.taken_over is not None
        assert night.taken_over.pid == dead.pid
        assert "已接管" in told[0]
    assert sorted(map(str, ends(settings))) == ["finished", "taken_over"]


def test_a_lock_kept_by_a_child_of_a_dead_night_does_not_stop_the_next_one(settings: Settings):
    dead = other_night(settings)
    dead.kill()
    dead.wait(timeout=20)
    # An orphan that inherited the descriptor goes on holding the system's lock.
    orphan = FileLock(str(settings.work / "night.lock"))
    orphan.acquire(timeout=5)
    try:
        with night_lease(settings) as night:
            assert night.taken_over is not None
    finally:
        orphan.release()


@pytest.mark.parametrize("change", [{"boot_id": "another boot"}, {"process_began": "1"}])
def test_a_lease_of_another_boot_or_of_a_reused_process_id_is_dead(
    settings: Settings, change: dict[str, str]
):
    with night_lease(settings):
        path = settings.work / "night.lease"
        lease = current_lease(settings)
        assert lease is not None
        assert not lease.is_dead()
        stored = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(stored | change), encoding="utf-8")
        lease = current_lease(settings)
        assert lease is not None
        assert lease.is_dead()


def test_a_lease_of_another_container_is_never_called_dead(settings: Settings):
    with night_lease(settings):
        path = settings.work / "night.lease"
        stored = json.loads(path.read_text(encoding="utf-8"))
        elsewhere = {"pid_space": "pid:[1]", "pid": 4194304}
        path.write_text(json.dumps(stored | elsewhere), encoding="utf-8")
        lease = current_lease(settings)
        assert lease is not None
        assert not lease.is_dead()


def test_a_night_that_fails_frees_the_workspace_and_is_remembered_as_failed(settings: Settings):
    def fail() -> None:
        with night_lease(settings):
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert ends(settings) == ["failed"]
    with night_lease(settings) as night:
        assert night.taken_over is None
