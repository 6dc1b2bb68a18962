"""Blank forms in LibreOffice: filled, recalculated, saved, read back and printed.

What the form says of its checks is held against what the rules say of the same file.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from expectations.form_checks import aids_of, amounts_of
from expectations.rules import Rules
from expectations.runner import HISTORY_SCHEMA, validate
from sources.contract import ParsedSubmission
from sources.definitions import Definitions, FormElement, FormVersion, Unit
from sources.periods import Period, parse_period, previous, same_period_last_year
from sources.submission_files import parse_submission
from sources.templates import write_blank
from tests.office import converted, tool

NOW = datetime(2026, 1, 31, 23, 59, 59)
PERIODS = {"month": "2025-12", "quarter": "2025-Q4", "half": "2025-S2", "year": "2025"}
COPIES = 4
FIRST_CHECK_ROW = 5


@dataclass(frozen=True)
class Filled:
    """One template, as it was filled and as LibreOffice saved it."""

    name: str
    form: FormVersion
    period: Period
    values: dict[tuple[str, str], str]
    path: Path

    def verdicts(self) -> dict[str, str]:
        """What 表内审核 says of each rule, as LibreOffice computed it."""
        sheet = openpyxl.load_workbook(self.path, data_only=True)["表内审核"]
        rows = sheet.iter_rows(min_row=FIRST_CHECK_ROW, values_only=True)
        return {str(row[0]): str(row[5]) for row in rows if row[0]}

    def parsed(self, definitions: Definitions) -> ParsedSubmission:
        """The saved file as the readers see it."""
        return parse_submission(self.path.read_bytes(), self.path.name, None, definitions)


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def history(definitions: Definitions) -> pl.DataFrame:
    """The same small figure in every cell of the periods before, except for one form."""
    rows = []
    for form, unit, period in forms_with_checks(definitions):
        for element in definitions.form_elements(form.form_code, form.form_version):
            for when in {previous(period), same_period_last_year(period)}:
                if form.form_code != "IP-Q1" or element.element_code == "inv_valid_stock":
                    code = element.element_code
                    rows.append((unit.unit_code, form.form_code, when.code, code, "2"))
    return pl.DataFrame(rows, schema=HISTORY_SCHEMA, orient="row")


def forms_with_checks(definitions: Definitions) -> list[tuple[FormVersion, Unit, Period]]:
    assigned = {a.form_code: a.unit for a in reversed(definitions.assignments)}
    return [
        (form, assigned[form.form_code], parse_period(PERIODS[form.frequency]))
        for form in definitions.form_versions
        if form.form_kind == "template" and form.form_code in assigned
    ]


def write_filled(path: Path, blank: Path, values: dict[tuple[str, str], str]) -> None:
    """The blank form with figures typed into its entry cells."""
    book = openpyxl.load_workbook(blank)
    sheet = book.worksheets[0]
    header = {cell.value: cell.column for cell in sheet[6]}
    columns = {"current": header.get("本月") or header["本期数"], "ytd": header.get("1—本月累计")}
    rows = {sheet.cell(row, 2).value: row for row in range(7, sheet.max_row + 1)}
    for (row_code, column), text in values.items():
        sheet.cell(rows[row_code], columns[column]).value = float(text)
    book.save(path)


def typed(
    elements: Sequence[FormElement], copy: int, chance: random.Random
) -> dict[tuple[str, str], str]:
    """Small figures with more and more gaps; in the first copy zeros but for one hundredth.

    The hundredth stands in the first amount, a total: just within the tolerance of its parts.
    """
    places = [(one.row_code, one.value_column) for one in elements]
    if copy == 0:
        amounts = [place for place, one in zip(places, elements, strict=True) if one.decimals]
        return dict.fromkeys(places, "0") | dict.fromkeys(amounts[:1], "0.01")
    return {place: str(chance.randint(0, 3)) for place in places if chance.random() > copy * 0.06}


@pytest.fixture(scope="module")
def filled(
    definitions: Definitions, history: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> list[Filled]:
    """Every form with checks, some cells blank, the rest small figures; saved by LibreOffice."""
    folder = tmp_path_factory.mktemp("office")
    rules = Rules.load(definitions)
    chance = random.Random(4)
    made = []
    for form, unit, period in forms_with_checks(definitions):
        aids = aids_of(rules, definitions, form, period, amounts_of(unit, history, definitions))
        if not aids.checks:
            continue
        blank = folder / f"{form.form_code}.xlsx"
        write_blank(blank, definitions, form, unit, period, aids)
        elements = definitions.form_elements(form.form_code, form.form_version)
        for copy in range(COPIES):
            values = typed(elements, copy, chance)
            name = f"{form.form_code}-{copy}"
            write_filled(folder / f"{name}.xlsx", blank, values)
            made.append(Filled(name, form, period, values, folder / "saved" / f"{name}.xlsx"))
    converted([folder / f"{one.name}.xlsx" for one in made], "xlsx", folder / "saved")
    return made


def test_what_libreoffice_saves_reads_as_it_was_filled(
    definitions: Definitions, filled: list[Filled]
) -> None:
    for one in filled:
        parsed = one.parsed(definitions)
        read = {
            (row, column): Decimal(number)
            for row, column, number in parsed.values.select(
                "row_code", "value_column", "number_text"
            ).iter_rows()
            if number is not None
        }
        assert read == {key: Decimal(text) for key, text in one.values.items()}, one.name
        said = parsed.identity
        assert (said.form_code, said.period_code) == (one.form.form_code, one.period.code)
        assert set(parsed.values["issue_code"].drop_nulls()) <= {"blank"}, one.name
        book = openpyxl.load_workbook(one.path)
        assert all(book[name].protection.sheet for name in (one.form.form_number, "表内审核"))
        hidden = {sheet.title for sheet in book if sheet.sheet_state != "visible"}
        assert {"_codes", "_qiangshi"} <= hidden


def test_the_sheet_says_of_every_check_what_the_rules_say(
    definitions: Definitions, history: pl.DataFrame, filled: list[Filled]
) -> None:
    parsed = {one.name: one.parsed(definitions) for one in filled}
    submissions = pl.DataFrame(
        [
            {
                "submission_id": name, "unit_code": said.identity.unit_code,
                "form_code": said.identity.form_code, "form_version": said.identity.form_version,
                "period_code": said.identity.period_code, "received_at": NOW, "version": number,
                "is_nil_return": False,
            }
            for number, (name, said) in enumerate(parsed.items(), start=1)
        ]
    )  # fmt: skip
    seen: set[str] = set()
    rules = Rules.load(definitions)
    asked = {rule.rule_id for rule in rules if rule.rule_kind == "consistency"}
    for copy in range(COPIES):
        # One of each form at a time, so that what is counted by form is of one submission.
        names = [one.name for one in filled if one.name.endswith(f"-{copy}")]
        values = pl.concat(
            parsed[name].values.with_columns(submission_id=pl.lit(name)) for name in names
        )
        rows = submissions.filter(pl.col("submission_id").is_in(names))
        result = validate(rows, values, history, definitions, rules, NOW)
        judged = result.evaluated.filter(pl.col("rule_id").is_in(asked))
        expected = {
            (form, rule): "不平" if failed else "平" if evaluated else "缺"
            for form, rule, evaluated, failed in judged.select(
                "form_code", "rule_id", "evaluated", "failed"
            ).iter_rows()
        }
        said = {
            (one.form.form_code, rule): verdict
            for one in filled if one.name in names
            for rule, verdict in one.verdicts().items()
        }  # fmt: skip
        shown = {key: "缺" if one in ("未填", "无对比数") else one for key, one in said.items()}
        assert shown == expected
        seen |= set(said.values())
    assert seen == {"平", "不平", "未填", "无对比数"}


def test_a_text_in_an_entry_cell_is_called_no_number(
    definitions: Definitions, tmp_path: Path
) -> None:
    form, unit, period = next(
        f for f in forms_with_checks(definitions) if f[0].frequency == "month"
    )
    aids = aids_of(Rules.load(definitions), definitions, form, period, {})
    write_blank(tmp_path / "a.xlsx", definitions, form, unit, period, aids)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book.worksheets[0]
    for cell, value in (("D8", "12件"), ("D9", 5), ("D10", 7), ("B5", "是")):
        sheet[cell].value = value
    book.save(tmp_path / "a.xlsx")
    [saved] = converted([tmp_path / "a.xlsx"], "xlsx", tmp_path / "saved")
    audit = openpyxl.load_workbook(saved, data_only=True)["表内审核"]
    assert (audit["A5"].value, audit["F5"].value) == ("C01", "非数值")
    assert audit["A2"].value == "本表标为零报告，不必填数。"


def test_the_form_prints_on_one_upright_a4_page_and_the_checks_on_one_across(
    definitions: Definitions, tmp_path: Path
) -> None:
    written = []
    rules = Rules.load(definitions)
    for form, unit, period in forms_with_checks(definitions):
        amounts = {
            (element.element_code, previous(period).code): Decimal(123456)
            for element in definitions.form_elements(form.form_code, form.form_version)
        }
        aids = aids_of(rules, definitions, form, period, amounts)
        path = tmp_path / f"{form.form_code}.xlsx"
        write_blank(path, definitions, form, unit, period, aids)
        written.append((path, 2 if aids.checks else 1))
    printed = converted([path for path, _ in written], "pdf", tmp_path / "printed")
    for pdf, (_, pages) in zip(printed, written, strict=True):
        said = subprocess.run(
            [tool("pdfinfo"), "-f", "1", "-l", "9", str(pdf)],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
        sizes = [line.split(":")[1].split("(")[0].split() for line in said.splitlines()
                 if line.startswith("Page") and " size" in line]  # fmt: skip
        upright = [float(width) < float(height) for width, _, height, *_ in sizes]
        assert upright == [True, False][:pages], pdf.name
        assert {round(float(min(w, h, key=float))) for w, _, h, *_ in sizes} == {595}
