"""Exporting: the files that go with the published release, after the swap, never in its way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.progress import tell
from orchestration.stages import last_outcome
from sources.definitions import DefinitionError, Definitions
from warehouse.audiences.child import command
from warehouse.audiences.placing import are_kept, left_standing
from warehouse.errors import WarehouseError
from warehouse.exports.bundle import exports_folder, is_exported
from warehouse.exports.placing import place_copies
from warehouse.releases.history import published_manifest, release_db
from warehouse.reports.sending import send_notices
from warehouse.settings import Settings

THINNING = (sys.executable, "-m", "warehouse.releases.thinning")
LAST_EXPORTS = "last_exports.json"
LONGEST_SECONDS = 1800.0
"""After so long the exports are given up for tonight; the next night tries again."""


def export(settings: Settings) -> Mapping[str, Any]:
    """What the exports of the published release came to: release_id, files, failed, seconds.

    Never raises for an export: whatever went wrong is a line of `failed`, and the release stands.
    """
    manifest = published_manifest(settings)
    outcome: dict[str, Any] = {"release_id": None, "files": 0, "failed": [], "seconds": 0.0}
    outcome["notices"] = {"sent": 0, "failed": []}
    if manifest is not None and settings.has_exports:
        outcome["release_id"] = release_id = str(manifest["release_id"])
        if not is_exported(settings, release_id):
            tell("导出：工作簿、CSV、报告")
            outcome |= write_in_child(settings, release_id)
        outcome["notices"] = notify(settings, release_id)
        outcome["failed"] += [
            {"part": "固定路径的文件", "problem_zh": said}
            for said in place_copies(settings, without=_refused(settings))
        ]
        outcome["city_files"] = found = city_files(settings)
        outcome["failed"] += [
            one | {"part": f"分城市文件 {one['part']}"} for one in found["failed"]
        ]
    left_zh = left_standing(settings)
    if left_zh is not None:
        outcome["city_files"] = outcome.get("city_files", {}) | {"left_zh": left_zh}
    if settings.keep_days is not None:
        outcome["thinned"] = found = _in_child([*THINNING, str(settings.home)], "精简旧发布")
        outcome["failed"] += found["failed"]
    text = json.dumps(outcome, ensure_ascii=False, indent=2)
    (settings.work / LAST_EXPORTS).write_text(text, encoding="utf-8")
    return outcome


def _refused(settings: Settings) -> frozenset[str]:
    """The places that did not take tonight's release: a dead share is not waited for twice."""
    try:
        deliveries = last_outcome(settings).deliveries
    except FileNotFoundError:
        return frozenset()
    return frozenset(str(one["target"]) for one in deliveries if one["problem_zh"])


def notify(settings: Settings, release_id: str) -> dict[str, Any]:
    """How many notices of the release went out, and what failed; nothing of it fails the night."""
    try:
        return send_notices(settings, release_id)
    except (OSError, ValueError) as error:
        return {"sent": 0, "failed": [{"part": "通报", "problem_zh": str(error)}]}


def ensured(settings: Settings, release_id: str) -> tuple[Path, list[dict[str, str]]]:
    """The folder of a release's exports, written now where they are missing, and what failed.

    Raises:
        NoRelease: the release is not kept.
    """
    release_db(settings, release_id)
    failed: list[dict[str, str]] = []
    if not is_exported(settings, release_id):
        failed = write_in_child(settings, release_id)["failed"]
        place_copies(settings)
    return exports_folder(settings, release_id), failed


def city_files(settings: Settings) -> dict[str, Any]:
    """What keeping the files of cities and audiences came to; a failing one is in `failed`."""
    nothing: dict[str, Any] = {"written": 0, "unchanged": 0, "removed": [], "mirrored": 0}
    try:
        if are_kept(settings, Definitions.load(settings.definitions_overlay)):
            return nothing | {"failed": [], "seconds": 0.0}
    except (OSError, DefinitionError, WarehouseError) as error:
        return nothing | _nothing(str(error), "全部") | {"seconds": 0.0}
    tell("导出：分城市、分读者的文件")
    return nothing | {"seconds": 0.0} | _in_child(command(settings), "全部")


def write_in_child(settings: Settings, release_id: str) -> dict[str, Any]:
    """What a process of its own made of the exports of a release."""
    return _in_child(
        [sys.executable, "-m", "warehouse.exports.child", str(settings.home), release_id],
        "全部导出",
    )


def _in_child(arguments: list[str], what: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            arguments, capture_output=True, text=True, encoding="utf-8", errors="replace",
            timeout=LONGEST_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _nothing(f"超过 {LONGEST_SECONDS / 60:.0f} 分钟没有写完，下一夜再试", what)
    except OSError as error:
        return _nothing(f"未能启动：{error.strerror or error}", what)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return _nothing((done.stderr.strip().splitlines() or ["没有说明原因"])[-1], what)
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _nothing(problem_zh: str, what: str) -> dict[str, Any]:
    return {"failed": [{"part": what, "problem_zh": problem_zh}]}


def last_exports(settings: Settings) -> Mapping[str, Any] | None:
    """What the exports of the last night came to."""
    try:
        found: Mapping[str, Any] = json.loads(
            (settings.work / LAST_EXPORTS).read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return None
    return found
