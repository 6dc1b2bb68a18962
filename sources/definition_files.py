"""The files of the definition tables: their keys, their rows, and a folder laid over them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import polars as pl

SEEDS = Path(__file__).resolve().parents[1] / "models" / "seeds"

# What makes a row of a table the same row: an overlay row with the same key replaces it.
KEYS: Mapping[str, tuple[str, ...]] = {
    "units": ("unit_code", "valid_from"),
    "unit_changes": ("change_code",),
    "populations": ("area_code", "year", "population_kind", "available_from"),
    "elements": ("element_code",),
    "forms": ("form_code", "form_version"),
    "form_elements": ("form_code", "form_version", "row_code", "value_column"),
    "layouts": ("layout_code", "column_order"),
    "form_assignments": ("form_code", "city_code", "unit_level", "unit_code"),
    "calendar": ("calendar_code", "city_code", "valid_from"),
    "holidays": ("holiday_date",),
    "channels": ("unit_code", "channel_kind", "location", "sender", "credential_key"),
    "indicators": ("indicator_code",),
    "indicator_terms": ("indicator_code", "term_role", "term_order", "valid_from"),
    "plans": ("plan_code",),
    "plan_targets": ("target_code",),
    "plan_facts": ("fact_code",),
    "plan_columns": ("plan_code", "column_order"),
    "target_paths": ("target_code", "path_year"),
    "authority_series": ("series_code", "item_key"),
    "acceptance_policies": ("city_code", "form_code", "valid_from"),
    "rules": ("rule_id", "rule_version"),
    "sources_of_record": ("element_code", "city_code", "valid_from"),
    "definition_changes": ("object_kind", "object_code", "changed_on"),
    "target_links": ("from_target_code", "to_target_code"),
    "explanation_reasons": ("reason_code",),
    "publication_settings": ("indicator_code", "city_code"),
    "reading_marks": ("mark_kind", "mark_text"),
    "codelists": ("code_list", "code"),
    "audiences": ("audience_code",),
    "audience_tables": ("audience_code", "table_name"),
    "registers": ("form_code", "form_version"),
    "register_columns": ("form_code", "form_version", "column_code"),
    "register_derivations": ("form_code", "form_version", "element_code"),
    "register_conditions": (
        "form_code",
        "form_version",
        "element_code",
        "condition_group",
        "column_code",
        "operator",
        "operand",
    ),
}


class DefinitionError(Exception):
    """A definition table that cannot be read or a row that cannot stand.

    Attributes:
        table: name of the table, which is the file name without `.csv`.
        row: line in the file, the header being line 1; 0 when the whole file is meant.
        column: the column, empty when the whole row is meant.
        problem_zh: what is wrong, in Chinese.
    """

    def __init__(self, table: str, row: int, column: str, problem_zh: str) -> None:
        self.table, self.row, self.column, self.problem_zh = table, row, column, problem_zh
        where = f"{table}.csv" + (f" 第{row}行" if row else "") + (f" {column}列" if column else "")
        super().__init__(f"{where}：{problem_zh}")


NOT_UTF8 = "不是 UTF-8 编码，请另存为 CSV UTF-8"
Place = tuple[str, int]
"""A file and a line of it, the header being line 1."""
Placed = tuple[dict[str, str | None], Place]
"""A row and where it stands."""


def rows_of(path: Path, table: str) -> list[Placed]:
    """The rows of a file, each with where it stands."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            names = reader.fieldnames or []
            if doubled := sorted({name for name in names if names.count(name) > 1}):
                raise DefinitionError(table, 1, "、".join(doubled), "列名重复")
            rows: list[Placed] = []
            before = reader.line_num
            for raw in reader:
                # A cell with line breaks ends lines below the one where its row begins.
                breaks = sum(str(value).count("\n") for value in raw.values())
                line = max(before + 1, reader.line_num - breaks)
                before = reader.line_num
                if None in raw or any(value is None for value in raw.values()):
                    raise DefinitionError(table, line, "", "列数与表头不一致")
                row = {name: _cell(name, value) for name, value in raw.items()}
                rows.append((row, (str(path), line)))
            return rows
    except UnicodeDecodeError as error:
        raise DefinitionError(table, 0, "", NOT_UTF8) from error
    except (OSError, csv.Error) as error:
        raise DefinitionError(table, 0, "", f"无法读取：{error}") from error


def _cell(column: str, text: str) -> str | None:
    """What a cell says, without blanks around it; empty cells say nothing."""
    value = text.strip() or None
    # Excel writes truth values in capitals; Python and SQL compare with one spelling.
    is_truth = value in ("TRUE", "FALSE") and column.startswith(("is_", "has_"))
    return value.lower() if value and is_truth else value


def header(path: Path) -> list[str]:
    """The columns of a file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            return next(csv.reader(handle), [])
    except UnicodeDecodeError as error:
        raise DefinitionError(path.stem, 0, "", NOT_UTF8) from error
    except (OSError, csv.Error) as error:
        raise DefinitionError(path.stem, 0, "", f"无法读取：{error}") from error


def overlaid(table: str, overlay: Path | None) -> tuple[pl.DataFrame, list[Place]]:
    """The project's rows with those of a folder laid over them, and where each stands.

    Rows of one file with the same key all stay: which of them is meant is not for the reading to
    guess, and the checks name both.
    """
    base = SEEDS / f"{table}.csv"
    columns = header(base)
    key = KEYS[table]
    merged = _by_key(rows_of(base, table), key)
    extra = overlay / f"{table}.csv" if overlay else None
    if extra is not None and extra.exists():
        unknown = sorted(set(header(extra)) - set(columns))
        if unknown:
            raise DefinitionError(table, 1, "、".join(unknown), "未知的列")
        whole = [
            ({name: row.get(name) for name in columns}, at) for row, at in rows_of(extra, table)
        ]
        merged |= _by_key(whole, key)
    placed = [one for same in merged.values() for one in same]
    frame = pl.DataFrame([row for row, _ in placed], schema=dict.fromkeys(columns, pl.String))
    return frame, [at for _, at in placed]


def _by_key(rows: list[Placed], key: tuple[str, ...]) -> dict[tuple[str | None, ...], list[Placed]]:
    found: dict[tuple[str | None, ...], list[Placed]] = {}
    for row, at in rows:
        found.setdefault(tuple(row[name] for name in key), []).append((row, at))
    return found
