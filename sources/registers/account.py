"""What was read of a register file, as the reader leaves it beside the rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class RegisterHeader:
    """Where one sheet has the columns of a register; column numbers count from 0."""

    sheet: str
    row_no: int
    columns: dict[str, int]


@dataclass(frozen=True)
class RegisterAccount:
    """What was read of a register file."""

    rows: int
    cells: int
    totals_rows: int
    headers: list[RegisterHeader] = field(default_factory=list)


def account_of(target: Path) -> RegisterAccount:
    """The account that was written beside a Parquet file."""
    row = json.loads(target.with_suffix(".json").read_text())
    headers = [RegisterHeader(**header) for header in row.pop("headers")]
    return RegisterAccount(**row, headers=headers)
