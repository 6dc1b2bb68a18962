"""When the night runs by itself."""

from __future__ import annotations

import dagster as dg

from orchestration.jobs import nightly_job

nightly_schedule = dg.ScheduleDefinition(
    name="every_night",
    job=nightly_job,
    cron_schedule="30 1 * * *",
    execution_timezone="Asia/Shanghai",
    description="Half past one at night, Shanghai time: after the due hour of 24:00.",
)
