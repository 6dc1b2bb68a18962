"""Every rule made wrong in one place, so that what it must find gets through.

A mutant changes what a row of the registry compares, nothing else: a check that is turned round, a
sign that is no longer looked for, a factor without a limit. An example that still finds its fault
under the mutant would say nothing of the rule.
"""

from __future__ import annotations

import polars as pl

from sources.definitions import Definitions

LOOSENED = {"<=": ">=", ">=": "<=", "<": ">=", ">": "<="}
NO_LIMIT = "1000000000"
OTHER_KIND = {"发明专利": "实用新型"}


def mutants(definitions: Definitions, equal_becomes: str) -> Definitions:
    """The definitions with every rule of cells and rows made wrong.

    Args:
        definitions: what is made wrong; the tables the rules name stay as they are.
        equal_becomes: `<=` or `>=`. What must be equal is broken by too much or by too little, and
            each of the two lets one of them through.
    """
    rows = [_mutant(row, equal_becomes) for row in definitions.table("rules").to_dicts()]
    tables = {name: definitions.table(name) for name in ("forms", "elements", "form_elements")}
    schema = definitions.table("rules").schema
    return Definitions(tables | {"rules": pl.DataFrame(rows, schema=schema)})


def _mutant(row: dict[str, str | None], equal_becomes: str) -> dict[str, str | None]:
    if row["stage"] == "reader":
        return row
    if row["rule_kind"] == "reconcile":
        return row | {"tolerance_abs": NO_LIMIT}
    operator, right = row["operator"] or "", row["right_expression"] or ""
    if operator == "not_null":
        return row | {
            "left_expression": "issue_code", "operator": "not_in", "right_expression": "none",
        }  # fmt: skip
    if operator == "not_in":
        return row | {"right_expression": "none"}
    if operator == "matches":
        return row | {"right_expression": ".*"}
    if operator == "within_factor":
        return row | {"tolerance_rel": NO_LIMIT}
    if operator == "only_where":
        return row | {"right_expression": _of_the_other_kind(right)}
    if operator == "=" and right.startswith("kind_of"):
        return row | {"right_expression": _of_the_other_kind(right)}
    if operator == "=" and right.startswith("is_over"):
        return row | {"right_expression": right.replace(";10)", ";1)")}
    if operator == "=":
        return row | {"operator": equal_becomes}
    return row | {"operator": LOOSENED.get(operator, operator)}


def _of_the_other_kind(text: str) -> str:
    for kind, other in OTHER_KIND.items():
        text = text.replace(kind, other)
    return text
