"""The blank form of a workspace with a past: what it brings along, and that it checks clean."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from tests.integration.conftest import Workspace

UNIT = "150402"


def test_the_form_of_the_next_period_shows_what_was_filed_and_checks_clean(
    demo: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "2026年一季度.xlsx"
    demo.run(
        "template", "--form", "IP-Q2", "--unit", UNIT, "--period", "2026-Q1", "--out", str(path)
    )
    book = load_workbook(path)
    form = book.worksheets[0]
    header = {cell.value: cell.column for cell in form[6]}
    rows = {
        form.cell(row, 2).value: row for row in range(7, form.max_row) if form.cell(row, 2).value
    }
    amount = demo.query(
        "select value from marts.unit_observations where unit_code = ? and period_code = ?"
        " and element_code = 'pledge_registered_amount'", UNIT, "2025-Q4",
    )  # fmt: skip
    earlier = form.cell(rows["01"], header["上期数"]).value
    assert [f"{earlier:.2f}"] == [f"{value:.2f}" for (value,) in amount]
    assert form.cell(rows["01"], header["上年同期数"]).value is not None
    assert book["表内审核"].sheet_state == "visible"

    # A quarter much like the one before, so that no check on history asks a question; the very
    # same one would be asked about too.
    parts = ("02", "03", "04", "05")
    for code, row in rows.items():
        added = len(parts) if code == "01" else 1
        form.cell(row, header["本期数"]).value = form.cell(row, header["上期数"]).value + added
    book.save(path)
    checked = demo.run("check", str(path), "--date", "2026-04-05", "--json").json
    assert (checked["findings"], checked["exit_code"]) == ([], 0)


def test_the_form_of_a_workspace_without_a_past_says_what_it_lacks(tmp_path: Path) -> None:
    fresh = Workspace(tmp_path / "var")
    fresh.run("init")
    path = tmp_path / "a.xlsx"
    fresh.run(
        "template", "--form", "IP-Q1", "--unit", UNIT, "--period", "2025-Q4", "--out", str(path)
    )
    book = load_workbook(path, data_only=True)
    assert "上期数" not in [cell.value for cell in book.worksheets[0][6]]
    audit = book["表内审核"]
    said = {row[0]: row[5] for row in audit.iter_rows(min_row=5, values_only=True)}
    assert (said["C20"], said["C21"]) == ("无对比数", "未填")
