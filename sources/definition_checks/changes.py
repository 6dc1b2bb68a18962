"""Checks of changes of units: who becomes whom, by which shares, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sources.definition_checks.grammar import number
from sources.definition_checks.problem import Problem, problem
from sources.definitions import Definitions

Row = Mapping[str, Any]
Numbered = Sequence[tuple[int, Row]]

CHAIN = 6
"""How many changes after one another the models follow (`unit_change_steps` in dbt_project.yml)."""

_TABLE = "unit_changes"
# Kinds that may name one unit on both sides: another name, a part that stays, another city.
_STAYING = frozenset({"rename", "split", "transfer"})


def change_problems(definitions: Definitions) -> Iterator[Problem]:
    """Changes that cannot be followed from a former unit to today's."""
    rows = list(enumerate(definitions.table(_TABLE).iter_rows(named=True)))
    yield from _to_itself(definitions, rows)
    yield from _shares(definitions, rows)
    yield from _cycles(definitions, rows)
    yield from _chains(definitions, rows)
    yield from _moved_in_silence(definitions, rows)


def _to_itself(definitions: Definitions, rows: Numbered) -> Iterator[Problem]:
    for index, row in rows:
        if row["from_unit_code"] != row["to_unit_code"]:
            continue
        moves = row["change_kind"] != "transfer" or _is_spell_begun(definitions, row)
        if row["change_kind"] not in _STAYING or not moves:
            said = "变更前后是同一个单位"
            if not moves:
                said += "；整体划转而代码不变的，请在 units 中另起一行写明新的所属"
            yield problem(definitions, _TABLE, index, "to_unit_code", row["to_unit_code"], said)


def _is_spell_begun(definitions: Definitions, row: Row) -> bool:
    return any(
        unit["unit_code"] == row["to_unit_code"] and unit["valid_from"] == row["changed_on"]
        for unit in definitions.table("units").iter_rows(named=True)
    )


def _shares(definitions: Definitions, rows: Numbered) -> Iterator[Problem]:
    """All of a unit goes somewhere, and never more than all; a transfer may leave the rest."""
    of_days: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for index, row in rows:
        of_days.setdefault((row["from_unit_code"], row["changed_on"]), []).append((index, row))
    for together in of_days.values():
        index, last = together[-1]
        kinds = {row["change_kind"] for _, row in together}
        given = [row["share"] for _, row in together]
        if kinds == {"split"} and all(share is None for share in given):
            continue  # declared as not divisible
        # Only a split can be without shares; every other change is of the whole unit.
        shares = [
            number(row["share"] if row["share"] or row["change_kind"] == "split" else "1")
            for _, row in together
        ]
        if any(share is None for share in shares) and kinds != {"split"}:
            continue  # told by the check of the column
        total = sum((share for share in shares if share is not None), Decimal(0))
        is_whole = total <= 1 if kinds == {"transfer"} else total == 1
        if None in shares or not is_whole or min(share or 0 for share in shares) <= 0:
            said = (
                f"划转各份之和为 {total}，每份应大于 0，合计不超过 1"
                if kinds == {"transfer"}
                else f"各份之和为 {total}，应为 1，每份大于 0；拆分不能分摊的请全部留空"
            )
            yield problem(definitions, _TABLE, index, "share", last["share"], said)


def _is_partial(row: Row) -> bool:
    share = number(row["share"])
    return row["change_kind"] == "transfer" and share is not None and share < 1


def _by_day(rows: Numbered) -> list[tuple[int, Row]]:
    return sorted(rows, key=lambda entry: (entry[1]["changed_on"] or "", entry[0]))


def _cycles(definitions: Definitions, rows: Numbered) -> Iterator[Problem]:
    """Where the last of some changes leads back; parts may go to and fro."""
    leads_to: dict[str, set[str]] = {}
    for index, row in _by_day(rows):
        origin, successor = row["from_unit_code"], row["to_unit_code"]
        if origin == successor or _is_partial(row):
            continue
        if origin in _reached(leads_to, successor):
            said = f"变更首尾相接成环：{successor} 又由 {origin} 变更而来"
            yield problem(definitions, _TABLE, index, "to_unit_code", successor, said)
        else:
            leads_to.setdefault(origin, set()).add(successor)


def _reached(leads_to: Mapping[str, set[str]], start: str) -> set[str]:
    found, waiting = set(), [start]
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting += leads_to.get(code, ())
    return found


def _chains(definitions: Definitions, rows: Numbered) -> Iterator[Problem]:
    """Changes of one day one after another, and more of them than are followed."""
    whole = {
        (row["from_unit_code"], row["changed_on"])
        for _, row in rows
        if not _is_partial(row) and row["from_unit_code"] != row["to_unit_code"]
    }
    lengths: list[tuple[Row, int]] = []
    for index, row in _by_day(rows):
        successor = row["to_unit_code"]
        if successor != row["from_unit_code"] and (successor, row["changed_on"]) in whole:
            said = "该单位同一天又有变更，请直接写到最后的单位"
            yield problem(definitions, _TABLE, index, "to_unit_code", successor, said)
        before = [
            length
            for earlier, length in lengths
            if earlier["to_unit_code"] == row["from_unit_code"]
            and (earlier["changed_on"] or "") < (row["changed_on"] or "")
        ]
        lengths.append((row, 1 + max(before, default=0)))
        if lengths[-1][1] == CHAIN + 1:
            said = f"一个单位先后变更超过 {CHAIN} 次"
            yield problem(definitions, _TABLE, index, "changed_on", row["changed_on"], said)


def _moved_in_silence(definitions: Definitions, rows: Numbered) -> Iterator[Problem]:
    """A unit with rows in two cities and no change that says so: its past would stay behind."""
    told = {(row["from_unit_code"], row["changed_on"]) for _, row in rows}
    cities: dict[str, list[tuple[str, str, int]]] = {}
    for index, unit in enumerate(definitions.table("units").iter_rows(named=True)):
        spell = (unit["valid_from"] or "", unit["city_code"] or "", index)
        cities.setdefault(unit["unit_code"], []).append(spell)
    for code, spells in cities.items():
        spells.sort()
        for (_, before, _), (day, after, index) in pairwise(spells):
            if before != after and (code, day) not in told:
                said = f"由 {before} 改属 {after}，但 unit_changes 中没有当日的 transfer"
                yield problem(definitions, "units", index, "city_code", after, said)
