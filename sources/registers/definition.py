"""What a register holds: its columns, key, size and confidentiality, from the definition tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sources.definitions import Definitions

SLOTS = 20
"""Columns of `raw.register_rows`: a register fills as many of them as it has columns."""

PUBLIC, INTERNAL, PERSONAL = "公开", "内部", "涉个人或企业"
DATA_TYPES = frozenset({
    "text", "code", "flag", "date", "amount", "patent_number", "credit_code", "trademark_number",
})  # fmt: skip
YES, NO = "是", "否"
FLAGS: Mapping[str, str] = {
    YES: YES, "√": YES, "1": YES, "Y": YES, "有": YES,
    NO: NO, "×": NO, "0": NO, "N": NO, "无": NO,
}  # fmt: skip


@dataclass(frozen=True)
class RegisterColumn:
    """One column of a register and the header texts it is known by."""

    column_order: int
    column_code: str
    header_zh: str
    aliases_zh: tuple[str, ...]
    data_type: str
    choices: Mapping[str, str]
    """Every accepted spelling and the one it stands for."""
    is_required: bool
    confidentiality_zh: str

    @property
    def slot(self) -> str:
        """The column of `raw.register_rows` that holds it."""
        return slot(self.column_order)

    @property
    def is_shown(self) -> bool:
        """Whether a cell's text may leave the private warehouse at all."""
        return self.confidentiality_zh != PERSONAL


@dataclass(frozen=True)
class Register:
    """One version of a register form."""

    form_code: str
    form_version: str
    semantics: str
    """`snapshot`: all that is in force at the end of the period; `events`: what happened in it."""
    key_column: str
    is_unique_across_units: bool
    max_rows: int
    max_file_bytes: int
    columns: tuple[RegisterColumn, ...]

    @cached_property
    def by_code(self) -> Mapping[str, RegisterColumn]:
        """Columns by code."""
        return {column.column_code: column for column in self.columns}

    @property
    def key(self) -> RegisterColumn:
        """The column that names the right or contract."""
        return self.by_code[self.key_column]


def slot(column_order: int) -> str:
    """Name of the n-th text column of the stored rows."""
    return f"c{column_order:02d}"


def _choices(data_type: str, allowed: str | None) -> dict[str, str]:
    if data_type == "flag":
        return dict(FLAGS)
    groups = [group.split("~") for group in (allowed or "").split("|") if group]
    return {spelling: group[0] for group in groups for spelling in group}


@lru_cache(maxsize=8)
def registers(definitions: Definitions) -> Mapping[tuple[str, str], Register]:
    """Every register of the definitions, by form and version."""
    columns: dict[tuple[str, str], list[RegisterColumn]] = {}
    for row in definitions.table("register_columns").iter_rows(named=True):
        columns.setdefault((row["form_code"], row["form_version"]), []).append(
            RegisterColumn(
                column_order=int(row["column_order"]),
                column_code=row["column_code"],
                header_zh=row["header_zh"],
                aliases_zh=tuple(part for part in (row["aliases_zh"] or "").split("|") if part),
                data_type=row["data_type"],
                choices=_choices(row["data_type"], row["allowed_values"]),
                is_required=row["is_required"] == "true",
                confidentiality_zh=row["confidentiality_zh"],
            )
        )
    return {
        key: Register(
            form_code=row["form_code"],
            form_version=row["form_version"],
            semantics=row["semantics"],
            key_column=row["key_column"],
            is_unique_across_units=row["is_unique_across_units"] == "true",
            max_rows=int(row["max_rows"]),
            max_file_bytes=int(row["max_file_mb"]) * 1024 * 1024,
            columns=tuple(sorted(columns[key], key=lambda column: column.column_order)),
        )
        for row in definitions.table("registers").iter_rows(named=True)
        if (key := (row["form_code"], row["form_version"])) in columns
    }


def register_of(definitions: Definitions, form_code: str, form_version: str) -> Register | None:
    """The register of a form version; None where the form is none."""
    return registers(definitions).get((form_code, form_version))


def largest_register(definitions: Definitions) -> int:
    """Bytes that the file of a register may have at most; 0 where there is no register."""
    return max((one.max_file_bytes for one in registers(definitions).values()), default=0)
