"""Runs that died without a word: a killed run stays "started" and keeps its place in the pool.

Whoever holds the night's lease knows that every other unfinished run of the workspace is dead.
Left alone, such a run would keep the one place for DuckDB writers, and the next night would wait
for it without end.
"""

from __future__ import annotations

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

UNFINISHED = [
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def bury_dead_runs(instance: dg.DagsterInstance, living_run_id: str | None = None) -> list[str]:
    """Ids of the runs reported failed and freed of their places; call it under the lease only.

    Args:
        instance: the workspace's Dagster instance.
        living_run_id: the run that asks, when it is one itself.
    """
    dead = [
        run
        for run in instance.get_runs(filters=RunsFilter(statuses=UNFINISHED))
        if run.run_id != living_run_id
    ]
    for run in dead:
        instance.report_run_failed(run, "进程已不存在，由下一夜记为失败")
    storage = instance.event_log_storage
    for run_id in storage.get_concurrency_run_ids() - {living_run_id or ""}:
        storage.free_concurrency_slots_for_run(run_id)
    return [run.run_id for run in dead]
