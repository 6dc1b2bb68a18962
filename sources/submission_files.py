"""A file becomes a submission: read, identified, located. One file here, many through the guard.

Counties' files are parsed only through `parse_many`, in guarded child processes; `parse_submission`
is what runs inside them, and what tests call with bytes made by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from sources.authority import AuthorityRow, read_release, release_table
from sources.contract import (
    AUTHORITY_SCHEMA,
    CELLS_SCHEMA,
    VALUES_SCHEMA,
    FileToParse,
    FormIdentity,
    ParsedBatch,
    ParsedSubmission,
    SheetCheck,
    with_key,
)
from sources.definitions import Definitions
from sources.errors import (
    OversizedSheet,
    SourceError,
    UnitMismatch,
    UnknownForm,
    UnreadableFile,
    WorkspaceKindMismatch,
)
from sources.identity import identify
from sources.layouts import ValueRow, located_values
from sources.readers import read_file
from sources.readers.grid import LIMITS, Cell, Limits
from sources.succession import is_same_body


@dataclass(frozen=True)
class ParsedRows:
    """One file, read, as plain rows: frames are built once per batch."""

    identity: FormIdentity
    cells: list[Cell]
    values: list[ValueRow] = field(default_factory=list)
    authority: list[AuthorityRow] = field(default_factory=list)
    checks: tuple[SheetCheck, ...] = ()


def parse_rows(
    data: bytes,
    file_name: str,
    expected_unit: str | None,
    definitions: Definitions,
    workspace_is_synthetic: bool | None = None,
    limits: Limits = LIMITS,
) -> ParsedRows:
    """One file as plain rows; see `parse_submission`."""
    identity: FormIdentity | None = None
    cells = read_file(data, file_name, limits)
    try:
        table = release_table(cells, definitions)
        if table is not None:
            # What is published is neither demo nor filed: it is read in every workspace.
            release = read_release(table, definitions, expected_unit)
            return ParsedRows(release.identity, cells, [], release.rows, release.checks)
        found = identify(cells, definitions)
        _check_sender(found, expected_unit, definitions)
        if workspace_is_synthetic is not None and found.is_synthetic != workspace_is_synthetic:
            raise WorkspaceKindMismatch(file_is_synthetic=found.is_synthetic)
        identity = found
        return ParsedRows(identity, cells, located_values(cells, identity, definitions))
    except SourceError as error:
        raise error.in_file(file_name, identity) from error.__cause__


def _check_sender(
    identity: FormIdentity, expected_unit: str | None, definitions: Definitions
) -> None:
    unit = definitions.units[identity.unit_code]
    if expected_unit is not None and not is_same_body(
        expected_unit, identity.unit_code, definitions
    ):
        sender = definitions.unit(expected_unit)
        raise UnitMismatch(
            f"{unit.unit_name_zh}（{unit.unit_code}）",
            f"{sender.unit_name_zh}（{expected_unit}）" if sender else expected_unit,
        )
    if identity.form_code not in definitions.forms_of_unit(identity.unit_code):
        raise UnknownForm(
            identity.form_code,
            reason_zh=f"报表 {identity.form_code} 不由{unit.unit_name_zh}报送",
            known=definitions.forms_of_unit(identity.unit_code),
        )


def parse_submission(
    data: bytes,
    file_name: str,
    expected_unit: str | None,
    definitions: Definitions,
    workspace_is_synthetic: bool | None = None,
) -> ParsedSubmission:
    """One file as identity and frames.

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
) -> ParsedRows:
    """One file of a batch, from its path.

    Raises:
        SourceError: the file is refused.
    """
    try:
        if file.path.stat().st_size > limits.file_bytes:
            raise OversizedSheet(
                f"文件超过 {limits.file_bytes // 1048576} MB 的上限", file_name=file.file_name
            )
        data = file.path.read_bytes()
        return parse_rows(
            data, file.file_name, file.expected_unit, definitions, workspace_is_synthetic, limits
        )
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
) -> Iterator[ParsedBatch]:
    """Many files through guarded child processes, in batches and in the order given.

    A file that kills, stalls or starves its process is refused by OversizedSheet; the process is
    replaced and every other file is read.

    Args:
        files: what to read; keys must be unique.
        definitions: the definition tables, given to each process once.
        workspace_is_synthetic: kind of the workspace; None while it has none yet.
        workers: child processes at a time.
        batch_size: files per frame; fewer when there are few.
        timeout_seconds: longest time for one file.
        memory_bytes: address space a process may take beyond what it has after its imports.

    Raises:
        GuardError: the reading processes themselves cannot be started.
    """
    from sources.readers.guard import ReadingJob, read_guarded

    job = ReadingJob(definitions, workspace_is_synthetic, timeout_seconds, memory_bytes)
    return read_guarded(list(files), job, workers=workers, batch_size=batch_size)


__all__ = [
    "BatchBuilder",
    "ParsedRows",
    "parse_file",
    "parse_many",
    "parse_rows",
    "parse_submission",
]
