"""Questions to the marts join labels by the row that is current, so that no figure doubles."""

from __future__ import annotations

import re
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[3]
ROOMS = ("warehouse", "console", "orchestration")
# `units`, `elements` and `indicators` tell spells: a code that was renamed has several rows.
BARE = re.compile(
    r"join\s+marts\.(units|elements|indicators)\b(?!\s+as\s+(\w+)\s+on\s[^;]*?\b\2\.is_current)"
)


def test_no_join_with_a_dimension_of_spells_can_double_a_row() -> None:
    bare = [
        f"{path.relative_to(HOUSE)}: {found.group(0)}"
        for room in ROOMS
        for path in sorted((HOUSE / room).rglob("*.py"))
        for found in BARE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert bare == []
