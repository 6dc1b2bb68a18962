"""One thing wrong in a definition table, and how a check names the row it is about."""

from __future__ import annotations

from dataclasses import dataclass

from sources.definitions import SEEDS, Definitions


@dataclass(frozen=True)
class Problem:
    """One thing wrong: the file, its line (the header is line 1), the column, and what it is."""

    table: str
    file: str
    row: int
    column: str
    value: str | None
    problem_zh: str


def problem(
    definitions: Definitions,
    table: str,
    index: int,
    column: str,
    value: object,
    problem_zh: str,
) -> Problem:
    """The problem of a table's row, counted from 0 in the merged table."""
    file, line = definitions.place(table, index)
    text = None if value is None else str(value)
    return Problem(table, file, line, column, text, problem_zh)


def is_projects(definitions: Definitions, table: str, index: int) -> bool:
    """Whether a row is the project's own, not one of the folder laid over it."""
    return definitions.place(table, index)[0].startswith(str(SEEDS))
