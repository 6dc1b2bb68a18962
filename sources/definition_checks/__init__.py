"""What can be wrong in the definition tables, found before a night runs on them.

What lives here: columns (keys that dangle), grammar (words outside the closed lists, what a
spreadsheet has spoiled), doubles (what would be counted twice), relations (rows that cannot stand
beside one another), targets (what cannot be judged), channels (what cannot be opened).
Expressions of validation rules are checked by `expectations.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sources.definition_checks.channels import channel_problems
from sources.definition_checks.columns import column_problems
from sources.definition_checks.doubles import double_problems
from sources.definition_checks.problem import Problem
from sources.definition_checks.relations import relation_problems
from sources.definition_checks.targets import target_problems
from sources.definitions import Definitions

__all__ = ["Problem", "check_definitions"]


def check_definitions(definitions: Definitions) -> list[Problem]:
    """Every problem of every table; an empty list when the definitions can stand."""
    return list(_all(definitions))


def _all(definitions: Definitions) -> Iterator[Problem]:
    yield from column_problems(definitions)
    yield from relation_problems(definitions)
    yield from double_problems(definitions)
    yield from target_problems(definitions)
    yield from channel_problems(definitions)
