"""How a dbt node appears in Dagster: key, group, owner. The only place that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

GROUP_OF_LAYER = {
    "seeds": "definitions",
    "staging": "staging",
    "intermediate": "intermediate",
    "marts": "marts",
}
OWNERS = ["team:data"]


class RoomTranslator(DagsterDbtTranslator):
    """Groups nodes by layer; the release step judges failed tests per city, so none blocks."""

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The node with its layer as group; definitions stand under the key `definitions`."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or manifest["sources"].get(unique_id) or {}
        if node.get("resource_type") not in {"model", "seed"}:
            return spec
        if node["resource_type"] == "seed":
            return spec.replace_attributes(
                key=dg.AssetKey(["definitions", node["name"]]),
                group_name="definitions",
                owners=OWNERS,
            )
        layer = PurePosixPath(node["original_file_path"]).parts[0]
        prefix = [] if layer == "marts" else [layer]
        return spec.replace_attributes(
            key=dg.AssetKey(
                ["marts", node["name"]] if layer == "marts" else [*prefix, node["name"]]
            ),
            group_name=GROUP_OF_LAYER[layer],
            owners=OWNERS,
        )

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The test as a check that reports and does not block."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return None if spec is None else spec._replace(blocking=False)
