"""Releasing: the checked build becomes a release, and the file that BI opens."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import dagster as dg

from orchestration.resources import Workspace
from orchestration.stages import definitions_of
from orchestration.stages.releasing import release
from orchestration.translator import OWNERS

PUBLISHED = dg.AssetKey(["published", "ip_marts"])
NO_CITY_HELD = dg.AssetCheckSpec(
    "no_city_held",
    asset=PUBLISHED,
    description="The publish gate held no city back; a held city keeps its previous rows.",
)


def build_release_asset(marts: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The release, downstream of every mart."""

    @dg.multi_asset(
        name="publish_release",
        specs=[
            dg.AssetSpec(
                PUBLISHED,
                deps=list(marts),
                group_name="releasing",
                owners=OWNERS,
                kinds={"duckdb", "parquet"},
                description="published/ip_marts.duckdb, replaced atomically, and its manifest.",
                freshness_policy=dg.FreshnessPolicy.time_window(
                    fail_window=timedelta(hours=36), warn_window=timedelta(hours=26)
                ),
            )
        ],
        check_specs=[NO_CITY_HELD],
        pool="duckdb",
    )
    def publish_release(workspace: Workspace) -> Iterator[dg.MaterializeResult]:
        settings = workspace.settings()
        outcome = release(settings, definitions_of(settings))
        yield dg.MaterializeResult(
            PUBLISHED,
            metadata={
                "release_id": outcome.release_id,
                "is_new": outcome.is_new,
                "as_of": outcome.as_of.isoformat(),
            },
            check_results=[
                dg.AssetCheckResult(
                    passed=not outcome.held_cities,
                    check_name=NO_CITY_HELD.name,
                    asset_key=PUBLISHED,
                    metadata={"held": [dict(city) for city in outcome.held_cities]},
                )
            ],
        )

    return publish_release
