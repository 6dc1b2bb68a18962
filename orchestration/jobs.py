"""The jobs: the unpartitioned night and the partitioned second reading."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.receiving import REPORTING_MONTHS, reread_submissions

NIGHTLY = "nightly"

nightly_job = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(reread_submissions),
    description="Receive, read, validate, roll up, release: everything new since the last night.",
    executor_def=dg.in_process_executor,
)

reread_job = dg.define_asset_job(
    "reread",
    selection=dg.AssetSelection.assets(reread_submissions),
    description="Stored bytes of chosen reporting months, read again; the next night takes them.",
    partitions_def=REPORTING_MONTHS,
    executor_def=dg.in_process_executor,
)
