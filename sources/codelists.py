"""The code lists: what each code of a closed list is called, by `models/seeds/codelists.csv`.

The same rows become the mart `codelists` and the word columns of `marts_zh`. Only the standard
library is used and the file is read once, because every command needs some words.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).resolve().parents[1] / "models" / "seeds" / "codelists.csv"

WITHHELD = "withheld"
"""Stands in place of a code that a reader may not see; only files made for an audience have it."""


@dataclass(frozen=True)
class Code:
    """One code of a list.

    Attributes:
        code: as marts and the ledger hold it.
        label_zh: the word for it.
        meaning_zh: what it says, for who meets it for the first time; empty where the word does.
    """

    code: str
    label_zh: str
    meaning_zh: str


def _read() -> Mapping[str, tuple[Code, ...]]:
    with FILE.open(encoding="utf-8-sig", newline="") as handle:
        rows = sorted(csv.DictReader(handle), key=lambda row: int(row["code_order"]))
    lists: dict[str, list[Code]] = {}
    for row in rows:
        one = Code(row["code"], row["label_zh"], row["meaning_zh"])
        lists.setdefault(row["code_list"], []).append(one)
    return MappingProxyType({name: tuple(codes) for name, codes in lists.items()})


CODELISTS = _read()
"""The project's own lists by name, each in its order."""


def words(code_list: str) -> Mapping[str, str]:
    """Code to word of a list, in its order; the mark of what is withheld is no code of it."""
    return MappingProxyType(
        {one.code: one.label_zh for one in CODELISTS[code_list] if one.code != WITHHELD}
    )


def meanings(code_list: str) -> Mapping[str, str]:
    """Code to what it says, as `words`."""
    return MappingProxyType(
        {one.code: one.meaning_zh for one in CODELISTS[code_list] if one.code != WITHHELD}
    )
