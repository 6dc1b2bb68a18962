"""What this room hands to the others: small frozen dataclasses and the schemas of its frames.

Frames: CELLS one row per filled cell of a file; VALUES one row per form element of the identified
form, blanks included; AUTHORITY one row per figure of a published release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from sources.errors import SourceError
from sources.layout_difference import LayoutDifference

if TYPE_CHECKING:
    from sources.readers.grid import Cell

ANSWER_SHEET_ZH = "审核结果"
"""The sheet of findings in a workbook that was given back: its figures are ours, never filed."""

CELLS_SCHEMA: dict[str, pl.DataType] = {
    "sheet": pl.String(),
    "row_no": pl.Int32(),
    "column_no": pl.Int32(),
    "cell": pl.String(),
    "text": pl.String(),
    "issue_code": pl.String(),
}

VALUES_SCHEMA: dict[str, pl.DataType] = {
    "row_code": pl.String(),
    "value_column": pl.String(),
    "element_code": pl.String(),
    "item_zh": pl.String(),
    "sheet": pl.String(),
    "cell": pl.String(),
    "text": pl.String(),
    "number_text": pl.String(),
    "issue_code": pl.String(),
}

AUTHORITY_SCHEMA: dict[str, pl.DataType] = {
    "authority_release_id": pl.String(),
    "published_on": pl.Date(),
    "area_code": pl.String(),
    "area_name_zh": pl.String(),
    "element_code": pl.String(),
    "period_code": pl.String(),
    "period_type": pl.String(),
    "value_text": pl.String(),
    "is_derived": pl.Boolean(),
    "note": pl.String(),
    "sheet": pl.String(),
    "cell": pl.String(),
}

VOIDING_ISSUES = frozenset(
    {
        "blank",
        "missing_mark",
        "not_a_number",
        "error_value",
        "uncached_formula",
        "percent_format",
        "percent",
        "unit_suffix",
        "unit_differs",
    }
)
"""Issues under which a cell has no number; `formula`, `hidden_row`, `full_width`, `unit_spelled`,
`unit_scaled`, `growth_word` and `external_formula` keep theirs."""


@dataclass(frozen=True)
class FormIdentity:
    """What a file says it is: form, version, unit, period; people stay out of every frame."""

    form_code: str
    form_version: str
    unit_code: str
    period_code: str
    is_synthetic: bool = False
    is_nil_return: bool = False
    layout_code: str | None = None
    form_kind: str = "template"
    people: Mapping[str, str] = field(default_factory=dict)
    """Footer of the form by its printed label: for the ledger only, never for a published table."""
    sheet: str | None = None
    """The sheet that prints the form's number, if one does."""
    is_one_of_several: bool = False
    """Whether the workbook holds other forms beside this one."""


@dataclass(frozen=True)
class SheetCheck:
    """One thing a reader found in a file it took: a failed sum, an extension that belies it."""

    rule_id: str
    sheet: str
    cell: str
    area_code: str
    element_code: str | None
    value_text: str
    expected_text: str
    message_zh: str


@dataclass(frozen=True)
class ParsedSubmission:
    """One file, read: `values` for a filed form, `authority` and `checks` for a release."""

    identity: FormIdentity
    cells: pl.DataFrame
    values: pl.DataFrame
    authority: pl.DataFrame
    checks: tuple[SheetCheck, ...] = ()


@dataclass(frozen=True)
class FileToParse:
    """One file for the guarded readers; `key` names it in the batch that comes back."""

    key: str
    path: Path
    file_name: str
    expected_unit: str | None = None
    is_member: bool = False
    """Whether it came out of an archive, in which no other may stand."""
    register_rows: Path | None = None
    """Where to write the rows of a register; None for the first look, which reads no register."""
    asks_layouts: bool = False
    """Whether only its headers are asked for, to be held against the layouts."""
    asks_cells: bool = False
    """Whether only its cells are asked for, whatever they say."""


@dataclass(frozen=True)
class ArchiveMember:
    """One file out of an archive, lying under its hash; it is read as a file of its own."""

    key: str
    file_name: str
    sha256: str
    size_bytes: int
    path: Path
    is_evidence: bool = False
    """Whether it is a scan or a photo, which is kept and never read as a form."""


@dataclass(frozen=True)
class ParsedBatch:
    """Many files, read: each key stands in `identities`, `errors`, `forms` or `archives`.

    A workbook with several forms stands in `forms` with the keys of its forms, each of which is
    identified or refused by itself; an archive stands in `archives` with its members, which are
    read in a later batch unless they are scans. The three frames are those of ParsedSubmission with
    a leading `key`.
    """

    identities: Mapping[str, FormIdentity]
    errors: Mapping[str, SourceError]
    cells: pl.DataFrame
    values: pl.DataFrame
    authority: pl.DataFrame
    checks: Mapping[str, tuple[SheetCheck, ...]]
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    archives: Mapping[str, tuple[ArchiveMember, ...]] = field(default_factory=dict)
    layouts: Mapping[str, tuple[LayoutDifference, ...]] = field(default_factory=dict)
    """Of files whose layouts are asked for, which stand nowhere else."""
    plain: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    """Of files whose cells alone are asked for, which stand nowhere else."""


def with_key(schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The schema of a batch frame: `key` in front of the columns of one file's frame."""
    return {"key": pl.String(), **schema}
