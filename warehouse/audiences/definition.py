"""Audiences as the definition tables have them: the tables each gets and the classes it may see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sources.definitions import Definitions
from warehouse.errors import WarehouseError


class UnknownAudience(WarehouseError):
    """An audience that no row of `audiences.csv` names."""

    def __init__(self, code: str, known: Mapping[str, object]) -> None:
        """Name the code and those there are."""
        listed = "、".join(known) or "无"
        super().__init__(f"没有读者范围“{code}”；audiences.csv 中有：{listed}。")


@dataclass(frozen=True)
class Audience:
    """Who a file is for."""

    code: str
    name_zh: str
    highest_class_zh: str
    """The gravest class of elements (公开, 内部, 涉个人或企业) whose figures it may see."""
    note_zh: str
    tables: Mapping[str, tuple[str, ...]]
    """Each mart it gets, with the columns that are left empty for it."""

    @property
    def digest(self) -> str:
        """sha256 of all that is said of it: a file made under other rules is made anew."""
        told = [self.code, self.name_zh, self.highest_class_zh, self.note_zh, dict(self.tables)]
        text = json.dumps(told, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def audiences_of(definitions: Definitions) -> dict[str, Audience]:
    """Every audience by code."""
    tables: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in definitions.table("audience_tables").iter_rows(named=True):
        withheld = tuple(part for part in (row["withheld_columns"] or "").split("|") if part)
        tables.setdefault(row["audience_code"], {})[row["table_name"]] = withheld
    return {
        row["audience_code"]: Audience(
            row["audience_code"], row["audience_zh"], row["highest_class_zh"],
            row["note_zh"] or "", tables.get(row["audience_code"], {}),
        )
        for row in definitions.table("audiences").iter_rows(named=True)
    }  # fmt: skip


def audience_named(definitions: Definitions, code: str) -> Audience:
    """The audience of a code.

    Raises:
        UnknownAudience: there is none.
    """
    known = audiences_of(definitions)
    if code not in known:
        raise UnknownAudience(code, known)
    return known[code]
