"""Planted faults: each a spoiled file of the newest period, tied to every finding it must raise.

What lives here: reading `faults.csv`, choosing the files to spoil, the manifest. How a form is
spoiled is in `spoiling`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sources.demo.courses import HERE
from sources.demo.spoiling import (
    ACTIONS,
    NotFittingError,
    Spoiled,
    keys_of,
    label_place,
    number_at,
    workbook_bytes,
)
from sources.demo.submission import XLSX, DemoSubmission, set_arrival
from sources.templates import Blueprint, FormGrid
from sources.templates.grid import HEADER_ROW, cell_name

MANIFEST_COLUMNS = (
    "fault_code", "title_zh", "unit_code", "form_code", "period_code", "file_name", "sheet",
    "cell", "rule_id", "note",
)  # fmt: skip

Blueprints = Mapping[tuple[str, str], Blueprint]


@dataclass(frozen=True)
class Fault:
    """One row of the data file.

    Attributes:
        action: name of the function that spoils the form.
        target, argument: what it is told.
        expected: `rule@place` of every finding it must raise, separated by blanks.
    """

    fault_code: str
    title_zh: str
    form_code: str
    action: str
    target: str
    argument: str
    expected: str
    note: str


@dataclass(frozen=True)
class PlantedFault:
    """One spoiled file and what must be found in it.

    Attributes:
        submission: the submission as filed; of the file's own name, folder and arrival.
        is_extra: whether it is filed beside the sound one, instead of in its place.
        findings: rule, sheet and cell; sheet and cell are empty where the whole file is meant.
    """

    fault: Fault
    submission: DemoSubmission
    data: bytes
    is_extra: bool
    findings: tuple[tuple[str, str, str], ...]

    def write(self, inbox: Path) -> None:
        """Writes the spoiled file into the unit's folder, at its time of arrival."""
        path = inbox / self.submission.place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.data)
        set_arrival(path, self.submission.received_at)


@cache
def listed_faults() -> tuple[Fault, ...]:
    """The faults of the data file."""
    with (HERE / "faults.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(Fault(**row) for row in csv.DictReader(handle))


def _place(grid: FormGrid, where: str) -> tuple[str, str]:
    """Sheet and cell of one place named in the data file."""
    kind, _, name = where.partition(":")
    if not where:
        return "", ""
    if where == "sheet":
        return grid.sheet_name, ""
    if "!" in where:
        sheet, _, cell = where.partition("!")
        return sheet, cell
    if kind == "label":
        return grid.sheet_name, cell_name(*label_place(grid, name))
    roles = {c.value_column or c.column_role: n for n, c in enumerate(grid.columns)}
    if kind == "header":
        column = len(grid.columns) - 1 if name == "last" else roles[name]
        return grid.sheet_name, cell_name(HEADER_ROW, column)
    if kind == "row":
        last = max(n for n, row in enumerate(grid.rows) if row.kind == "item")
        return grid.sheet_name, cell_name(last, roles["row_code"])
    keys = keys_of(where)
    return grid.sheet_name, grid.cell_name(keys[0]) if keys[0] in grid.places else where


def _findings(fault: Fault, sound: FormGrid, filed: FormGrid) -> tuple[tuple[str, str, str], ...]:
    found = []
    for said in fault.expected.split():
        rule, _, where = said.partition("@")
        if where == "*":
            keys = [key for key in filed.places if number_at(sound, key)]
            found += [(rule, filed.sheet_name, filed.cell_name(key)) for key in keys]
        else:
            found.append((rule, *_place(filed, where)))
    return tuple(found)


def _planted(
    fault: Fault, submission: DemoSubmission, other: DemoSubmission, plan: Blueprint
) -> PlantedFault:
    """The fault in one submission.

    Raises:
        NotFittingError: it would not show in this one.
    """
    sound = submission.grid(plan)
    start = Spoiled(submission, sound, other.grid(plan), workbook_bytes)
    spoiled = ACTIONS[fault.action](start, fault.target, fault.argument)
    return PlantedFault(
        fault, spoiled.submission, spoiled.render(spoiled.grid), spoiled.is_extra,
        _findings(fault, sound, spoiled.grid),
    )  # fmt: skip


def plant_faults(
    submissions: Sequence[DemoSubmission], plans: Blueprints
) -> Iterator[PlantedFault]:
    """Every listed fault, each in a file of its own.

    The newest period of the form is spoiled, so that no later file is held against it; units with
    small figures go first, because there one wrong figure breaks one rule only.
    """
    taken: set[tuple[str, str]] = set()
    for fault in listed_faults():
        filed = [
            s for s in submissions
            if s.form_version.form_code == fault.form_code and s.file_format == XLSX
            and s.unit.is_partition_member and not s.variant
        ]  # fmt: skip
        newest = max((s.period for s in filed), default=None)
        filed = sorted(
            (s for s in filed if s.period == newest),
            key=lambda s: (sum(s.values.values()), s.unit.unit_code),
        )
        for place, submission in enumerate(filed):
            key = (submission.unit.unit_code, fault.form_code)
            if key in taken:
                continue
            form = submission.form_version
            plan = plans[form.form_code, form.form_version]
            try:
                planted = _planted(fault, submission, filed[place - 1], plan)
            except NotFittingError:
                continue
            taken.add(key)
            yield planted
            break


def write_manifest(path: Path, planted: Sequence[PlantedFault]) -> None:
    """Writes what must be found: one row per fault, cell and rule."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(MANIFEST_COLUMNS)
        for one in planted:
            filed = one.submission
            for rule, sheet, cell in one.findings:
                writer.writerow([
                    one.fault.fault_code, one.fault.title_zh, filed.unit.unit_code,
                    filed.form_version.form_code, filed.period.code, filed.file_name, sheet, cell,
                    rule, one.fault.note,
                ])  # fmt: skip
