"""The blank workbook of a register, or one with rows: title, labels, header, drop-downs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import xlsxwriter

from sources.definitions import FormVersion, Unit
from sources.identity import DEMO_STAMP_ZH, IDENTITY_SHEET
from sources.periods import Period
from sources.registers.definition import NO, YES, Register

HEADER_ROW = 3
_BLANK_ROWS = 2_000


def write_register_workbook(
    path: Path,
    register: Register,
    form: FormVersion,
    unit: Unit,
    period: Period,
    rows: Iterable[Mapping[str, str]] = (),
    *,
    is_synthetic: bool = False,
    footer: Sequence[tuple[str, str]] = (),
) -> None:
    """Writes the workbook of one unit and period.

    Args:
        path: the file to write.
        register: its columns.
        form: the form version, for its printed number.
        unit: who files it.
        period: the period reported on.
        rows: texts by column code; none for a blank one.
        is_synthetic: whether it is stamped 演示数据.
        footer: labels and names below the table.
    """
    with xlsxwriter.Workbook(str(path), {"constant_memory": False}) as book:
        sheet = book.add_worksheet(form.form_zh)
        bold = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1})
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(register.columns) - 1, 16, text)
        sheet.write_string(0, 0, form.form_zh + (f"（{DEMO_STAMP_ZH}）" if is_synthetic else ""))
        labels = (("表号", form.form_number), ("填报单位", unit.unit_name_zh),
                  ("单位代码", unit.unit_code), ("报告期", period.label_zh))  # fmt: skip
        for place, (label, value) in enumerate(labels):
            sheet.write_string(1, place * 2, f"{label}：")
            sheet.write_string(1, place * 2 + 1, value)
        for place, column in enumerate(register.columns):
            sheet.write_string(HEADER_ROW, place, column.header_zh, bold)
        last = HEADER_ROW
        for row in rows:
            last += 1
            for place, column in enumerate(register.columns):
                if text_filed := row.get(column.column_code):
                    sheet.write_string(last, place, text_filed)
        for place, column in enumerate(register.columns):
            choices: list[str] = (
                [YES, NO]
                if column.data_type == "flag"
                else list(dict.fromkeys(column.choices.values()))
            )
            if choices:
                sheet.data_validation(
                    HEADER_ROW + 1, place, max(last, _BLANK_ROWS), place,
                    {"validate": "list", "source": choices},
                )  # fmt: skip
        for offset, (label, name) in enumerate(footer, start=2):
            sheet.write_string(last + offset, 0, f"{label}：")
            sheet.write_string(last + offset, 1, name)
        sheet.freeze_panes(HEADER_ROW + 1, 1)
        hidden = book.add_worksheet(IDENTITY_SHEET)
        facts = {"form_code": form.form_code, "form_version": form.form_version,
                 "unit_code": unit.unit_code, "period_code": period.code,
                 "is_synthetic": str(is_synthetic).lower()}  # fmt: skip
        for place, (key, value) in enumerate(facts.items()):
            hidden.write_string(place, 0, key)
            hidden.write_string(place, 1, value)
        hidden.very_hidden()
