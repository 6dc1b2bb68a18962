"""The catalogue of rules on `docs/validation.md`, made from the registry: `make catalogue`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from expectations.rule_words import SEVERITIES
from expectations.rules import Rule, Rules
from sources.definitions import Definitions
from sources.vocabulary import SEVERITY_ZH

BEGIN, END = "<!-- rules: made by `make catalogue` -->", "<!-- end of rules -->"
LEVELS: tuple[str, ...] = ("cell", "row", "form", "cross-form", "history", "cross-unit")
MISSING = {"skip": "not evaluated", "never_skip": "evaluated"}
_COLUMNS = (
    "Rule", "Severity", "Level", "What it catches", "Compares", "Operand missing", "Valid from",
    "Source",
)  # fmt: skip
_HEADER = (f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS))


def level_of(rule: Rule, definitions: Definitions) -> str:
    """What a rule must see at once to judge, one of `LEVELS`: it follows from what it compares."""
    if rule.stage == "reader":
        return "form"
    if rule.operator == "unique_across_units":
        return "cross-unit"
    if rule.rule_kind == "reconcile":
        return "cross-form"
    if rule.rule_kind == "register":
        return "cell" if rule.left == "issue_code" else "row"
    if rule.rule_kind == "history":
        return "history"
    if rule.rule_kind != "consistency":
        return "form" if rule.is_of_submission else "cell"
    operands = (*rule.left_expression.operands, *rule.right_expression.operands)
    if any(one.lag != "same" for one in operands):
        return "history"
    return _width({one.name for one in operands}, definitions)


def catalogue(rules: Rules, definitions: Definitions) -> str:
    """The registry as a table, a line per rule version, with how many there are of each severity.

    A comparison holds no upright stroke: it would end the column, so alternatives stand with `/`.
    """
    counts = Counter(rule.severity_code for rule in rules)
    told = ", ".join(f"{counts[code]} {SEVERITY_ZH[code]}" for code in SEVERITIES)
    lines = [f"{sum(counts.values())} rules: {told}.", "", *_HEADER]
    lines += [_line(rule, definitions) for rule in rules]
    return "\n".join(lines)


def with_catalogue(page: str, text: str) -> str:
    """The page with its part between the two marks replaced.

    Raises:
        ValueError: the page lacks a mark.
    """
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def write(path: Path) -> None:
    """Writes the catalogue of the project's own definitions into the page."""
    definitions = Definitions.load()
    text = catalogue(Rules.load(definitions), definitions)
    path.write_text(with_catalogue(path.read_text(encoding="utf-8"), text), encoding="utf-8")


def _width(elements: Iterable[str], definitions: Definitions) -> str:
    """Whether elements stand in one row, in one form, or only in several forms together."""
    rows: Counter[tuple[str | None, ...]] = Counter()
    forms: Counter[str | None] = Counter()
    wanted = set(elements)
    asked = definitions.table("form_elements").filter(
        definitions.table("form_elements")["element_code"].is_in(sorted(wanted))
    )
    cells = asked.select("form_code", "row_code", "element_code").unique().iter_rows()
    seen: set[tuple[str | None, str | None]] = set()
    for form, row, element in cells:
        rows[form, row] += 1
        if (form, element) not in seen:
            seen.add((form, element))
            forms[form] += 1
    if max(rows.values(), default=0) == len(wanted):
        return "row"
    return "form" if max(forms.values(), default=0) == len(wanted) else "cross-form"


def _line(rule: Rule, definitions: Definitions) -> str:
    if rule.stage == "reader":
        compared, missing = "the reader", "–"
    else:
        numbers = ";".join(f"{number:f}" for number in rule.parameters)
        left = f"{rule.left}({numbers})" if numbers else rule.left
        text = " ".join(part for part in (left, rule.operator, rule.right) if part)
        tolerance = f" (± {rule.tolerance_abs.normalize():f})" if _is_equality(rule) else ""
        compared = f"`{text.replace('|', '/')}`{tolerance}"
        missing = MISSING[rule.missing_strategy]
    return (
        f"| {rule.rule_id} | {SEVERITY_ZH[rule.severity_code]} | {level_of(rule, definitions)} "
        f"| {rule.title_zh} | {compared} | {missing} | {rule.valid_from} | {rule.source_zh} |"
    )


def _is_equality(rule: Rule) -> bool:
    return rule.operator == "=" and bool(rule.tolerance_abs)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
