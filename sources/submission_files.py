"""A file becomes a submission: read, identified, located. One file here, many through the guard.

Counties' files are parsed only through `parse_many`, in guarded child processes; `parse_submission`
is what runs inside them, and what tests call with bytes made by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from sources.authority import AuthorityRow, read_release, release_table
from sources.contract import (
    AUTHORITY_SCHEMA,
    CELLS_SCHEMA,
    VALUES_SCHEMA,
    ArchiveMember,
    FileToParse,
    FormIdentity,
    ParsedBatch,
    ParsedSubmission,
    SheetCheck,
    with_key,
)
from sources.definitions import Definitions
from sources.errors import (
    DuplicateForm,
    OversizedSheet,
    SourceError,
    UnknownForm,
    UnreadableFile,
)
from sources.identity import FormSheets, form_sheets, identify, rows_of
from sources.layouts import ValueRow, located
from sources.readers import read_kind
from sources.readers.archive import unpack
from sources.readers.container import ARCHIVE, DELIMITED, ODS, XLS, XLSX, belies, recognise
from sources.readers.grid import LIMITS, Cell, Limits
from sources.registers.definition import largest_register
from sources.registers.looks import read_register_of, register_by_head
from sources.senders import check_identity

_KIND_ZH = {
    XLSX: "xlsx 工作簿", XLS: "旧版（xls）工作簿", ODS: "ods 电子表格", DELIMITED: "文本",
}  # fmt: skip


@dataclass(frozen=True)
class ParsedRows:
    """One file, read, as plain rows: frames are built once per batch."""

    identity: FormIdentity
    cells: list[Cell]
    values: list[ValueRow] = field(default_factory=list)
    authority: list[AuthorityRow] = field(default_factory=list)
    checks: tuple[SheetCheck, ...] = ()


@dataclass(frozen=True)
class ParsedFile:
    """What one file is: its forms, each read or refused; or an archive's members."""

    forms: tuple[ParsedRows | SourceError, ...] = ()
    members: tuple[ArchiveMember, ...] = ()


def parse_forms(
    data: bytes,
    file_name: str,
    expected_unit: str | None,
    definitions: Definitions,
    workspace_is_synthetic: bool | None = None,
    limits: Limits = LIMITS,
) -> tuple[ParsedRows | SourceError, ...]:
    """The forms of one file that is no archive, each as plain rows or as its refusal.

    Raises:
        SourceError: the file is refused as a whole.
    """
    kind, cells = read_kind(data, file_name, limits)
    if kind == ARCHIVE:
        raise UnreadableFile(
            "压缩包里又有压缩包", "请解压后把其中的表格直接打包报送", file_name=file_name
        )
    try:
        sheets = rows_of(cells)
        table = release_table(sheets, definitions)
        if table is not None:
            # What is published is neither demo nor filed: it is read in every workspace.
            release = read_release(table, definitions, expected_unit)
            return (ParsedRows(release.identity, cells, [], release.rows, release.checks),)
        forms = form_sheets(sheets, definitions)
    except SourceError as error:
        raise error.in_file(file_name) from error.__cause__
    asked = _Asked(file_name, expected_unit, definitions, workspace_is_synthetic)
    notes = _extension_notes(kind, file_name)
    return _without_twins([_parse_form(form, cells, asked, notes) for form in forms], file_name)


@dataclass(frozen=True)
class _Asked:
    """By what a form of a file is judged."""

    file_name: str
    expected_unit: str | None
    definitions: Definitions
    workspace_is_synthetic: bool | None


def _parse_form(
    form: FormSheets, cells: list[Cell], asked: _Asked, notes: Sequence[SheetCheck]
) -> ParsedRows | SourceError:
    """One form of a file; every form carries all cells of its file, which are kept once."""
    identity: FormIdentity | None = None
    try:
        found = identify(form, asked.definitions, asked.file_name)
        check_identity(found, asked.expected_unit, asked.definitions, asked.workspace_is_synthetic)
        identity = found
        if found.form_kind == "register":
            # Its rows are read by themselves, in blocks and under caps of their own.
            if form.is_one_of_several:
                raise UnknownForm(
                    found.form_code, reason_zh="台账与其他报表在同一个文件中，台账须单独成册"
                )
            return ParsedRows(identity, [])
        said = located(form.sheets, identity, asked.definitions)
    except SourceError as error:
        if form.is_one_of_several:
            error.sheet = error.sheet or form.sheet
        return error.in_file(asked.file_name, identity)
    own = tuple(replace(note, area_code=identity.unit_code) for note in notes)
    return ParsedRows(identity, cells, said.values, [], (*said.checks, *own))


def _without_twins(
    forms: Sequence[ParsedRows | SourceError], file_name: str
) -> tuple[ParsedRows | SourceError, ...]:
    """The forms of a file, those of the same unit, form and period refused together."""
    places: dict[tuple[str, str, str], list[FormIdentity]] = {}
    for form in forms:
        if form.identity is not None:
            places.setdefault(_subject(form.identity), []).append(form.identity)
    kept: list[ParsedRows | SourceError] = []
    for form in forms:
        same = places[_subject(form.identity)] if form.identity is not None else []
        if len(same) < 2:
            kept.append(form)
        elif form.identity is same[0]:
            sheets = [identity.sheet or "" for identity in same]
            error = DuplicateForm(same[0].form_code, same[0].period_code, sheets)
            kept.append(error.in_file(file_name, same[0]))
    return tuple(kept)


def _subject(identity: FormIdentity) -> tuple[str, str, str]:
    return identity.unit_code, identity.form_code, identity.period_code


def _extension_notes(kind: str, file_name: str) -> list[SheetCheck]:
    suffix = belies(kind, file_name)
    if suffix is None:
        return []
    said = f"文件扩展名是 {suffix}，内容却是 {_KIND_ZH[kind]}，已按内容收取"
    return [SheetCheck("S18", "", "", "", None, suffix, kind, said)]


def parse_rows(
    data: bytes,
    file_name: str,
    expected_unit: str | None,
    definitions: Definitions,
    workspace_is_synthetic: bool | None = None,
    limits: Limits = LIMITS,
) -> ParsedRows:
    """The first form of a file as plain rows; see `parse_submission`."""
    form = parse_forms(
        data, file_name, expected_unit, definitions, workspace_is_synthetic, limits
    )[0]  # fmt: skip
    if isinstance(form, SourceError):
        raise form
    return form


def parse_submission(
    data: bytes,
    file_name: str,
    expected_unit: str | None,
    definitions: Definitions,
    workspace_is_synthetic: bool | None = None,
) -> ParsedSubmission:
    """One file as identity and frames; the first form of a workbook that holds several.

    Args:
        data: the bytes as received.
        file_name: the name as received, for messages.
        expected_unit: the unit of the folder (or account) the file came by; None to accept any.
        definitions: the definition tables.
        workspace_is_synthetic: kind of the workspace; None while it has none yet.

    Raises:
        SourceError: the file is refused; the error names file, sheet, cell and what to do.
    """
    parsed = parse_rows(data, file_name, expected_unit, definitions, workspace_is_synthetic)
    return ParsedSubmission(
        identity=parsed.identity,
        cells=pl.DataFrame(parsed.cells, schema=CELLS_SCHEMA, orient="row"),
        values=pl.DataFrame(parsed.values, schema=VALUES_SCHEMA, orient="row"),
        authority=pl.DataFrame(parsed.authority, schema=AUTHORITY_SCHEMA, orient="row"),
        checks=parsed.checks,
    )


class BatchBuilder:
    """Gathers the rows of many files and makes the three frames once."""

    def __init__(self) -> None:
        self._cells: list[tuple[object, ...]] = []
        self._values: list[tuple[object, ...]] = []
        self._authority: list[tuple[object, ...]] = []
        self._identities: dict[str, FormIdentity] = {}
        self._errors: dict[str, SourceError] = {}
        self._checks: dict[str, tuple[SheetCheck, ...]] = {}
        self._forms: dict[str, tuple[str, ...]] = {}
        self._archives: dict[str, tuple[ArchiveMember, ...]] = {}

    def take(self, key: str, file: ParsedFile) -> None:
        """Takes one file: its only form under its own key, several under keys of their own."""
        if file.members:
            self._archives[key] = file.members
            return
        keys = [key]
        if len(file.forms) > 1:
            keys = [f"{key}/{number}" for number in range(1, len(file.forms) + 1)]
            self._forms[key] = tuple(keys)
        for own_key, form in zip(keys, file.forms, strict=True):
            if isinstance(form, SourceError):
                self.refuse(own_key, form)
            else:
                self.add(own_key, form)

    def add(self, key: str, parsed: ParsedRows) -> None:
        """Takes one file's rows."""
        self._identities[key] = parsed.identity
        self._cells += [(key, *row) for row in parsed.cells]
        self._values += [(key, *row) for row in parsed.values]
        self._authority += [(key, *row) for row in parsed.authority]
        if parsed.checks:
            self._checks[key] = parsed.checks

    def refuse(self, key: str, error: SourceError) -> None:
        """Takes one file's refusal."""
        self._errors[key] = error

    def build(self) -> ParsedBatch:
        """The batch, with one frame of each kind."""
        return ParsedBatch(
            identities=self._identities,
            errors=self._errors,
            cells=_frame(self._cells, with_key(CELLS_SCHEMA)),
            values=_frame(self._values, with_key(VALUES_SCHEMA)),
            authority=_frame(self._authority, with_key(AUTHORITY_SCHEMA)),
            checks=self._checks,
            forms=self._forms,
            archives=self._archives,
        )


def _frame(rows: Sequence[tuple[object, ...]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    # By column: three times as fast as handing Polars the rows.
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pl.DataFrame(
        [pl.Series(name, values, dtype=dtype)
         for (name, dtype), values in zip(schema.items(), columns, strict=True)]
    )  # fmt: skip


def parse_file(
    file: FileToParse,
    definitions: Definitions,
    workspace_is_synthetic: bool | None,
    limits: Limits = LIMITS,
    spool: Path | None = None,
) -> ParsedFile:
    """One file of a batch, from its path; an archive is unpacked into `spool`.

    Raises:
        SourceError: the file is refused.
    """
    try:
        if file.register_rows is not None:
            return _as_register(read_register_of(file, file.register_rows, definitions))
        return _parse_forms_of(file, definitions, workspace_is_synthetic, limits, spool)
    except OversizedSheet:
        # What is too large for a form may be a register.
        identity = register_by_head(file, definitions, workspace_is_synthetic)
        if identity is None:
            raise
        return _as_register(identity)


def _as_register(identity: FormIdentity) -> ParsedFile:
    return ParsedFile(forms=(ParsedRows(identity, []),))


def _parse_forms_of(
    file: FileToParse,
    definitions: Definitions,
    workspace_is_synthetic: bool | None,
    limits: Limits,
    spool: Path | None,
) -> ParsedFile:
    try:
        if file.path.stat().st_size > limits.file_bytes:
            raise OversizedSheet(
                f"文件超过 {limits.file_bytes // 1048576} MB 的上限", file_name=file.file_name
            )
        data = file.path.read_bytes()
        is_archive = data.startswith(b"PK") and recognise(data, file.file_name, limits) == ARCHIVE
        if is_archive and not file.is_member and spool is not None:
            members = unpack(
                data, file.key, file.file_name, spool, limits, largest_register(definitions)
            )
            return ParsedFile(members=tuple(members))
        forms = parse_forms(
            data, file.file_name, file.expected_unit, definitions, workspace_is_synthetic, limits
        )
        return ParsedFile(forms=forms)
    except SourceError as error:
        raise error.in_file(file.file_name) from error.__cause__
    except OSError as error:
        raise UnreadableFile(
            "文件不能打开", "请重新报送；仍不成功的请联系管理员", file_name=file.file_name
        ) from error
    except MemoryError as error:
        raise OversizedSheet(
            "读取所需内存超过上限，已停止读取", file_name=file.file_name
        ) from error


def parse_many(
    files: Iterable[FileToParse],
    definitions: Definitions,
    workspace_is_synthetic: bool | None = None,
    *,
    workers: int = 2,
    batch_size: int = 64,
    timeout_seconds: float = 30.0,
    memory_bytes: int = 1536 * 1024 * 1024,
    spool: Path | None = None,
) -> Iterator[ParsedBatch]:
    """Many files through guarded child processes, in batches and in the order given.

    A file that kills, stalls or starves its process is refused by OversizedSheet; the process is
    replaced and every other file is read. Members of archives come in batches after the others.

    Args:
        files: what to read; keys must be unique.
        definitions: the definition tables, given to each process once.
        workspace_is_synthetic: kind of the workspace; None while it has none yet.
        workers: child processes at a time.
        batch_size: files per frame; fewer when there are few.
        timeout_seconds: longest time for one file.
        memory_bytes: address space a process may take beyond what it has after its imports.
        spool: where members of archives are left under their hashes; None to leave none.

    Raises:
        GuardError: the reading processes themselves cannot be started.
    """
    from sources.readers.guard import ReadingJob, read_guarded

    with TemporaryDirectory(prefix="qiangshi-") as own:
        folder = spool or Path(own)
        job = ReadingJob(definitions, workspace_is_synthetic, timeout_seconds, memory_bytes, folder)
        waiting = list(files)
        units = {file.key: file.expected_unit for file in waiting}
        while waiting:
            members: list[FileToParse] = []
            for batch in read_guarded(waiting, job, workers=workers, batch_size=batch_size):
                for key, found in batch.archives.items():
                    members += [
                        FileToParse(m.key, m.path, m.file_name, units[key], is_member=True)
                        for m in found
                        if not m.is_evidence
                    ]
                yield batch
            # Members are never archives themselves, so this ends after the second round.
            waiting = members
