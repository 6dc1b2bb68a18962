"""A form as a grid of cells: what both the workbook and the CSV of a form are written from.

What lives here: where each title, label, header, entry and footer of a form stands, taken from
the definitions. How a cell looks is in `workbook`, how it becomes text in `delimited`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sources.definitions import Definitions, FormElement, FormVersion, LayoutColumn, Unit
from sources.periods import Period

TEMPLATE_VERSION = "1"
DEMO_STAMP_ZH = "（演示数据）"
NIL_RETURN_LABEL_ZH = "零报告"
YES_ZH, NO_ZH = "是", "否"

# Columns that show what the unit filed before: printed beside the figures, never read.
PREVIOUS, LAST_YEAR = "previous", "last_year"
COMPARISON_ROLES = (PREVIOUS, LAST_YEAR)

# The footer of a statistical form, in the order it is printed.
FOOTER_LABELS_ZH = ("单位负责人", "统计负责人", "填表人", "联系电话", "报出日期")


@dataclass(frozen=True)
class Formula:
    """A cell that computes: its formula, and the result the file carries (None for none)."""

    formula: str
    result: str | None


@dataclass(frozen=True)
class Percent:
    """A number that is shown as a percentage: 0.953 as 95.3%."""

    number: Decimal


Value = Decimal | int | str | Formula | Percent | None
ValueKey = tuple[str, str]
Place = tuple[int, int]
Comparisons = Mapping[str, Mapping[ValueKey, Decimal]]
"""Earlier figures by comparison role and form element, in the unit the form asks for."""


class TemplateError(Exception):
    """A form that cannot be written.

    Attributes:
        form_code: code of the form.
        problem_zh: what is wrong, in Chinese.
    """

    def __init__(self, form_code: str, problem_zh: str) -> None:
        self.form_code, self.problem_zh = form_code, problem_zh
        super().__init__(f"{form_code}：{problem_zh}")


@dataclass(frozen=True)
class GridRow:
    """One row of the sheet: texts and values by column, and what kind of row it is."""

    kind: str
    cells: Mapping[int, Value]
    row_code: str | None = None


@dataclass(frozen=True)
class EntryRule:
    """What the data validation of one entry cell allows."""

    decimals: int
    minimum: str | None
    maximum: str | None
    is_required: bool = True

    @property
    def is_yes_or_no(self) -> bool:
        """Whether only 0 and 1 can be filed: 有填 1，无填 0."""
        return (self.decimals, self.minimum, self.maximum) == (0, "0", "1")


@dataclass(frozen=True)
class FormGrid:
    """A filled or blank form, before it becomes a file.

    Attributes:
        rows: the rows from top to bottom, without gaps.
        columns: the layout's columns, from left to right.
        width: columns of the printed form, which titles and labels are laid out on.
        rules: entry rule of each (row, column) that may be filled.
        places: (row, column) of each form element.
        identity: what the hidden sheet says about the form.
        strays: contents outside the form, by (row, column); workbooks only.
    """

    sheet_name: str
    rows: tuple[GridRow, ...]
    columns: tuple[LayoutColumn, ...]
    width: int
    rules: Mapping[tuple[int, int], EntryRule]
    places: Mapping[ValueKey, tuple[int, int]]
    identity: Mapping[str, str]
    strays: Mapping[tuple[int, int], Value] = field(default_factory=dict)

    def cell_name(self, key: ValueKey) -> str:
        """Address of a form element's cell, as `E9`."""
        return cell_name(*self.places[key])


@dataclass(frozen=True)
class Blueprint:
    """The part of a form that is the same for every unit and period."""

    form_version: FormVersion
    columns: tuple[LayoutColumn, ...]
    items: tuple[GridRow, ...]
    rules: Mapping[tuple[int, int], EntryRule]
    places: Mapping[ValueKey, tuple[int, int]]
    value_places: Mapping[int, Mapping[int, ValueKey]] = field(repr=False)


def column_letters(column: int) -> str:
    """Letters of a 0-based column number: 0 is A, 26 is AA."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """Address of a cell as people write it: row 8, column 4 is E9."""
    return f"{column_letters(column)}{row + 1}"


# Title, then four rows of labels (left: who and when; right: which form), then the header.
TITLE_ROW = 0
LABEL_ROWS = range(1, 5)
HEADER_ROW = 5
FIRST_ITEM_ROW = 6


def _cells_of_item(
    columns: tuple[LayoutColumn, ...], elements: list[FormElement], note: str | None
) -> dict[int, Value]:
    first = elements[0]
    texts: dict[str, Value] = {
        "item": first.item_zh,
        "row_code": first.row_code,
        "unit": first.unit_zh,
        "remark": note,
    }
    return {
        place: texts[column.column_role]
        for place, column in enumerate(columns)
        if column.column_role in texts and texts[column.column_role] is not None
    }


def blueprint(
    definitions: Definitions, form_version: FormVersion, compared: Collection[str] = ()
) -> Blueprint:
    """The fixed part of a form, to be filled many times.

    Args:
        definitions: the definition tables.
        form_version: the version to print.
        compared: the comparison roles whose columns are printed; those of no role always are.

    Raises:
        TemplateError: the form has no layout or no elements.
    """
    code, version = form_version.form_code, form_version.form_version
    columns = tuple(
        column
        for column in definitions.layout(form_version.layout_code)
        if column.column_role not in COMPARISON_ROLES or column.column_role in compared
    )
    elements = definitions.form_elements(code, version)
    if not columns or not elements:
        raise TemplateError(code, f"第{version}版没有版式或没有指标，无法生成表样")
    value_columns = {c.value_column: n for n, c in enumerate(columns) if c.column_role == "value"}
    non_negative = {
        row["element_code"]: row["is_non_negative"] == "true"
        for row in definitions.table("elements").iter_rows(named=True)
    }
    notes = {
        row["row_code"]: row["note_zh"]
        for row in definitions.table("form_elements").iter_rows(named=True)
        if (row["form_code"], row["form_version"]) == (code, version) and row["note_zh"]
    }
    by_row: dict[str, list[FormElement]] = {}
    for element in elements:
        by_row.setdefault(element.row_code, []).append(element)

    items: list[GridRow] = []
    rules: dict[tuple[int, int], EntryRule] = {}
    places: dict[ValueKey, tuple[int, int]] = {}
    section: str | None = None
    item_place = next((n for n, c in enumerate(columns) if c.column_role == "item"), 0)
    for row_code, group in by_row.items():
        if group[0].section_zh and group[0].section_zh != section:
            section = group[0].section_zh
            items.append(GridRow("section", {item_place: section}))
        row_no = FIRST_ITEM_ROW + len(items)
        items.append(GridRow("item", _cells_of_item(columns, group, notes.get(row_code)), row_code))
        for element in group:
            if element.value_column not in value_columns:
                raise TemplateError(code, f"版式没有{element.value_column}栏（行{row_code}）")
            place = (row_no, value_columns[element.value_column])
            floor = "0" if non_negative.get(element.element_code, True) else None
            rules[place] = EntryRule(
                element.decimals, element.min_value or floor, element.max_value, element.is_required
            )
            places[row_code, element.value_column] = place
    value_places: dict[int, dict[int, ValueKey]] = {}
    for key, (row_no, column) in places.items():
        value_places.setdefault(row_no, {})[column] = key
    return Blueprint(form_version, columns, tuple(items), rules, places, value_places)


def _label_rows(
    form_version: FormVersion, unit: Unit, period: Period, is_nil: bool, width: int
) -> list[GridRow]:
    valid_to = form_version.valid_to
    left = (
        ("填报单位", unit.unit_name_zh),
        ("单位代码", unit.unit_code),
        ("报告期", period.label_zh),
        (NIL_RETURN_LABEL_ZH, YES_ZH if is_nil else NO_ZH),
    )
    right = (
        ("表号", form_version.form_number),
        ("制定机关", form_version.issuing_authority_zh),
        ("批准文号", form_version.approval_number),
        ("有效期至", f"{valid_to.year}年{valid_to.month}月" if valid_to else "长期"),
    )
    return [
        GridRow("label", {0: f"{a}：", 1: b, width - 2: f"{c}：", width - 1: d})
        for (a, b), (c, d) in zip(left, right, strict=True)
    ]


def _footer_rows(people: Mapping[str, str], width: int) -> list[GridRow]:
    pairs = [(f"{label}：", people.get(label)) for label in FOOTER_LABELS_ZH]
    rows = []
    for start in range(0, len(pairs), 2):
        cells: dict[int, Value] = {}
        for column, (label, text) in zip((0, width - 2), pairs[start : start + 2], strict=False):
            cells[column], cells[column + 1] = label, text
        rows.append(GridRow("footer", cells))
    return rows


def _earlier(
    columns: tuple[LayoutColumn, ...], row_code: str, comparisons: Comparisons
) -> dict[int, Value]:
    return {
        place: comparisons.get(column.column_role, {}).get((row_code, column.value_column or ""))
        for place, column in enumerate(columns)
        if column.column_role in COMPARISON_ROLES
    }


def fill(
    plan: Blueprint,
    unit: Unit,
    period: Period,
    values: Mapping[ValueKey, Value] | None = None,
    *,
    is_synthetic: bool,
    is_nil_return: bool = False,
    people: Mapping[str, str] | None = None,
    comparisons: Comparisons | None = None,
) -> FormGrid:
    """A form of one unit and period; without values a blank one.

    Earlier figures stand in the comparison columns the plan was made with.

    Raises:
        TemplateError: a value is given for a cell that the form does not have.
    """
    form, given = plan.form_version, values or {}
    unknown = sorted(key for key in given if key not in plan.places)
    if unknown:
        raise TemplateError(form.form_code, f"表中没有这些单元：{unknown}")
    width = max(len(plan.columns), 4)
    stamp = DEMO_STAMP_ZH if is_synthetic else ""
    rows = [GridRow("title", {0: f"{form.form_zh}{stamp}"})]
    rows += _label_rows(form, unit, period, is_nil_return, width)
    rows.append(GridRow("header", {n: c.header_zh for n, c in enumerate(plan.columns)}))
    for row_no, item in enumerate(plan.items, start=FIRST_ITEM_ROW):
        entries = plan.value_places.get(row_no)
        if entries:
            filled = {column: given.get(key) for column, key in entries.items()}
            filled |= _earlier(plan.columns, item.row_code or "", comparisons or {})
            rows.append(GridRow(item.kind, {**item.cells, **filled}, item.row_code))
        else:
            rows.append(item)
    rows += _footer_rows(people or {}, width)
    identity = {
        "form_code": form.form_code,
        "form_version": form.form_version,
        "unit_code": unit.unit_code,
        "period_code": period.code,
        "layout_code": form.layout_code,
        "is_synthetic": "true" if is_synthetic else "false",
        "template_version": TEMPLATE_VERSION,
    }
    return FormGrid(
        form.form_number, tuple(rows), plan.columns, width, plan.rules, plan.places, identity
    )
