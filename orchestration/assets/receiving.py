"""Receiving and reading: files of the reporting units become immutable bytes and located cells."""

from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg

from orchestration.resources import Workspace
from orchestration.stages import definitions_of
from orchestration.stages.reading import read
from orchestration.stages.receiving import receive
from orchestration.stages.rereading import reread
from orchestration.translator import OWNERS
from sources.periods import parse_period

READ_TABLES = (
    "cells",
    "reported_values",
    "authority_values",
    "register_files",
    "register_rows",
)

REPORTING_MONTHS = dg.MonthlyPartitionsDefinition(
    start_date="2020-01", fmt="%Y-%m", timezone="Asia/Shanghai", end_offset=1
)


@dg.asset(group_name="receiving", owners=OWNERS, kinds={"python"}, pool="duckdb")
def received_files(workspace: Workspace) -> dg.MaterializeResult:
    """Bytes of every settled file of an inbox or a channel, kept by content hash."""
    settings = workspace.settings()
    found = receive(settings, definitions_of(settings))
    return dg.MaterializeResult(
        metadata={
            "files": found.files,
            "left_alone": found.left_alone,
            "fetched": found.fetched,
            "evidence": found.evidence,
            "channels": dg.MetadataValue.json([asdict(report) for report in found.channels]),
        }
    )


@dg.multi_asset(
    name="read_submissions",
    specs=[
        dg.AssetSpec(
            dg.AssetKey(["raw", table]),
            deps=[received_files],
            group_name="reading",
            owners=OWNERS,
            kinds={"duckdb", "polars"},
            description=description,
        )
        for table, description in zip(
            READ_TABLES,
            (
                "Every filled cell of every file: text, sheet and address.",
                "One row per submission and form element: the text as filed and its number.",
                "One row per figure that an authority published.",
                "One row per register read: how many rows, and where its columns stand.",
                "One row per right or contract of a register, its columns as text.",
            ),
            strict=True,
        )
    ],
    pool="duckdb",
)
def read_submissions(workspace: Workspace) -> Iterator[dg.MaterializeResult]:
    """New files parsed in guarded child processes, recorded in the ledger, loaded as text."""
    settings = workspace.settings()
    done = read(settings, definitions_of(settings))
    metadata = {
        "files": done.files,
        "received": done.received,
        "refused": done.refused,
        "unchanged": done.unchanged,
        "unsorted": done.unsorted,
        "resumed": done.resumed,
    }
    for table in READ_TABLES:
        yield dg.MaterializeResult(dg.AssetKey(["raw", table]), metadata=metadata)


@dg.asset(
    group_name="reading",
    owners=OWNERS,
    kinds={"duckdb", "polars"},
    partitions_def=REPORTING_MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="duckdb",
)
def reread_submissions(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult:
    """The stored bytes of a range of reporting months, read again with today's readers."""
    settings = workspace.settings()
    keys = context.partition_key_range
    first, last = parse_period(keys.start), parse_period(keys.end)
    done = reread(settings, definitions_of(settings), first.start, last.end)
    return dg.MaterializeResult(metadata={"submissions": done.submissions, "chosen": done.chosen})
