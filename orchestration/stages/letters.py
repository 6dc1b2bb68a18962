"""What an answer is made of: the ledger's rows, and what the store holds of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl
from sqlalchemy import Connection, Engine, select

from expectations.answers.letter import (
    ANSWERED_CELL,
    MARKS_SHEET,
    FoundItem,
    Letter,
    ReadValue,
    gravest_first,
)
from sources.definitions import Definitions
from sources.periods import PeriodError, parse_period
from warehouse.connection import private_warehouse
from warehouse.errors import WorkspaceMissing
from warehouse.ledger.changes import chunks
from warehouse.ledger.resubmissions import Comparison, comparisons
from warehouse.ledger.tables import findings, submissions
from warehouse.ledger.versions import held_for, replaced_by
from warehouse.queries.explanations import Explained, explained_before
from warehouse.receipts import Receipt
from warehouse.settings import Settings

_CELLS = """
    select asked.submission_id, count(*)
    from raw.cells as cells
    inner join asked on cells.file_sha256 = asked.sha
    where asked.form_sheet is null or cells.sheet = asked.form_sheet
    group by asked.submission_id
"""
_ANSWERED = """
    select asked.submission_id, cells.text
    from raw.cells as cells
    inner join asked on cells.file_sha256 = asked.sha
    where cells.sheet = ? and cells.cell = ? and cells.text <> asked.submission_id
"""

PUT_AWAY = frozenset({"superseded", "withdrawn"})
"""What is out for good: its receipt tells of its findings although they are closed."""


@dataclass(frozen=True)
class Stored:
    """What the store holds of some submissions, read back."""

    cells: Mapping[str, int] = field(default_factory=dict)
    """Filled cells by submission: of its own sheet where the file holds several forms."""
    values: Mapping[str, Sequence[ReadValue]] = field(default_factory=dict)
    """Entries of the form by submission."""
    answered: Mapping[str, str] = field(default_factory=dict)
    """By submission: whose answer its workbook is, where it is a returned one."""


@dataclass(frozen=True)
class Answered:
    """One submission with everything that is told of it."""

    row: Mapping[str, Any]
    receipt: Receipt
    letter: Letter

    @property
    def is_over(self) -> bool:
        """Whether its marked workbook must not be mended any more: another version came."""
        return self.row["state_code"] in PUT_AWAY or self.row["replaced_by"] is not None


def answers_for(
    settings: Settings, definitions: Definitions, connection: Connection, moved: Sequence[str]
) -> list[Answered]:
    """The answers to the submissions named, as the ledger and the store have them now."""
    rows: list[dict[str, Any]] = []
    said: dict[str, list[dict[str, Any]]] = {}
    for part in chunks(moved):
        of_part = select(submissions).where(submissions.c.submission_id.in_(part))
        rows += [dict(row) for row in connection.execute(of_part).mappings()]
        found = select(findings).where(findings.c.submission_id.in_(part))
        for row in connection.execute(found).mappings():
            said.setdefault(row["submission_id"], []).append(dict(row))
    stored = read_back(settings, definitions, rows)
    compared = comparisons(connection, moved, stored.answered)
    earlier = explained_before(connection, [one for part in said.values() for one in part])
    newer = replaced_by(connection, moved)
    waiting = held_for(connection, moved)
    forms = {(f.form_code, f.form_version): f.form_zh for f in definitions.form_versions}
    return [
        _answered(
            row
            | {
                "replaced_by": newer.get(row["submission_id"]),
                "held_for": waiting.get(row["submission_id"]),
            },
            forms, said.get(row["submission_id"], []), stored, compared, earlier,
        )
        for row in rows
    ]  # fmt: skip


def read_back(
    settings: Settings, definitions: Definitions, rows: Sequence[Mapping[str, Any]]
) -> Stored:
    """What the private warehouse holds of submissions, with the words of their forms."""
    if not rows:
        return Stored()
    try:
        with private_warehouse(settings) as warehouse:
            _ask_of(warehouse, rows)
            cells = warehouse.execute(_CELLS).fetchall()
            answered = dict(warehouse.execute(_ANSWERED, [MARKS_SHEET, ANSWERED_CELL]).fetchall())
            filed = warehouse.execute(
                "select submission_id, row_code, value_column, cell, text, number_text"
                " from raw.reported_values where submission_id in"
                " (select submission_id from asked) order by submission_id, rowid"
            ).fetchall()
    except WorkspaceMissing:
        return Stored()
    return Stored(dict(cells), _in_words(definitions, rows, filed), answered)


def returned_workbooks(
    settings: Settings, engine: Engine, submission_ids: Sequence[str]
) -> dict[str, str]:
    """By submission: the one whose marked workbook it is, where a unit sent that back."""
    rows: list[dict[str, Any]] = []
    with engine.connect() as connection:
        for part in chunks(submission_ids):
            of_part = select(submissions.c.submission_id, submissions.c.file_sha256).where(
                submissions.c.submission_id.in_(part)
            )
            rows += [dict(row) for row in connection.execute(of_part).mappings()]
    if not rows:
        return {}
    with private_warehouse(settings) as warehouse:
        _ask_of(warehouse, rows)
        return dict(warehouse.execute(_ANSWERED, [MARKS_SHEET, ANSWERED_CELL]).fetchall())


def _ask_of(warehouse: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    asked = pl.DataFrame(
        [(row["submission_id"], row["file_sha256"], row.get("form_sheet")) for row in rows],
        schema=dict.fromkeys(("submission_id", "sha", "form_sheet"), pl.String),
        orient="row",
    )
    warehouse.register("asked", asked.to_arrow())


def _in_words(
    definitions: Definitions,
    rows: Sequence[Mapping[str, Any]],
    filed: Iterable[tuple[Any, ...]],
) -> dict[str, list[ReadValue]]:
    forms = {row["submission_id"]: (row["form_code"], row["form_version"]) for row in rows}
    words = {
        (form.form_code, form.form_version, one.row_code, one.value_column): one
        for form in definitions.form_versions
        for one in definitions.form_elements(form.form_code, form.form_version)
    }
    values: dict[str, list[ReadValue]] = {}
    for submission_id, row_code, column, cell, text, number_text in filed:
        one = words.get((*forms[submission_id], row_code, column))
        item, unit = (one.item_zh.strip(), one.unit_zh) if one else (row_code, "")
        read = ReadValue(row_code, item, unit, cell, text, number_text)
        values.setdefault(submission_id, []).append(read)
    return values


def found_items(
    rows: Iterable[Mapping[str, Any]],
    earlier: Mapping[str, Explained],
    compared: Comparison | None,
) -> list[FoundItem]:
    """Findings as a unit reads them, gravest first."""
    items = []
    for row in rows:
        before = earlier.get(row["finding_id"])
        since = None
        if compared is not None:
            since = "仍有" if row["finding_id"] in compared.remaining else "新出现"
        items.append(
            FoundItem.of(
                row,
                status_code=row.get("status_code") or "open",
                explanation_zh=row.get("reason_text")
                if row.get("status_code") == "explained"
                else None,
                earlier_zh=before.beside(row["period_code"]) if before else None,
                since_zh=since,
            )
        )
    return gravest_first(items)


def _answered(
    row: Mapping[str, Any],
    forms: Mapping[tuple[str, str], str],
    said: Sequence[Mapping[str, Any]],
    stored: Stored,
    compared: Mapping[str, Comparison],
    earlier: Mapping[str, Explained],
) -> Answered:
    key = row["submission_id"]
    beside = compared.get(key)
    shown = [one for one in said if one["status_code"] != "closed" or row["state_code"] in PUT_AWAY]
    items = found_items(shown, earlier, beside)
    mended = gravest_first([
        FoundItem.of(one, status_code="corrected") for one in (beside.corrected if beside else ())
    ])  # fmt: skip
    values = stored.values.get(key, ())
    receipt = Receipt(
        submission_id=key,
        city_code=row["city_code"],
        unit_code=row["unit_code"],
        file_name=row["file_name"],
        file_sha256=row["file_sha256"],
        state_code=row["state_code"],
        received_at=row["received_at"],
        form_zh=forms.get((row["form_code"], row["form_version"])),
        period_zh=period_zh(row["period_code"]),
        version=row["version"],
        cells_read=row["cells_read"],
        cells_stored=stored.cells.get(key),
        entries_stored=len(values) or None,
        figures_stored=sum(one.number_text is not None for one in values),
        against_zh=beside.text_zh if beside else None,
        replaced_by=row["replaced_by"],
        held_for=row["held_for"],
        corrected=[one.__dict__ for one in mended],
        is_synthetic=row["is_synthetic"],
        form_sheet=row["form_sheet"],
        archive_sha256=row["archive_sha256"],
        findings=[one.__dict__ for one in items],
    )
    letter = Letter(
        submission_id=key,
        facts=receipt.facts,
        next_zh=receipt.next_zh,
        state_zh=receipt.state_zh,
        findings=items,
        corrected=mended,
        against_zh=receipt.against_zh,
        values=values,
        unit_code=row["unit_code"],
        form_code=row["form_code"],
        period_code=row["period_code"],
        checked_at=row["known_from"],
        is_synthetic=row["is_synthetic"],
        title_zh=f"审核结果（{receipt.replaced_zh}）" if receipt.replaced_zh else "审核结果",
    )
    return Answered(row, receipt, letter)


def period_zh(code: str | None) -> str | None:
    """A period in words; an unknown code as it is."""
    if code is None:
        return None
    try:
        return parse_period(code).label_zh
    except PeriodError:
        return code
