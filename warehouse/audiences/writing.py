"""One file of a release: the marts of one city for one audience, with a manifest of its own.

The file is a small release: schema `marts` with the contracts' types and comments, `marts_zh` with
Chinese names, storage version v1.2.0, and one table more, `marts.audience`, which tells what it is.
It is written aside, read back, and replaced by one rename; the manifest comes last.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from sources.definitions import Definitions
from warehouse.audiences.confidentiality import confidentiality_of, rules_digest
from warehouse.audiences.definition import Audience, audience_named
from warehouse.audiences.selection import CODES, SOURCE, Selected, select_table
from warehouse.connection import scalar, transaction
from warehouse.errors import NoRelease, ReleaseBroken
from warehouse.releases.build import STORAGE_VERSION
from warehouse.releases.chinese_views import DICTIONARY, create_chinese_views
from warehouse.releases.city_rows import copy_comments, make_like
from warehouse.releases.digest import mart_names, sha256_of
from warehouse.releases.history import MANIFEST, read_manifest, standing_manifest, write_manifest
from warehouse.releases.places import log_of, remove_log, replace_patiently
from warehouse.settings import PUBLISHED_FILE
from warehouse.sql_text import literal, quoted

AUDIENCE_TABLE = "audience"
NOT_GIVEN_ZH = "（本文件不提供）"

# What the file itself says of what it is: column, type, comment.
_ABOUT = (
    ("release_id", "varchar", "发布编号"),
    ("city_code", "varchar", "城市代码，六位文本"),
    ("city_name_zh", "varchar", "城市名称"),
    ("audience_code", "varchar", "读者范围代码"),
    ("audience_zh", "varchar", "读者范围"),
    ("withheld_zh", "varchar", "不提供的内容与原因，没有则为空"),
    ("release_manifest_sha256", "varchar", "所出自发布版本的清单的 sha256"),
)
_ABOUT_ZH = "本文件：只有一行，说明是哪个城市、给谁看、出自哪次发布、哪些不提供。"


@dataclass(frozen=True)
class _Job:
    """One file being written."""

    folder: Path
    release: Mapping[str, Any]
    city_code: str
    audience: Audience
    definitions: Definitions

    @property
    def source(self) -> Path:
        return self.folder / PUBLISHED_FILE

    @property
    def release_sha256(self) -> str:
        return sha256_of(self.folder / MANIFEST)


def write_audience_file(
    release_folder: Path,
    city_code: str,
    audience_code: str,
    target: Path,
    definitions: Definitions,
) -> dict[str, Any]:
    """The manifest of the file of a city for an audience, both laid into `target`.

    Args:
        release_folder: a kept release, with its file and its manifest.
        city_code: the city whose rows it gets; no other city's figure is in it.
        audience_code: a row of `audiences.csv`.
        target: folder that takes `ip_marts.duckdb` and `manifest.json`; made when it is missing.
        definitions: those in force: the audiences, and the classes that withhold.

    Raises:
        NoRelease: there is no release in the folder.
        UnknownAudience: no row names the audience.
        AudienceUnsound: its rows ask for what no file can be made of.
        ReleaseBroken: the file does not read back as it was written.
        LockedTarget: a program holds the file that stands there; it stands.
        OSError: the folder cannot be written; what stood there stands.
    """
    release = read_manifest(release_folder / MANIFEST)
    if release is None or not (release_folder / PUBLISHED_FILE).is_file():
        raise NoRelease(release_folder.name)
    audience = audience_named(definitions, audience_code)
    job = _Job(release_folder, release, city_code, audience, definitions)
    target.mkdir(parents=True, exist_ok=True)
    aside = target / f".{release['release_id']}.{PUBLISHED_FILE}"
    aside.unlink(missing_ok=True)
    try:
        told = _build(job, aside)
        _sync(aside)
        told |= {"sha256": sha256_of(aside), "size": aside.stat().st_size}
        final = target / PUBLISHED_FILE
        remove_log(final)
        replace_patiently(aside, final)
        remove_log(final)
    finally:
        aside.unlink(missing_ok=True)
        log_of(aside).unlink(missing_ok=True)
    write_manifest(target / MANIFEST, told)
    return told


def is_current(
    target: Path,
    release_folder: Path,
    city_code: str,
    audience_code: str,
    definitions: Definitions,
) -> bool:
    """Whether what stands in `target` is the file of this release, whole and under these rules."""
    told = standing_manifest(target)
    file = target / PUBLISHED_FILE
    if told is None or not file.is_file():
        return False
    audience = audience_named(definitions, audience_code)
    wanted = (
        city_code, audience_code, audience.digest, rules_digest(definitions),
        sha256_of(release_folder / MANIFEST),
    )  # fmt: skip
    names = (
        "city_code", "audience_code", "audience_sha256", "confidentiality_sha256",
        "release_manifest_sha256",
    )  # fmt: skip
    is_same = tuple(told.get(name) for name in names) == wanted
    return is_same and told["size"] == file.stat().st_size and told["sha256"] == sha256_of(file)


def _build(job: _Job, aside: Path) -> dict[str, Any]:
    """Writes the file and reads it back; what its manifest tells, but for the bytes."""
    place = literal(str(job.source))
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {place} as {SOURCE} (read_only)")
        connection.execute(
            f"attach {literal(str(aside))} as made (storage_version {literal(STORAGE_VERSION)})"
        )
        reasons = _note_withheld(connection, job)
        connection.execute("use made")
        # One transaction: hundreds of comments would each wait for the disk.
        with transaction(connection):
            connection.execute("create schema marts")
            selections = _selections(connection, job, sees_all=not reasons)
            rows = {one.table: _copy(connection, one) for one in selections}
            withheld = _withheld(connection, selections)
            release_ids = _release_ids(connection, rows)
            _describe(connection, job, withheld)
        connection.execute("use memory")
        connection.execute("detach made")
    _finish(aside, rows)
    held = [one for one in job.release["held_cities"] if one["city_code"] == job.city_code]
    return {
        "release_id": job.release["release_id"],
        "kind": job.release["kind"],
        "as_of": job.release["as_of"],
        "city_code": job.city_code,
        "audience_code": job.audience.code,
        "audience_zh": job.audience.name_zh,
        "audience_sha256": job.audience.digest,
        "confidentiality_sha256": rules_digest(job.definitions),
        "is_synthetic": job.release["is_synthetic"],
        "held": held,
        "row_release_ids": release_ids,
        "tables": {
            table: {"rows_selected": selected, "rows_written": written}
            for table, (selected, written) in rows.items()
        },
        "absent_tables": sorted(set(job.audience.tables) - set(rows)),
        "withheld": withheld,
        "file": PUBLISHED_FILE,
        "storage_version": STORAGE_VERSION,
        "release_manifest_sha256": job.release_sha256,
    }


def _note_withheld(connection: duckdb.DuckDBPyConnection, job: _Job) -> dict[str, str]:
    """The reason of each code withheld, also as the temporary table that selections look up."""
    found = confidentiality_of(connection, job.definitions, SOURCE)
    reasons = found.withheld(job.audience.highest_class_zh)
    connection.execute(f"create temp table {CODES} (code varchar, reason_zh varchar)")
    if reasons:
        connection.executemany(f"insert into {CODES} values (?, ?)", list(reasons.items()))
    if "plan_targets" in mart_names(connection, SOURCE):
        # A target held against another indicator tells that one's figure too.
        connection.execute(
            f"insert into {CODES} select target_code, min(reason_zh)"
            f" from {SOURCE}.marts.plan_targets inner join {CODES}"
            " on code in (indicator_code, relative_indicator_code) group by target_code"
        )
    return dict(connection.execute(f"select code, reason_zh from {CODES}").fetchall())


def _selections(
    connection: duckdb.DuckDBPyConnection, job: _Job, *, sees_all: bool
) -> list[Selected]:
    standing = mart_names(connection, SOURCE, with_views=False)
    return [
        select_table(
            table, _columns(connection, table), job.city_code, job.audience.tables,
            sees_all=sees_all,
        )
        for table in standing
        if table in job.audience.tables
    ]  # fmt: skip


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, tuple[str, bool]]:
    rows = connection.execute(
        "select column_name, data_type, is_nullable from duckdb_columns()"
        " where database_name = ? and schema_name = 'marts' and table_name = ?"
        " order by column_index",
        [SOURCE, table],
    ).fetchall()
    return {str(name): (str(kind), bool(is_nullable)) for name, kind, is_nullable in rows}


def _copy(connection: duckdb.DuckDBPyConnection, one: Selected) -> tuple[int, int]:
    """Makes a table with its contract and comments, fills it; rows selected, rows inserted."""
    make_like(connection, one.table, SOURCE)
    for column in one.emptied:
        place = f"marts.{quoted(one.table)}"
        connection.execute(f"alter table {place} alter column {quoted(column)} drop not null")
    selected = int(scalar(connection, one.count_sql))
    inserted = int(scalar(connection, f"insert into marts.{quoted(one.table)} {one.sql}"))
    marks = dict.fromkeys(one.withheld_columns, NOT_GIVEN_ZH)
    copy_comments(connection, one.table, SOURCE, marks)
    return selected, inserted


def _withheld(
    connection: duckdb.DuckDBPyConnection, selections: Sequence[Selected]
) -> list[dict[str, Any]]:
    """What is not given: columns, and rows whose values are empty, by what they are about."""
    told: list[dict[str, Any]] = [
        {"table": one.table, "column": column, "reason_zh": "本读者范围不提供此列"}
        for one in selections
        for column in one.withheld_columns
    ]
    for one in selections:
        if one.withheld_sql:
            told += [
                {"table": one.table, "code": code, "reason_zh": reason, "rows": int(rows)}
                for code, reason, rows in connection.execute(one.withheld_sql).fetchall()
            ]
    return told


def _release_ids(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, object]) -> list[str]:
    """The releases that rows of the city come from: more than one where it was held back."""
    found: set[str] = set()
    for table in tables:
        if "release_id" in _columns(connection, table):
            sql = f"select distinct release_id from marts.{quoted(table)}"
            found |= {str(row[0]) for row in connection.execute(sql).fetchall()}
    return sorted(found)


def _describe(
    connection: duckdb.DuckDBPyConnection, job: _Job, withheld: Sequence[Mapping[str, Any]]
) -> None:
    """The table that tells what the file is, and its lines in the dictionary."""
    listed = ", ".join(f"{name} {kind}" for name, kind, _ in _ABOUT)
    connection.execute(f"create table marts.{AUDIENCE_TABLE} ({listed})")
    unit = job.definitions.unit(job.city_code)
    reasons = sorted({str(one["reason_zh"]) for one in withheld})
    connection.execute(
        f"insert into marts.{AUDIENCE_TABLE} values (?, ?, ?, ?, ?, ?, ?)",
        [
            job.release["release_id"], job.city_code, unit.unit_name_zh if unit else None,
            job.audience.code, job.audience.name_zh, "；".join(reasons) or None,
            job.release_sha256,
        ],
    )  # fmt: skip
    connection.execute(f"comment on table marts.{AUDIENCE_TABLE} is {literal(_ABOUT_ZH)}")
    for name, _, comment in _ABOUT:
        connection.execute(f"comment on column marts.{AUDIENCE_TABLE}.{name} is {literal(comment)}")
    if DICTIONARY not in mart_names(connection, "made"):
        return
    head = _ABOUT_ZH.split("：", maxsplit=1)[0]
    for order, (name, kind, comment) in enumerate(_ABOUT, start=1):
        label = comment.split("，", maxsplit=1)[0]
        connection.execute(
            f"insert into marts.{DICTIONARY} by name select ? as release_id, ? as table_name,"
            " ? as table_zh, ? as table_comment_zh, ? as column_name, ? as column_order,"
            " ? as column_zh, ? as data_type, false as is_required, false as is_key,"
            " ? as comment_zh",
            [
                job.release["release_id"], AUDIENCE_TABLE, head, _ABOUT_ZH, name, order, label,
                kind, comment,
            ],
        )  # fmt: skip
    for table, columns in job.audience.tables.items():
        for column in columns:
            connection.execute(
                f"update marts.{DICTIONARY} set comment_zh = comment_zh || ?"
                " where table_name = ? and column_name = ?",
                [NOT_GIVEN_ZH, table, column],
            )


def _finish(file: Path, rows: Mapping[str, tuple[int, int]]) -> None:
    """Adds the Chinese views, folds the log in and holds what is read back against what was meant.

    Raises:
        ReleaseBroken: a table has other rows than were selected for it.
    """
    with duckdb.connect(str(file)) as connection:
        with transaction(connection):
            create_chinese_views(connection)
        connection.execute("checkpoint")
    with duckdb.connect(str(file), read_only=True) as connection:
        for table, (selected, _) in rows.items():
            found = int(scalar(connection, f"select count(*) from marts.{quoted(table)}"))
            own = len(_ABOUT) if table == DICTIONARY else 0
            if found != selected + own:
                raise ReleaseBroken(f"“{table}”应有 {selected + own} 行，写出 {found} 行。")


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    path.chmod(0o444)
