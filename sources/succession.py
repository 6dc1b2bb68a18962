"""The codes of one body: a recode gives a unit another code, not another past.

What lives here: which of its codes a body had in a period. A merged or split unit is another body
and keeps its own code; what its figures are in the units of today, the models say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from sources.definitions import Definitions, Unit
from sources.periods import Period

_SAME_BODY = frozenset({"recode", "rename"})


def codes_of_body(code: str, definitions: Definitions) -> tuple[str, ...]:
    """Every code of the body that has or had this one, the oldest first."""
    later, earlier = _changes(definitions)
    codes = [code]
    while codes[0] in earlier and earlier[codes[0]] not in codes:
        codes.insert(0, earlier[codes[0]])
    while codes[-1] in later and later[codes[-1]] not in codes:
        codes.append(later[codes[-1]])
    return tuple(codes)


@lru_cache(maxsize=8)
def _changes(definitions: Definitions) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The next code of a body by the one before, and the one before by the next."""
    later = {
        row["from_unit_code"]: row["to_unit_code"]
        for row in definitions.table("unit_changes").iter_rows(named=True)
        if row["change_kind"] in _SAME_BODY and row["from_unit_code"] != row["to_unit_code"]
    }
    return later, {new: old for old, new in later.items()}


def body_of(code: str, definitions: Definitions) -> Unit | None:
    """The body of a code that files may print, old or new, under its newest code in `units`."""
    known = [definitions.unit(one) for one in codes_of_body(code, definitions)]
    return next((unit for unit in reversed(known) if unit is not None), None)


def is_same_body(code: str, other: str, definitions: Definitions) -> bool:
    """Whether two codes are codes of one body."""
    return other in codes_of_body(code, definitions)


def body_in(unit: Unit, period: Period, definitions: Definitions) -> Unit:
    """The body under the code it had at the end of a period.

    The code must have a row in `units` that is valid on that day; else the newest code stands.
    """
    codes = codes_of_body(unit.unit_code, definitions)
    if len(codes) == 1:
        return unit
    for row in definitions.table("units").iter_rows(named=True):
        begins, ends = (
            date.fromisoformat(row[name]) if row[name] else None
            for name in ("valid_from", "valid_to")
        )
        is_valid = (begins is None or begins <= period.end) and (ends is None or period.end < ends)
        if row["unit_code"] in codes and is_valid:
            return definitions.units[row["unit_code"]]
    return unit
