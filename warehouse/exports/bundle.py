"""The files that go with a release: written beside it after the swap, part by part.

They are built in `releases/.exporting/` and renamed to `releases/<id>/exports/` in one step, with a
manifest of their own written last. A part that fails leaves a line in that manifest and takes
nothing else with it; the next night, or `qiangshi report`, tries it again. The release's own files
are never touched.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.errors import NoRelease, UnknownTarget, WarehouseError
from warehouse.exports.plan_figures import figures_of
from warehouse.exports.plan_layout import PlanTable, plan_tables
from warehouse.exports.records import ExportRecord, keep, record_of
from warehouse.exports.unit_figures import unit_figures
from warehouse.queries.published import ask
from warehouse.releases.digest import sha256_of
from warehouse.releases.history import MANIFEST, read_manifest, release_db, write_manifest
from warehouse.settings import Settings

EXPORTS = "exports"
"""Folder of a release with its exports."""
REPORT = "report.html"
"""The page among them."""


@dataclass(frozen=True)
class Written:
    """One file of a part: its rows as selected and as read back from the file."""

    path: Path
    rows_selected: int | None = None
    rows_written: int | None = None


class RowsLost(WarehouseError):
    """A file holds other than the rows that were selected for it."""

    def __init__(self, name: str, selected: int, written: int) -> None:
        """Name the file and both counts."""
        super().__init__(f"“{name}”应有 {selected} 行，写出 {written} 行。")


@dataclass(frozen=True)
class Source:
    """A kept release as its exports see it: read once, shared by the parts."""

    settings: Settings
    release_id: str
    manifest: Mapping[str, Any]
    tables: Sequence[PlanTable]
    record: ExportRecord
    """What `qiangshi verify` knows the plans' tables and the counties of this release by."""

    def ask(self, sql: str, parameters: Any = ()) -> list[dict[str, Any]]:
        """The release's answer to one question."""
        return ask(self.settings, sql, parameters, self.release_id)

    @property
    def is_synthetic(self) -> bool:
        """Whether every figure is made up."""
        return bool(self.manifest["is_synthetic"])

    @property
    def stamp_zh(self) -> str:
        """As-of day, release and whether the figures are made up, in one line."""
        made_up = "【演示数据，非真实统计】" if self.is_synthetic else ""
        return f"截至 {self.manifest['as_of']}　发布号 {self.release_id}{made_up}"


Part = Callable[[Source, Path], Sequence[Written]]


@dataclass
class Bundle:
    """What writing the exports of a release came to."""

    release_id: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0


def open_source(settings: Settings, release_id: str, plan_code: str | None = None) -> Source:
    """A kept release, ready to be exported: whole, or one plan of it.

    Raises:
        NoRelease: it is not kept.
        UnknownTarget: it has no such plan.
    """
    manifest = read_manifest(release_db(settings, release_id).parent / MANIFEST)
    if manifest is None:
        raise NoRelease(release_id)
    tables = plan_tables(settings, release_id)
    if plan_code is not None:
        tables = [table for table in tables if table.code == plan_code]
        if not tables:
            raise UnknownTarget("规划", plan_code)
    figures = figures_of([row for table in tables for row in table.rows])
    figures += unit_figures(settings, release_id)
    record = record_of(
        release_id, str(manifest["as_of"]), bool(manifest["is_synthetic"]),
        {"kind": "plan_table", "plan_codes": [table.code for table in tables]}, figures,
    )  # fmt: skip
    return Source(settings, release_id, manifest, tables, record)


def exports_folder(settings: Settings, release_id: str) -> Path:
    """Where the exports of a release lie."""
    return settings.releases / release_id / EXPORTS


def exports_manifest(settings: Settings, release_id: str) -> dict[str, Any] | None:
    """What the exports of a release are; None while there are none."""
    return read_manifest(exports_folder(settings, release_id) / MANIFEST)


def is_exported(settings: Settings, release_id: str) -> bool:
    """Whether a release has all its exports."""
    manifest = exports_manifest(settings, release_id)
    return manifest is not None and not manifest["failed"]


def write_bundle(settings: Settings, release_id: str, parts: Mapping[str, Part]) -> Bundle:
    """Writes the exports of a release; a part that fails is named with what went wrong.

    Raises:
        NoRelease: the release is not kept.
        OSError: not even the place for them could be made.
    """
    begun = time.monotonic()
    source = open_source(settings, release_id)
    folder = settings.releases / ".exporting" / release_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bundle = Bundle(release_id)
    try:
        for name_zh, part in parts.items():
            _write_part(source, folder, name_zh, part, bundle)
        made = [folder / name for name in bundle.files]
        keep(settings, source.record, made, folder)
        _manifest(source, folder, bundle)
        _put_in_place(settings, release_id, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    bundle.seconds = time.monotonic() - begun
    return bundle


def _write_part(source: Source, folder: Path, name_zh: str, part: Part, bundle: Bundle) -> None:
    """One part in a place of its own, so that half of it is never kept."""
    aside = folder / ".part"
    aside.mkdir()
    try:
        for one in part(source, aside):
            if one.rows_selected != one.rows_written:
                raise RowsLost(one.path.name, one.rows_selected or 0, one.rows_written or 0)
            name = one.path.relative_to(aside).as_posix()
            bundle.files[name] = {
                "part": name_zh,
                "sha256": sha256_of(one.path),
                "size": one.path.stat().st_size,
                "rows_selected": one.rows_selected,
                "rows_written": one.rows_written,
            }
        for path in sorted(aside.iterdir()):
            path.rename(folder / path.name)
    # An export of any kind may fail in any way, and must not take the others or the night along.
    except Exception as error:  # noqa: BLE001
        said = getattr(error, "message_zh", None) or f"{type(error).__name__}：{error}"
        bundle.failed.append({"part": name_zh, "problem_zh": str(said)})
        for name in [name for name, told in bundle.files.items() if told["part"] == name_zh]:
            del bundle.files[name]
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _manifest(source: Source, folder: Path, bundle: Bundle) -> None:
    release = source.settings.releases / source.release_id / MANIFEST
    write_manifest(
        folder / MANIFEST,
        {
            "release_id": source.release_id,
            "as_of": source.manifest["as_of"],
            "is_synthetic": source.is_synthetic,
            "code": source.record.code,
            "release_manifest_sha256": sha256_of(release),
            "files": bundle.files,
            "failed": bundle.failed,
        },
    )


def _put_in_place(settings: Settings, release_id: str, folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    target = exports_folder(settings, release_id)
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)


def outcome_json(bundle: Bundle) -> str:
    """What a child process tells its parent."""
    return json.dumps(
        {
            "release_id": bundle.release_id,
            "files": len(bundle.files),
            "failed": bundle.failed,
            "seconds": round(bundle.seconds, 2),
        },
        ensure_ascii=False,
    )
