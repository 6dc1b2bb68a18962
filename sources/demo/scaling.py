"""More cities than there are: an overlay that repeats every planned city, for measuring size.

Each copy is a city of its own with its units, plan, targets and populations, told apart by a suffix
of its codes and names. No code knows of copies: they are rows like any other.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sources.definitions import Definitions

Row = dict[str, str | None]


def write_copies(definitions: Definitions, scale: int, folder: Path) -> int:
    """Number of cities added: every planned city, `scale` − 1 times more.

    Args:
        definitions: the definitions to multiply.
        scale: how many times each planned city shall stand, the original included.
        folder: where the overlay's CSV files are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table, copied in _COPIERS.items():
        columns = definitions.table(table).columns
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, columns)
            writer.writeheader()
            for number in range(2, scale + 1):
                writer.writerows(copied(definitions, number))
    return len(definitions.plan_cities) * (scale - 1)


def _copy_code(definitions: Definitions, code: str | None, number: int) -> str | None:
    """The copy's code of a unit that belongs to a planned city; other codes stay."""
    unit = definitions.units.get(code or "")
    return f"{code}X{number}" if unit and unit.city_code in definitions.plan_cities else code


def _rows(definitions: Definitions, table: str) -> Iterator[Row]:
    yield from definitions.table(table).iter_rows(named=True)


def _units(definitions: Definitions, number: int) -> Iterator[Row]:
    for row in _rows(definitions, "units"):
        if row["city_code"] not in definitions.plan_cities:
            continue
        codes = {
            name: _copy_code(definitions, row[name], number)
            for name in ("unit_code", "city_code", "parent_code", "host_unit_code")
        }
        yield (
            row
            | codes
            | {"unit_name_zh": f"{row['unit_name_zh']}（副本{number}）", "aliases_zh": None}
        )


def _populations(definitions: Definitions, number: int) -> Iterator[Row]:
    for row in _rows(definitions, "populations"):
        code = _copy_code(definitions, row["area_code"], number)
        if code != row["area_code"]:
            yield row | {"area_code": code}


def _assignments(definitions: Definitions, number: int) -> Iterator[Row]:
    for row in _rows(definitions, "form_assignments"):
        if row["city_code"] is not None:
            yield row | {
                name: _copy_code(definitions, row[name], number)
                for name in ("city_code", "unit_code")
            }


def _plans(definitions: Definitions, number: int) -> Iterator[Row]:
    for row in _rows(definitions, "plans"):
        yield row | {
            "plan_code": f"{row['plan_code']}-X{number}",
            "city_code": _copy_code(definitions, row["city_code"], number),
        }


def _targets(definitions: Definitions, number: int) -> Iterator[Row]:
    for row in _rows(definitions, "plan_targets"):
        bound = (row["bound_unit_codes"] or "").split("|")
        restated = row["restates_target_code"]
        yield row | {
            "target_code": f"{row['target_code']}-X{number}",
            "plan_code": f"{row['plan_code']}-X{number}",
            "restates_target_code": f"{restated}-X{number}" if restated else None,
            "bound_unit_codes": "|".join(
                str(_copy_code(definitions, code, number)) for code in bound if code
            ),
        }


def _paths(definitions: Definitions, number: int) -> Iterator[Row]:
    for row in _rows(definitions, "target_paths"):
        yield row | {"target_code": f"{row['target_code']}-X{number}"}


_COPIERS: Mapping[str, Callable[[Definitions, int], Iterator[Row]]] = {
    "units": _units,
    "populations": _populations,
    "form_assignments": _assignments,
    "plans": _plans,
    "plan_targets": _targets,
    "target_paths": _paths,
}
