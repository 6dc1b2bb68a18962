"""One night from the command line: the same Dagster job, in this process, under the lease."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.errors import NightFailed
from orchestration.stages import (
    ReleaseOutcome,
    channel_reports,
    definitions_of,
    last_outcome,
    note_failure,
)
from warehouse.clock import technical_now
from warehouse.lease import night_lease
from warehouse.settings import Settings

COUNTED = (
    "files", "left_alone", "received", "refused", "unchanged", "held", "fetched", "evidence",
    "unsorted", "resumed",
)  # fmt: skip
RELEASED, FAILED, CITY_HELD = 0, 1, 3
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class NightResult:
    """What a night came to."""

    outcome: ReleaseOutcome
    steps: tuple[tuple[str, float], ...]
    """Each Dagster step with its seconds."""
    counts: Mapping[str, int]
    """What came: files, left_alone, received, refused, unchanged, held; fetched, evidence,
    unsorted and resumed."""
    channels: tuple[Mapping[str, Any], ...] = ()
    """What each far place came to: label, files, problem_zh, notes."""

    @property
    def exit_code(self) -> int:
        """0 released or nothing changed, 3 when the publish gate held a city back."""
        return CITY_HELD if self.outcome.held_cities else RELEASED


def run_night(
    settings: Settings,
    *,
    wait_seconds: float = 600.0,
    on_wait: Callable[[str], None] | None = None,
    on_step: Callable[[str], None] | None = None,
) -> NightResult:
    """Runs the nightly job to its end.

    Args:
        settings: the workspace and the business day.
        wait_seconds: how long to wait for another night of the same workspace.
        on_wait: told in words when another night holds the lease, or a dead one left it.
        on_step: told the name of each step that begins.

    Raises:
        DefinitionsUnsound: a definition cannot stand; nothing was touched.
        NightFailed: a step failed; nothing was published.
        warehouse.errors.NightIsRunning: another night still runs after the wait.
    """
    definitions_of(settings)
    with night_lease(settings, wait_seconds=wait_seconds, on_wait=on_wait):
        return _execute(settings, on_step)


def _execute(settings: Settings, on_step: Callable[[str], None] | None) -> NightResult:
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    import dagster as dg

    from orchestration.dead_runs import bury_dead_runs
    from orchestration.definitions import build_defs
    from orchestration.jobs import NIGHTLY
    from orchestration.progress import telling
    from orchestration.resources import Workspace

    workspace = Workspace(
        home=str(settings.home),
        day=settings.clock_day.isoformat() if settings.clock_day else "",
        holds_lease=False,
    )
    defs = build_defs(workspace)
    with dg.DagsterInstance.get() as instance, telling(on_step):
        bury_dead_runs(instance)
        result = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance, raise_on_error=False, run_config=QUIET
        )
    failures = [
        (event.step_key or "", _cause(event))
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_FAILURE
    ]
    if failures or not result.success:
        error = NightFailed(failures or [("run", "见 Dagster 运行记录")])
        note_failure(settings, NIGHTLY, error.message_zh, technical_now())
        raise error
    steps = tuple(
        (event.step_key or "", event.step_success_data.duration_ms / 1000)
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_SUCCESS
    )
    counts = {
        label: int(entry.value)
        for event in result.all_events
        if event.is_step_materialization
        for label, entry in event.step_materialization_data.materialization.metadata.items()
        if label in COUNTED and isinstance(entry, dg.IntMetadataValue) and entry.value is not None
    }
    channels = tuple(channel_reports(settings))
    return NightResult(last_outcome(settings), steps, counts, channels)


def _cause(event: object) -> str:
    """The innermost error of a failed step: the first one, not its wrappers."""
    error = getattr(getattr(event, "event_specific_data", None), "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message).strip() if error is not None else ""
