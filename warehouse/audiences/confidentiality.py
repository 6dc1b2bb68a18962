"""What is not public, and what would tell it: classes of elements, indicators made of them, sums.

An indicator is of the gravest class of the elements it is made of. Where a rule makes one element
the sum of others and only one of these is withheld, the rest would tell it by subtraction: then the
total goes too (or, where the total is the withheld one, its parts).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import duckdb

from sources.definitions import Definitions
from sources.registers.definition import INTERNAL, PERSONAL, PUBLIC
from warehouse.releases.digest import mart_names

CLASSES = (PUBLIC, INTERNAL, PERSONAL)
"""From the class that everybody may see to the one that fewest may."""
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Confidentiality:
    """The gravest class of each element and indicator, and the sums that tie elements together."""

    elements: Mapping[str, str]
    indicators: Mapping[str, str]
    terms: Mapping[str, frozenset[str]]
    """The elements that each indicator is made of."""
    sums: tuple[tuple[frozenset[str], frozenset[str]], ...]
    """Totals and parts of each rule that holds exactly."""

    def withheld(self, highest_class_zh: str) -> dict[str, str]:
        """Codes of elements and indicators beyond a class, each with the reason in Chinese."""
        highest = CLASSES.index(highest_class_zh)
        own = {code for code, said in self.elements.items() if CLASSES.index(said) > highest}
        told_by = _told_by_sums(own, self.sums)
        reasons = {code: f"不予公开（{self.elements[code]}）" for code in own}
        reasons |= dict.fromkeys(told_by - own, "不予公开（由此可推算出不公开的数）")
        for code, elements in self.terms.items():
            found = sorted(elements & told_by, key=lambda element: element not in own)
            if found:
                grave = max(
                    (self.elements[one] for one in elements & own), key=CLASSES.index, default=None
                )
                reasons[code] = f"不予公开（{grave}）" if grave else reasons[found[0]]
        return reasons


def confidentiality_of(
    connection: duckdb.DuckDBPyConnection, definitions: Definitions, database: str | None = None
) -> Confidentiality:
    """What holds for a release: its own classes or those of the definitions, whichever is graver.

    Args:
        connection: the release is open in it.
        definitions: the ones in force now; a class raised since the release holds for it too.
        database: name under which the release is attached; the connection's own if none.
    """
    place = f'"{database}".' if database else ""
    standing = mart_names(connection, database)
    elements: dict[str, str] = {}
    terms: dict[str, set[str]] = {}
    for row in definitions.table("elements").iter_rows(named=True):
        _raise(elements, row["element_code"], row["confidentiality_zh"])
    for row in definitions.table("indicator_terms").iter_rows(named=True):
        terms.setdefault(row["indicator_code"], set()).add(row["element_code"])
    if "elements" in standing:
        sql = f"select element_code, confidentiality_zh from {place}marts.elements"
        for code, said in connection.execute(sql).fetchall():
            _raise(elements, code, said)
    if "indicator_terms" in standing:
        sql = f"select indicator_code, element_code from {place}marts.indicator_terms"
        for code, element in connection.execute(sql).fetchall():
            terms.setdefault(code, set()).add(element)
    for element in {one for made_of in terms.values() for one in made_of}:
        elements.setdefault(element, PERSONAL)
    indicators = {
        code: max((elements[one] for one in made_of), key=CLASSES.index)
        for code, made_of in terms.items()
    }
    fixed = {code: frozenset(made_of) for code, made_of in terms.items()}
    return Confidentiality(elements, indicators, fixed, tuple(_sums(definitions, set(elements))))


def rules_digest(definitions: Definitions) -> str:
    """sha256 of all in the definitions that decides what is withheld.

    A file that was made before a class was raised is no current one.
    """
    classes: dict[str, str] = {}
    terms = set()
    for row in definitions.table("elements").iter_rows(named=True):
        _raise(classes, row["element_code"], row["confidentiality_zh"])
    for row in definitions.table("indicator_terms").iter_rows(named=True):
        terms.add((row["indicator_code"], row["element_code"]))
    sums = [[sorted(totals), sorted(parts)] for totals, parts in _sums(definitions, set(classes))]
    told = [sorted(classes.items()), sorted(terms), sorted(sums)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _raise(elements: dict[str, str], code: str, said: str | None) -> None:
    """Notes a class unless a graver one is known; one that says nothing is the gravest."""
    graver = said if said in CLASSES else PERSONAL
    elements[code] = max(elements.get(code, PUBLIC), graver, key=CLASSES.index)


def _sums(
    definitions: Definitions, elements: Set[str]
) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for rule in definitions.table("rules").iter_rows(named=True):
        if rule["operator"] != "=" or rule["stage"] != "expectation":
            continue
        left = elements & set(_NAME.findall(rule["left_expression"] or ""))
        right = elements & set(_NAME.findall(rule["right_expression"] or ""))
        if left and right - left:
            yield frozenset(left), frozenset(right)


def _told_by_sums(
    own: Set[str], sums: tuple[tuple[frozenset[str], frozenset[str]], ...]
) -> set[str]:
    """The withheld elements and those that go with them, until nothing more follows."""
    withheld = set(own)
    is_moving = True
    while is_moving:
        before = len(withheld)
        for totals, parts in sums:
            if len((totals | parts) & withheld) == 1:
                withheld |= (parts - totals) if totals & withheld else totals
        is_moving = len(withheld) > before
    return withheld
