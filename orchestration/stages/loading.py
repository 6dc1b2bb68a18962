"""Parsed files into the raw tables, and the repair of what a broken night left unloaded."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from sqlalchemy import Engine

from orchestration.progress import tell
from orchestration.stages import night_folder
from orchestration.stages.registering import read_registers
from sources.contract import (
    AUTHORITY_SCHEMA,
    CELLS_SCHEMA,
    VALUES_SCHEMA,
    ArchiveMember,
    FileToParse,
    FormIdentity,
    ParsedBatch,
    SheetCheck,
    with_key,
)
from sources.definitions import Definitions
from sources.errors import SourceError
from sources.registers.account import account_of
from sources.submission_files import parse_many
from warehouse.connection import warehouse_writer
from warehouse.ledger.frames import submissions_frame
from warehouse.raw_files import raw_path, store_bytes
from warehouse.raw_store import write_filed
from warehouse.registers import load_register
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic

IDENTITY = ("unit_code", "form_code", "form_version", "period_code")
SUBJECT = ("unit_code", "form_code", "period_code")
WITHOUT_VALUES = ("refused",)
REGISTER_ROWS = "registers"


@dataclass(frozen=True)
class Parsed:
    """Many files, read: identities or errors by key, and three frames with the column `key`."""

    identities: Mapping[str, FormIdentity] = field(default_factory=dict)
    errors: Mapping[str, SourceError] = field(default_factory=dict)
    checks: Mapping[str, tuple[SheetCheck, ...]] = field(default_factory=dict)
    cells: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=with_key(CELLS_SCHEMA)))
    values: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=with_key(VALUES_SCHEMA))
    )
    authority: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=with_key(AUTHORITY_SCHEMA))
    )
    cells_read: Mapping[str, int] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    archives: Mapping[str, tuple[ArchiveMember, ...]] = field(default_factory=dict)
    registers: Mapping[str, Path] = field(default_factory=dict)
    """Parquet files of the rows of registers, by key."""

    def forms_of(self, key: str) -> tuple[str, ...]:
        """The keys of the forms that one file holds: its own when there is just one."""
        return self.forms.get(key, (key,))

    def everything_of(self, key: str) -> tuple[str, ...]:
        """The keys of all forms of a received file, those of an archive's members included."""
        members = self.archives.get(key)
        if members is None:
            return self.forms_of(key)
        return tuple(
            form
            for member in members
            if not member.is_evidence
            for form in self.forms_of(member.key)
        )

    @classmethod
    def nothing(cls) -> Parsed:
        """No files."""
        return cls()


def parse(
    settings: Settings,
    definitions: Definitions,
    wanted: Sequence[tuple[str, Path, str, str | None]],
) -> Parsed:
    """Files (key, path, name, expected unit) through the guarded readers, as one."""
    files = [FileToParse(key, path, name, unit) for key, path, name, unit in wanted]
    batches = []
    done = 0
    settings.work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="unpacked-", dir=settings.work) as spool:
        for batch in parse_many(files, definitions, is_synthetic(settings), spool=Path(spool)):
            batches.append(batch)
            for member in (one for found in batch.archives.values() for one in found):
                store_bytes(settings, member.path.read_bytes())
            done += len(batch.identities) + len(batch.errors)
            tell(f"读取：{done}/{len(files)}")
    if not batches:
        return Parsed.nothing()
    cells = pl.concat([batch.cells for batch in batches])
    identities = {key: one for batch in batches for key, one in batch.identities.items()}
    errors = {key: one for batch in batches for key, one in batch.errors.items()}
    seconds = _second_looks(settings, files, batches, identities)
    again = read_registers(
        seconds, definitions, is_synthetic(settings), night_folder(settings) / REGISTER_ROWS
    )
    identities = {key: one for key, one in identities.items() if key not in again.errors}
    counts = {key: account_of(path).cells for key, path in again.rows.items()}
    return Parsed(
        identities=identities | dict(again.identities),
        errors=errors | dict(again.errors),
        checks={key: one for batch in batches for key, one in batch.checks.items()},
        cells=cells,
        values=pl.concat([batch.values for batch in batches]),
        authority=pl.concat([batch.authority for batch in batches]),
        cells_read=_cells_read(cells, batches) | counts,
        forms={key: one for batch in batches for key, one in batch.forms.items()},
        archives={key: one for batch in batches for key, one in batch.archives.items()},
        registers=again.rows,
    )


def _second_looks(
    settings: Settings,
    files: Sequence[FileToParse],
    batches: Sequence[ParsedBatch],
    identities: Mapping[str, FormIdentity],
) -> list[FileToParse]:
    """The files that turned out to be registers, members of archives by their stored bytes."""
    units = {file.key: file.expected_unit for file in files}
    members = [
        FileToParse(member.key, raw_path(settings, member.sha256), member.file_name, units[key])
        for batch in batches
        for key, found in batch.archives.items()
        for member in found
    ]
    return [
        file for file in (*files, *members)
        if file.key in identities and identities[file.key].form_kind == "register"
    ]  # fmt: skip


def _cells_read(cells: pl.DataFrame, batches: Sequence[ParsedBatch]) -> dict[str, int]:
    """Filled cells of each form: of its own sheet where its workbook holds several."""
    own_sheets = pl.DataFrame(
        [
            (key, identity.sheet if identity.is_one_of_several else None)
            for batch in batches
            for key, identity in batch.identities.items()
        ],
        schema={"key": pl.String, "own_sheet": pl.String},
        orient="row",
    )
    own = pl.col("own_sheet").is_null() | (pl.col("sheet") == pl.col("own_sheet"))
    counted = cells.join(own_sheets, on="key").filter(own).group_by("key").len()
    return dict(counted.iter_rows())


def load(
    settings: Settings,
    parsed: Parsed,
    submission_ids: Mapping[str, str],
    hashes: Mapping[str, str],
) -> int:
    """Number of cells written: those of the files that became submissions.

    Args:
        settings: the workspace.
        parsed: the files as read.
        submission_ids: submission of each key; keys that are not here are left out.
        hashes: content hash of each key.
    """
    if not submission_ids:
        return 0
    tell("读取：写入原始表")
    known = pl.DataFrame(
        [
            (
                key,
                submission_id,
                hashes[key],
                *(getattr(parsed.identities[key], n) for n in IDENTITY),
            )
            for key, submission_id in submission_ids.items()
        ],
        schema=dict.fromkeys(("key", "submission_id", "file_sha256", *IDENTITY), pl.String),
        orient="row",
    )
    cells = parsed.cells.join(known, on="key").unique(
        ["file_sha256", "sheet", "row_no", "column_no"], keep="first"
    )
    with warehouse_writer(settings) as connection:
        write_filed(
            connection,
            cells=cells,
            values=parsed.values.join(known, on="key"),
            authority=parsed.authority.join(known.select("key", "submission_id"), on="key"),
        )
        for key, submission_id in submission_ids.items():
            identity = parsed.identities[key]
            if identity.form_kind == "register":
                # A register without its rows would count as one without any right.
                form = (identity.form_code, identity.form_version)
                load_register(connection, submission_id, form, parsed.registers[key])
    shutil.rmtree(night_folder(settings) / REGISTER_ROWS, ignore_errors=True)
    return cells.height


def load_unread(settings: Settings, definitions: Definitions, engine: Engine) -> int:
    """Number of submissions in the ledger that had no rows yet, read again from their bytes.

    A night that was cut off between ledger and warehouse leaves such ones, and so does a private
    warehouse that was deleted.
    """
    filed = submissions_frame(engine).filter(~pl.col("state_code").is_in(WITHOUT_VALUES))
    with warehouse_writer(settings) as connection:
        present = connection.sql(
            "select submission_id from raw.reported_values"
            " union select submission_id from raw.authority_values"
            " union select submission_id from raw.register_files"
        ).pl()
    unread = filed.join(present, on="submission_id", how="anti")
    return reload(settings, definitions, unread)


def reload(settings: Settings, definitions: Definitions, submissions: pl.DataFrame) -> int:
    """Number of submissions whose rows were written anew from their stored bytes."""
    if submissions.is_empty():
        return 0
    rows = submissions.to_dicts()
    wanted = [
        (row["submission_id"], raw_path(settings, row["file_sha256"]), row["file_name"],
         row["unit_code"])
        for row in rows
    ]  # fmt: skip
    parsed = parse(settings, definitions, wanted)
    readable: dict[str, str] = {}
    hashes: dict[str, str] = {}
    for row in rows:
        own = [row[name] for name in SUBJECT]
        for key in parsed.forms_of(row["submission_id"]):
            identity = parsed.identities.get(key)
            # A workbook with several forms is read whole; the submission is one of them.
            if identity is not None and (
                key == row["submission_id"] or [getattr(identity, n) for n in SUBJECT] == own
            ):
                readable[key], hashes[key] = row["submission_id"], row["file_sha256"]
    load(settings, parsed, readable, hashes)
    return len(readable)
