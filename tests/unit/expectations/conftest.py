"""A night in a few literal lines: forms filed with zeros except for what a test sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
import pytest

from expectations.rules import Rules
from expectations.runner import HISTORY_SCHEMA, ValidationResult, validate
from sources.contract import VALUES_SCHEMA, VOIDING_ISSUES
from sources.definitions import Definitions
from sources.periods import parse_period

BUSINESS_NOW = datetime(2026, 1, 31, 23, 59, 59)
VALUES = {"submission_id": pl.String(), **VALUES_SCHEMA}

# A text as filed, or a text (None: empty cell) with the issue the reader saw.
Filed = str | tuple[str | None, str]


@dataclass
class Night:
    """Files of one night and what is known of other periods."""

    definitions: Definitions
    rules: Rules
    submissions: list[dict[str, object]] = field(default_factory=list)
    cells: list[dict[str, object]] = field(default_factory=list)
    past: list[dict[str, str]] = field(default_factory=list)

    def file(
        self,
        unit: str,
        form_code: str,
        period: str,
        filed: Mapping[str, Filed] | None = None,
        *,
        is_nil: bool = False,
        version: int = 1,
        others: str = "0",
    ) -> str:
        """Files a form in which every element not named holds `others`; returns its id."""
        form = self.definitions.form(form_code, parse_period(period))
        # A form is filed even for a period it does not fit: any of its versions will do.
        number = (
            form.form_version
            if form
            else next(
                one.form_version
                for one in self.definitions.form_versions
                if one.form_code == form_code
            )
        )
        identity = f"{unit}.{form_code}.{period}.v{version}"
        self.submissions.append(
            {
                "submission_id": identity,
                "unit_code": unit,
                "city_code": unit[:4] + "00",
                "form_code": form_code,
                "form_version": number,
                "period_code": period,
                "received_at": datetime(2026, 1, version),
                "version": version,
                "is_nil_return": is_nil,
            }
        )
        elements = self.definitions.form_elements(form_code, number)
        unknown = set(filed or {}) - {one.element_code for one in elements}
        assert not unknown, f"not on the form: {unknown}"
        for one in elements:
            given = (filed or {}).get(one.element_code, others)
            text, issue = given if isinstance(given, tuple) else (given, None)
            self.cells.append(
                {
                    "submission_id": identity,
                    "row_code": one.row_code,
                    "value_column": one.value_column,
                    "element_code": one.element_code,
                    "item_zh": one.item_zh.strip(),
                    "sheet": "报表",
                    "cell": f"{'D' if one.value_column == 'current' else 'E'}{one.row_order + 8}",
                    "text": text,
                    "number_text": None if issue in VOIDING_ISSUES else text,
                    "issue_code": issue,
                }
            )
        return identity

    def know(self, unit: str, form_code: str, period: str, figures: Mapping[str, str]) -> None:
        """Figures of another period, from earlier nights."""
        self.past += [
            {
                "unit_code": unit,
                "form_code": form_code,
                "period_code": period,
                "element_code": element,
                "number_text": number,
            }
            for element, number in figures.items()
        ]

    def validate(self) -> ValidationResult:
        """Runs every rule over the night."""
        return validate(
            pl.DataFrame(self.submissions),
            pl.DataFrame(self.cells, schema=VALUES),
            pl.DataFrame(self.past, schema=HISTORY_SCHEMA),
            self.definitions,
            self.rules,
            BUSINESS_NOW,
        )


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="session")
def rules(definitions: Definitions) -> Rules:
    return Rules.load(definitions)


@pytest.fixture
def night(definitions: Definitions, rules: Rules) -> Night:
    return Night(definitions, rules)


@pytest.fixture(scope="session")
def new_night(definitions: Definitions, rules: Rules):
    """A maker of nights, for fixtures that outlive one test."""
    return lambda: Night(definitions, rules)
