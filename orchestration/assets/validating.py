"""Validating: one Great Expectations run per form over all new submissions of the night."""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets.receiving import READ_TABLES
from orchestration.resources import Workspace
from orchestration.stages import definitions_of
from orchestration.stages.validating import report, validate
from orchestration.translator import OWNERS

FINDINGS = dg.AssetKey(["raw", "findings"])
NO_BLOCKING = dg.AssetCheckSpec(
    "no_new_blocking_finding",
    asset=FINDINGS,
    description="No submission of this night is held back. A held one stops nothing else.",
)


@dg.multi_asset(
    name="validate_submissions",
    specs=[
        dg.AssetSpec(
            FINDINGS,
            deps=[dg.AssetKey(["raw", table]) for table in READ_TABLES],
            group_name="validating",
            owners=OWNERS,
            kinds={"python"},
            description="One row per finding: submission, cell, rule, value, expected, advice.",
        )
    ],
    check_specs=[NO_BLOCKING],
    pool="duckdb",
)
def validate_submissions(workspace: Workspace) -> Iterator[dg.MaterializeResult]:
    """Rules applied; each submission passed or held; the acceptance policies carried out."""
    settings = workspace.settings()
    done = validate(settings, definitions_of(settings))
    yield dg.MaterializeResult(
        FINDINGS,
        metadata={"submissions": done.submissions, "held": done.held, **done.by_severity},
        check_results=[
            dg.AssetCheckResult(
                passed=done.held == 0,
                check_name=NO_BLOCKING.name,
                asset_key=FINDINGS,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"held": done.held},
            )
        ],
    )


@dg.asset(group_name="validating", owners=OWNERS, kinds={"html"}, deps=[FINDINGS])
def validation_report(workspace: Workspace) -> dg.MaterializeResult:
    """The night's one-page validation report, off the critical path of the release."""
    settings = workspace.settings()
    path = report(settings, definitions_of(settings))
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(path)} if path else {})
