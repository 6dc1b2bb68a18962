"""`qiangshi doctor`: whether what lies in the workspace is what the software wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import typer
from sqlalchemy import Engine

from orchestration.cli.console import DayOption, JsonFlag, guarded, print_json, settings_of, tell
from warehouse.errors import ManifestBroken
from warehouse.releases.digest import sha256_of
from warehouse.settings import PUBLISHED_FILE, Settings

NOTICE = "notice"
"""The kind of what is as it was written, and yet needs somebody's decision."""


@dataclass(frozen=True)
class Checked:
    """One thing looked at."""

    check: str
    is_sound: bool
    message_zh: str
    kind: str | None = None


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(doctor)


@guarded
def doctor(day: DayOption = None, as_json: JsonFlag = False) -> None:
    """检查工作区：台账结构、审计链（改动、删除、截断、重写）、发布文件、导出文件。

    发现异常时退出码为 1。
    """
    found = list(_checks(settings_of(day)))
    if as_json:
        print_json({"is_sound": all(one.is_sound for one in found), "checks": _rows(found)})
    else:
        for one in found:
            mark, style = ("正常", "green") if one.is_sound else ("异常", "red")
            if one.kind == NOTICE:
                mark, style = "提示", "yellow"
            tell(f"【{mark}】{one.message_zh}", style=style)
    if not all(one.is_sound for one in found):
        raise typer.Exit(1)


def _rows(found: list[Checked]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def _checks(settings: Settings) -> Iterator[Checked]:
    """Everything that is looked at; a manifest that cannot be read ends it, and is told."""
    try:
        yield from _looked_at(settings)
    except ManifestBroken as error:
        yield Checked("releases", False, error.message_zh, "edit")


def _looked_at(settings: Settings) -> Iterator[Checked]:
    from warehouse.ledger.chain import chain_head
    from warehouse.ledger.chain_check import KIND_ZH, chain_damage
    from warehouse.ledger.engine import open_ledger
    from warehouse.ledger.tables import HEAD
    from warehouse.releases.seals import kept_heads

    engine = open_ledger(settings)
    try:
        kind = "PostgreSQL" if engine.dialect.name == "postgresql" else "SQLite"
        yield Checked("ledger", True, f"台账（{kind}）结构版本 {HEAD}。")
        seals = kept_heads(settings)
        damage = chain_damage(engine, seals)
        for one in damage:
            said = f"审计链{KIND_ZH[one.kind]}：{one.message_zh}"
            yield Checked("chain", False, said, one.kind)
        if not damage:
            head = chain_head(engine)
            said = f"审计链 {head.length} 条，首尾相接；与 {len(seals)} 份发布清单所记一致。"
            if not seals:
                said = f"审计链 {head.length} 条，首尾相接；尚无发布清单可对照截断和重写。"
            yield Checked("chain", True, said)
        yield from _officials(settings, engine)
    finally:
        engine.dispose()
    yield from _releases(settings)
    yield from _exports(settings)


def _officials(settings: Settings, engine: Engine) -> Iterator[Checked]:
    from warehouse.official.checking import official_damage
    from warehouse.official.verbs import official_releases

    damage = official_damage(settings, engine)
    for said in damage:
        yield Checked("official", False, said, "edit")
    made = sum(row["is_made"] for row in official_releases(settings, engine))
    if made and not damage:
        yield Checked("official", True, f"{made} 个正式发布与台账的批准一致。")


def _releases(settings: Settings) -> Iterator[Checked]:
    from warehouse.releases.history import (
        MANIFEST,
        published_manifest,
        release_manifests,
        thinned_releases,
    )

    published = published_manifest(settings)
    if published is None:
        yield Checked("releases", True, "尚未发布。")
        return
    wrong = []
    thinned = thinned_releases(settings)
    for manifest in release_manifests(settings):
        folder = settings.releases / manifest["release_id"]
        if manifest["release_id"] in thinned:
            # What is left of it is proved by what was written down when it was thinned.
            if sha256_of(folder / MANIFEST) != thinned[manifest["release_id"]]["manifest_sha256"]:
                wrong.append(f"{manifest['release_id']}/{MANIFEST}")
            continue
        for name, facts in manifest["files"].items():
            path = folder / name
            if not path.is_file() or sha256_of(path) != facts["sha256"]:
                wrong.append(f"{manifest['release_id']}/{name}")
    target = settings.published_db
    if not target.is_file() or sha256_of(target) != published["files"][PUBLISHED_FILE]["sha256"]:
        wrong.append(f"published/{PUBLISHED_FILE}")
    for name in wrong:
        yield Checked("releases", False, f"发布文件“{name}”缺失或与清单的校验值不符。", "edit")
    if not wrong:
        count = len(release_manifests(settings))
        said = f"，其中 {len(thinned)} 个已精简、只留清单" if thinned else ""
        yield Checked("releases", True, f"{count} 个发布版本的文件与清单的校验值一致{said}。")


def _exports(settings: Settings) -> Iterator[Checked]:
    """The exports of every release against their own manifests, and the copies at fixed paths."""
    from warehouse.audiences.placing import left_standing
    from warehouse.exports.bundle import exports_folder, exports_manifest
    from warehouse.exports.placing import FIXED
    from warehouse.releases.history import published_manifest, release_manifests

    published = published_manifest(settings)
    if published is None:
        return
    wrong, count = [], 0
    for manifest in release_manifests(settings):
        release_id = str(manifest["release_id"])
        exports = exports_manifest(settings, release_id)
        if exports is None:
            continue
        count += 1
        folder = exports_folder(settings, release_id)
        told = {folder / name: facts["sha256"] for name, facts in exports["files"].items()}
        if release_id == published["release_id"]:
            told |= {settings.published / name: told[folder / name]
                     for name in FIXED if folder / name in told}  # fmt: skip
        wrong += [
            path.relative_to(settings.home).as_posix()
            for path, sha256 in told.items()
            if not path.is_file() or sha256_of(path) != sha256
        ]
    wrong += _city_files(settings)
    left_zh = left_standing(settings)
    if left_zh is not None:
        yield Checked("city_files", True, left_zh, NOTICE)
    for name in wrong:
        yield Checked("exports", False, f"导出文件“{name}”缺失或与清单的校验值不符。", "edit")
    if not wrong:
        said = f"{count} 个发布版本的导出文件与清单的校验值一致。" if count else "尚无导出文件。"
        yield Checked("exports", True, said)


def _city_files(settings: Settings) -> Iterator[str]:
    """Files of a city for an audience that are not as their own manifest has them."""
    from warehouse.releases.history import standing_manifest

    for told in sorted(settings.city_files.glob("*/*/manifest.json")):
        file = told.with_name(PUBLISHED_FILE)
        facts = standing_manifest(told.parent) or {}
        if not file.is_file() or sha256_of(file) != facts.get("sha256"):
            yield file.relative_to(settings.home).as_posix()
