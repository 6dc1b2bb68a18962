"""Blank and filled forms: the workbook or CSV of one unit and period, from the definitions.

What lives here: writing forms. Reading them back is in `sources.readers` and `sources.layouts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sources.definitions import Definitions, FormVersion, Unit
from sources.periods import Period
from sources.templates.audit_sheet import AUDIT_SHEET, REFERENCE_SHEET
from sources.templates.checks import (
    Aids,
    CheckTerm,
    Comparison,
    Figure,
    FormCheck,
    FormFigure,
    KnownFigure,
)
from sources.templates.delimited import render_delimited
from sources.templates.grid import (
    COMPARISON_ROLES,
    FOOTER_LABELS_ZH,
    LAST_YEAR,
    PREVIOUS,
    Blueprint,
    Comparisons,
    FormGrid,
    Formula,
    GridRow,
    Percent,
    TemplateError,
    Value,
    ValueKey,
    blueprint,
    fill,
)
from sources.templates.workbook import CODES_SHEET, IDENTITY_SHEET, render_workbook

__all__ = [
    "AUDIT_SHEET",
    "CODES_SHEET",
    "COMPARISON_ROLES",
    "FOOTER_LABELS_ZH",
    "IDENTITY_SHEET",
    "LAST_YEAR",
    "PREVIOUS",
    "REFERENCE_SHEET",
    "Aids",
    "Blueprint",
    "CheckTerm",
    "Comparison",
    "Comparisons",
    "Figure",
    "FormCheck",
    "FormFigure",
    "FormGrid",
    "Formula",
    "GridRow",
    "KnownFigure",
    "Percent",
    "TemplateError",
    "Value",
    "ValueKey",
    "blueprint",
    "fill",
    "render_delimited",
    "render_workbook",
    "write_blank",
    "write_delimited",
    "write_template",
]


def write_template(
    path: Path,
    definitions: Definitions,
    form_version: FormVersion,
    unit: Unit,
    period: Period,
    values: Mapping[ValueKey, Value] | None = None,
    is_synthetic: bool = False,
    people: Mapping[str, str] | None = None,
    is_nil_return: bool = False,
) -> None:
    """Writes the protected workbook of one unit and period, blank when no values are given.

    Args:
        path: the file to write.
        definitions: the definition tables.
        form_version: the version to print.
        unit: the reporting unit.
        period: the reporting period.
        values: value by (row code, value column), in the unit the form asks for.
        is_synthetic: whether the form is stamped as demo data.
        people: footer texts by label (单位负责人 and so on).
        is_nil_return: whether the form is marked as 零报告.

    Raises:
        TemplateError: the form has no layout, or a value has no cell.
    """
    grid = fill(
        blueprint(definitions, form_version), unit, period, values,
        is_synthetic=is_synthetic, is_nil_return=is_nil_return, people=people,
    )  # fmt: skip
    render_workbook(grid, path)


def write_blank(
    path: Path,
    definitions: Definitions,
    form_version: FormVersion,
    unit: Unit,
    period: Period,
    aids: Aids,
    is_synthetic: bool = False,
) -> None:
    """Writes the blank form a clerk is sent: protected, with its checks and the earlier figures.

    A comparison column of which no figure is known is not printed.

    Raises:
        TemplateError: the form has no layout.
    """
    comparisons = aids.comparisons or {}
    plan = blueprint(definitions, form_version, [role for role in comparisons if comparisons[role]])
    grid = fill(plan, unit, period, is_synthetic=is_synthetic, comparisons=comparisons)
    render_workbook(grid, path, aids)


def write_delimited(
    path: Path,
    definitions: Definitions,
    form_version: FormVersion,
    unit: Unit,
    period: Period,
    values: Mapping[ValueKey, Value] | None = None,
    is_synthetic: bool = False,
    people: Mapping[str, str] | None = None,
    is_nil_return: bool = False,
    encoding: str = "utf-8-sig",
) -> None:
    """Writes the same form as CSV, in `utf-8-sig` or `gb18030`.

    Raises:
        TemplateError: the form has no layout, or a value has no cell.
    """
    grid = fill(
        blueprint(definitions, form_version), unit, period, values,
        is_synthetic=is_synthetic, is_nil_return=is_nil_return, people=people,
    )  # fmt: skip
    path.write_bytes(render_delimited(grid, encoding))
