"""Exports that people open by a fixed path: copies in `published/` and in every mirror.

They follow the release that stands there: none is laid beside another one.
"""

from __future__ import annotations

from collections.abc import Container

from warehouse.exports.bundle import REPORT, exports_folder
from warehouse.exports.workbook import WORKBOOK
from warehouse.releases.delivery import perform, perform_within_limit
from warehouse.releases.history import published_manifest
from warehouse.settings import Settings

FIXED = (WORKBOOK, REPORT)
"""Files that lie in `published/` and in every mirror under the same name, release after release."""


def place_copies(settings: Settings, without: Container[str] = ()) -> list[str]:
    """Puts the published release's exports at their fixed paths; what stood in the way, in words.

    Args:
        settings: the workspace.
        without: mirrors left out, because they did not take the release either.
    """
    manifest = published_manifest(settings)
    if manifest is None:
        return []
    release_id = str(manifest["release_id"])
    task = {
        "kind": "copies",
        "source": str(exports_folder(settings, release_id)),
        "names": list(FIXED),
        "release_id": release_id,
    }
    done = [(settings.published, perform(task | {"folder": str(settings.published)}))]
    for folder in settings.publish_folders:
        if str(folder) not in without:
            done.append((folder, perform_within_limit(task | {"folder": str(folder)})))
    return [f"{folder}：{one['problem_zh']}" for folder, one in done if one["problem_zh"]]
