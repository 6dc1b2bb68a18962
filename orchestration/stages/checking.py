"""The dry run: the same findings as the night's, nothing written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from expectations.findings import findings_frame, from_sheet_check, from_source_error
from expectations.rules import Rules
from orchestration.stages.registering import check_registers
from orchestration.stages.submitted import submission_rows, values_of
from sources.contract import FileToParse, ParsedBatch
from sources.definitions import Definitions
from sources.errors import SourceError
from sources.evidence import evidence_kind
from sources.readers.grid import LIMITS
from sources.submission_files import parse_many
from sources.texts import readable_name
from sources.vocabulary import SEVERITY_ZH, gravity_of
from warehouse.connection import private_warehouse
from warehouse.errors import WarehouseError, WorkspaceMissing
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.resubmissions import against_newest
from warehouse.ledger.standing import standing_for
from warehouse.queries.explanations import explained_before
from warehouse.raw_store import history_frame
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic

CLEAN, BLOCKED, REFUSED = 0, 1, 2
PAPER_ZH = (
    "这是 {} 扫描件或照片，不是报表：随报表一同报送即可，作为佐证按指纹保存并挂在所属报送件上；"
    "其中的数不会读取，数据请用 Excel 报表填报"
)
HISTORY = ("unit_code", "form_code", "period_code", "element_code", "number_text")


@dataclass(frozen=True)
class Checked:
    """What a dry run found.

    Attributes:
        findings: rows with their file; beside each what was explained of it before.
        notes: what could not be asked, in words.
        exit_code: clean, blocked or refused.
        read: one row per form read: what it is, cells and figures, content hash, and how it
            compares with the version in the ledger.
        evidence: one row per scan or photo, which the night keeps and does not read: file, kind
            and what becomes of it.
    """

    findings: Sequence[dict[str, Any]]
    notes: Sequence[str]
    exit_code: int
    read: Sequence[dict[str, Any]] = ()
    evidence: Sequence[dict[str, str]] = ()


def check_files(
    settings: Settings, definitions: Definitions, files: Sequence[Path], unit_code: str | None
) -> Checked:
    """The findings of files as the night would find them; the workspace may be absent."""
    papers = {number: kind for number, path in enumerate(files) if (kind := _paper(path))}
    evidence = [
        {
            "file": readable_name(files[number].name),
            "kind": kind,
            "message_zh": PAPER_ZH.format(kind.upper()),
        }
        for number, kind in papers.items()
    ]
    if len(papers) == len(files):
        return Checked((), (), CLEAN, evidence=evidence)
    rules = Rules.load(definitions)
    wanted = [
        FileToParse(
            key=str(number), path=path, file_name=readable_name(path.name), expected_unit=unit_code
        )
        for number, path in enumerate(files)
        if number not in papers
    ]
    with TemporaryDirectory() as spool:
        batches = list(parse_many(wanted, definitions, _kind(settings), spool=Path(spool)))
        refused, of_registers = _registers(settings, definitions, rules, batches, wanted)
    rows: list[dict[str, str | None]] = []
    for batch in batches:
        rows += [
            from_source_error(error, key, unit_code, None, None, rules)
            for key, error in batch.errors.items()
        ]
        for key, checks in batch.checks.items():
            identity = batch.identities[key]
            rows += [
                from_sheet_check(
                    check, key, identity.unit_code, identity.form_code, identity.period_code, rules
                )
                for check in checks
            ]
    rows += [
        from_source_error(error, key, unit_code, None, None, rules)
        for key, error in refused.items()
    ]
    is_refused = bool(refused) or any(batch.errors for batch in batches)
    notes = [
        f"“{member.file_name}”是扫描件或照片，随报表存为佐证，不读取其中的数据。"
        for batch in batches
        for members in batch.archives.values()
        for member in members
        if member.is_evidence
    ]
    found = findings_frame(rows)
    judged = _judged(settings, definitions, rules, batches, notes)
    if judged is not None:
        found = pl.concat([found, judged])
    found = pl.concat([found, of_registers])
    names = _names(files, batches)
    order = {name: number for number, name in enumerate(dict.fromkeys(names.values()))}
    listed = [
        row
        | {"file": names[row["submission_id"]], "severity_zh": SEVERITY_ZH[row["severity_code"]]}
        for row in found.iter_rows(named=True)
    ]
    listed.sort(key=lambda row: (order[row["file"]], *gravity_of(row)))
    read = _read(definitions, wanted, batches, names)
    _beside_the_ledger(settings, listed, read, notes)
    is_blocked = any(row["severity_code"] == "blocking" for row in listed)
    exit_code = REFUSED if is_refused else BLOCKED if is_blocked else CLEAN
    return Checked(listed, notes, exit_code, read, evidence)


def _paper(path: Path) -> str | None:
    """The kind of a scan or photo, told by its bytes as the night does; None for any other file."""
    if path.stat().st_size > LIMITS.file_bytes:
        return None
    return evidence_kind(path.read_bytes())


def _read(
    definitions: Definitions,
    wanted: Sequence[FileToParse],
    batches: Sequence[ParsedBatch],
    names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """What was read, one row per form; refused files have none."""
    paths = {file.key: file.path for file in wanted}
    forms = {(f.form_code, f.form_version): f.form_zh for f in definitions.form_versions}
    rows = []
    for batch in batches:
        cells = dict(batch.cells.group_by("key").len().iter_rows())
        filed = {
            str(key): (entries, figures)
            for key, entries, figures in batch.values.group_by("key")
            .agg(entries=pl.len(), figures=pl.col("number_text").count())
            .iter_rows()
        }
        for key, one in batch.identities.items():
            entries, figures = filed.get(key, (0, 0))
            path = paths.get(key)
            rows.append({
                "key": key,
                "file": names[key],
                "unit_code": one.unit_code,
                "form_code": one.form_code,
                "form_zh": forms.get((one.form_code, one.form_version)),
                "period_code": one.period_code,
                "cells_read": cells.get(key, 0),
                "entries": entries,
                "figures": figures,
                "file_sha256": hashlib.sha256(path.read_bytes()).hexdigest() if path else None,
                "against_zh": None,
            })  # fmt: skip
    return rows


def _beside_the_ledger(
    settings: Settings,
    listed: Sequence[dict[str, Any]],
    read: Sequence[dict[str, Any]],
    notes: list[str],
) -> None:
    """Earlier explanations beside the findings, and what a file mends of the version filed last."""
    for row in listed:
        row["earlier_zh"] = None
    try:
        engine = open_ledger(settings)
    except WarehouseError as error:
        notes.append(f"未与已报版本和往期说明比较：{error.message_zh}")
        return
    try:
        with engine.connect() as connection:
            for key, one in standing_for(connection, listed).items():
                for row in listed:
                    if row["finding_id"] == key:
                        row["earlier_zh"] = one.beside_zh
            for key, told in explained_before(connection, listed).items():
                for row in listed:
                    if row["finding_id"] == key and row["earlier_zh"] is None:
                        row["earlier_zh"] = told.beside(row["period_code"])
            for form in read:
                mine = [row for row in listed if row["submission_id"] == form["key"]]
                subject = (form["unit_code"], form["form_code"], form["period_code"])
                beside = against_newest(connection, subject, mine)
                form["against_zh"] = beside.text_zh if beside else None
    finally:
        engine.dispose()


def _names(files: Sequence[Path], batches: Sequence[ParsedBatch]) -> dict[str, str]:
    """The file name that each key stands for; a member is named with its archive."""
    names = {str(number): readable_name(path.name) for number, path in enumerate(files)}
    for batch in batches:
        for members in batch.archives.values():
            names |= {member.key: member.file_name for member in members}
    for batch in batches:
        for key, forms in batch.forms.items():
            names |= dict.fromkeys(forms, names[key])
    return names


def _kind(settings: Settings) -> bool | None:
    """Whether the workspace is synthetic; None where there is no workspace yet."""
    try:
        return is_synthetic(settings)
    except WorkspaceMissing:
        return None


def _registers(
    settings: Settings,
    definitions: Definitions,
    rules: Rules,
    batches: Sequence[ParsedBatch],
    wanted: Sequence[FileToParse],
) -> tuple[Mapping[str, SourceError], pl.DataFrame]:
    """Refusals and findings of the registers among the files."""
    now = settings.clock.now()
    filed = [
        row for batch in batches for row in submission_rows(batch, {}, now)
        if batch.identities[row["submission_id"]].form_kind == "register"
    ]  # fmt: skip
    keys = {row["submission_id"] for row in filed}
    if not keys:
        return {}, findings_frame([])
    units = {file.key: file.expected_unit for file in wanted}
    members = [
        FileToParse(member.key, member.path, member.file_name, units[key], is_member=True)
        for batch in batches
        for key, found in batch.archives.items()
        for member in found
    ]
    files = [file for file in (*wanted, *members) if file.key in keys]
    return check_registers(files, definitions, _kind(settings), rules, pl.DataFrame(filed))


def _judged(
    settings: Settings,
    definitions: Definitions,
    rules: Rules,
    batches: Sequence[ParsedBatch],
    notes: list[str],
) -> pl.DataFrame | None:
    """Findings of the rules; Great Expectations is not imported when no file could be read."""
    now = settings.clock.now()
    filed = [
        row for batch in batches for row in submission_rows(batch, {}, now)
        if batch.identities[row["submission_id"]].form_kind not in ("authority", "register")
    ]  # fmt: skip
    if not filed:
        return None
    submissions = pl.DataFrame(filed)
    history = pl.DataFrame(schema=dict.fromkeys(HISTORY, pl.String))
    if settings.toml_path.exists() and not settings.warehouse_db.exists():
        notes.append("工作区还没有收过报表，未与往期比较。")
    else:
        try:
            with private_warehouse(settings) as connection:
                history = history_frame(connection)
        except WarehouseError as error:
            notes.append(f"未与往期比较：{error.message_zh}")
    from expectations.runner import validate

    values = pl.concat([values_of(batch) for batch in batches])
    return validate(submissions, values, history, definitions, rules, now).findings
