"""Modelling: the ledger's state laid beside the cells, then the dbt project built in process."""

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY as UNIQUE_ID

from orchestration.assets.validating import FINDINGS
from orchestration.dbt import NodeResult
from orchestration.resources import Workspace
from orchestration.stages import definitions_of
from orchestration.stages.modelling import model, planned, prepare
from orchestration.translator import OWNERS, RoomTranslator

PREPARED_TABLES = (
    "submissions",
    "submission_events",
    "corrections",
    "arrival_corrections",
    "extensions",
    "periods",
    "due_dates",
    "run_context",
    "revisions",
    "official_figures",
)


@dg.multi_asset(
    name="prepare_roll_up",
    specs=[
        dg.AssetSpec(
            dg.AssetKey(["raw", table]),
            deps=[FINDINGS],
            group_name="preparing",
            owners=OWNERS,
            kinds={"duckdb"},
            description="Copied from the ledger or derived from the definitions for the roll-up.",
        )
        for table in PREPARED_TABLES
    ],
    pool="duckdb",
)
def prepare_roll_up(workspace: Workspace) -> Iterator[dg.MaterializeResult]:
    """What the roll-up reads beside the cells: states, decisions, periods, due dates, the day."""
    settings = workspace.settings()
    plan = prepare(settings, definitions_of(settings))
    metadata: dict[str, Any] = {"release_id": plan.release_id, "unchanged": plan.is_unchanged}
    for table in PREPARED_TABLES:
        yield dg.MaterializeResult(dg.AssetKey(["raw", table]), metadata=metadata)


def build_model_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The dbt project as assets and checks, run by one `dbt build` in this process."""
    translator = RoomTranslator()

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=translator,
        name="roll_up",
        exclude="resource_type:unit_test",
        pool="duckdb",
    )
    def roll_up(
        context: dg.AssetExecutionContext, workspace: Workspace
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        settings = workspace.settings()
        if planned(settings).is_unchanged:
            # Nothing is built, so nothing is told to be: the release below is skipped too.
            return
        results = {one.unique_id: one for one in model(settings, definitions_of(settings))}
        for unique_id in built_in_order(manifest):
            yield dg.MaterializeResult(keys[unique_id], metadata=_seconds(results[unique_id]))
        for check in context.selected_asset_check_keys:
            result = results.get(tests.get(check, ""))
            if result is not None:
                yield dg.AssetCheckResult(
                    passed=not result.is_failed,
                    check_name=check.name,
                    asset_key=check.asset_key,
                    metadata={"rows": result.failures, "message": result.message},
                )

    # What the translator decided once, by dbt's own names: it is slow to ask again in every run.
    keys = {spec.metadata[UNIQUE_ID]: spec.key for spec in roll_up.specs}
    tests = {spec.key: spec.metadata[UNIQUE_ID] for spec in roll_up.check_specs}
    return roll_up


def built_in_order(manifest: Mapping[str, Any]) -> list[str]:
    """Seeds and models, each after what it is built from."""
    nodes = manifest["nodes"]
    built = {name for name, node in nodes.items() if node["resource_type"] in {"model", "seed"}}
    graph = {name: built.intersection(nodes[name]["depends_on"].get("nodes", ())) for name in built}
    return list(TopologicalSorter(graph).static_order())


def _seconds(result: NodeResult) -> dict[str, Any]:
    """What the build of a node took."""
    return {"seconds": round(result.seconds, 3)}
