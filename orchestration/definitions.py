"""Everything Dagster knows of this product, assembled in one place."""

from __future__ import annotations

import dagster as dg

from orchestration import dbt
from orchestration.assets import exporting, receiving, validating
from orchestration.assets.modelling import build_model_assets, prepare_roll_up
from orchestration.assets.releasing import build_release_asset
from orchestration.jobs import nightly_job, reread_job
from orchestration.resources import Workspace, WorkspacePlace
from orchestration.schedules import nightly_schedule
from orchestration.sensors import inbox_sensor, night_failed
from orchestration.stages import definitions_of


def build_defs(workspace: Workspace | None = None) -> dg.Definitions:
    """The code location of a workspace, by default the one the environment names."""
    workspace = workspace or Workspace()
    settings = workspace.settings()
    roll_up = build_model_assets(dbt.manifest(settings, definitions_of(settings)))
    marts = [spec.key for spec in roll_up.specs if spec.group_name == "marts"]
    return dg.Definitions(
        assets=[
            receiving.received_files,
            receiving.read_submissions,
            receiving.reread_submissions,
            validating.validate_submissions,
            validating.validation_report,
            prepare_roll_up,
            roll_up,
            build_release_asset(marts),
            exporting.release_exports,
        ],
        jobs=[nightly_job, reread_job],
        schedules=[nightly_schedule],
        sensors=[inbox_sensor, night_failed],
        resources={
            "workspace": workspace,
            "place": WorkspacePlace(home=workspace.home, day=workspace.day),
        },
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location that `dagster dev` loads."""
    return build_defs()
