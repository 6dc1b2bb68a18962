"""What starts or follows a run outside the schedule: a file in an inbox, a failed run."""

from __future__ import annotations

import hashlib

import dagster as dg

from orchestration.jobs import nightly_job
from orchestration.resources import WorkspacePlace
from orchestration.stages import arrivals_in, note_failure
from warehouse.clock import technical_now


@dg.sensor(
    job=nightly_job,
    minimum_interval_seconds=60,
    description="Runs the night when settled files lie in an inbox that no run has seen.",
)
def inbox_sensor(place: WorkspacePlace) -> dg.RunRequest | dg.SkipReason:
    """One run for all that lies there. The key holds path, size and time of each file.

    Run keys are remembered for ever, so a resubmission under an old name must give a new key.
    """
    arrivals = arrivals_in(place.settings())
    if not arrivals:
        return dg.SkipReason("收件箱中没有新的、已写完的文件")
    seen = "\n".join(arrival.arrival_key for arrival in arrivals)
    return dg.RunRequest(run_key=hashlib.sha256(seen.encode()).hexdigest())


@dg.run_failure_sensor(
    name="night_failed",
    description="Leaves the failure where `qiangshi status` tells the operator of it.",
)
def night_failed(context: dg.RunFailureSensorContext, place: WorkspacePlace) -> None:
    """Writes what failed and when into the workspace."""
    run = context.dagster_run
    message = f"{context.failure_event.message}（运行 {run.run_id}）"
    note_failure(place.settings(), run.job_name, message, technical_now())
