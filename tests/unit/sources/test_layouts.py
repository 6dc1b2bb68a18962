"""Columns are found by header, rows by code, and anything else is refused by name."""

from collections.abc import Sequence

import pytest

from sources.contract import FormIdentity
from sources.errors import (
    DuplicateRow,
    MissingColumn,
    MissingRow,
    SourceError,
    UnmappedColumn,
    UnmappedRow,
)
from sources.layouts import ValueRow, identify, locate, located_values
from sources.readers import read_cells, read_file
from tests.unit.sources.builders import (
    HEADER,
    SHEET,
    as_csv,
    as_xlsx,
    sheet_with,
    small_definitions,
)

DEFINITIONS = small_definitions()
IDENTITY = FormIdentity("T-M1", "2", "900101", "2025-03", layout_code="L-M")


def _located(rows: Sequence[Sequence[object]]) -> list[ValueRow]:
    return located_values(read_file(as_xlsx(rows), "a.xlsx"), IDENTITY, DEFINITIONS)


def _numbers(rows: Sequence[Sequence[object]]) -> dict[tuple[str, str], str | None]:
    return {(row[0], row[1]): row[7] for row in _located(rows)}


def _cell(rows: Sequence[Sequence[object]], code: str = "03") -> tuple[str | None, ...]:
    """Text, number and issue of one row's current value."""
    return next(row[6:] for row in _located(rows) if row[:2] == (code, "current"))


GOOD = {("01", "current"): "12", ("01", "ytd"): "30", ("02", "current"): "5",
        ("03", "current"): "1500.5"}  # fmt: skip


def test_every_element_of_the_form_has_its_cell_text_and_number() -> None:
    assert _located(SHEET) == [
        ("01", "current", "e01_current", "专利授权量", "表", "D8", "12", "12", None),
        ("01", "ytd", "e01_ytd", "专利授权量", "表", "E8", "30", "30", None),
        ("02", "current", "e02_current", "其中：发明", "表", "D9", "5", "5", None),
        ("03", "current", "e03_current", "质押融资金额", "表", "D11", "1500.5", "1500.5", None),
    ]


def test_a_csv_and_a_workbook_of_the_same_form_give_the_same_values() -> None:
    cells = read_cells(as_csv(SHEET), "a.csv")
    frame = locate(cells, identify([*read_file(as_csv(SHEET), "a.csv")], DEFINITIONS), DEFINITIONS)
    assert frame.drop("sheet").rows() == [(*row[:4], *row[5:]) for row in _located(SHEET)]


def test_a_moved_column_is_accepted() -> None:
    order = [3, 1, 0, 4, 2, 5]
    rows = [
        [row[n] if n < len(row) else None for n in order] if HEADER <= at <= 10 else row
        for at, row in enumerate(SHEET)
    ]
    assert _numbers(rows) == GOOD


def test_moved_rows_and_an_inserted_blank_row_are_accepted() -> None:
    rows = [*SHEET[: HEADER + 1], SHEET[10], [], SHEET[8], SHEET[7], *SHEET[11:]]
    assert _numbers(rows) == GOOD


@pytest.mark.parametrize(
    ("cell", "header"), [("A6", "项目"), ("D6", "本 月 数"), ("E6", "１－本月累计"), ("C6", "单位")]
)
def test_a_known_alias_of_a_header_is_accepted_however_it_is_spaced(cell: str, header: str) -> None:
    assert _numbers(sheet_with(**{cell: header})) == GOOD


def test_a_renamed_header_is_named_with_the_one_found_instead() -> None:
    with pytest.raises(MissingColumn) as caught:
        _located(sheet_with(D6="三月份"))
    assert (caught.value.missing, caught.value.unmapped) == (("本月",), ("三月份",))
    assert "“本月”" in caught.value.message_zh
    assert "“三月份”" in caught.value.message_zh
    assert caught.value.cell == "D6"


def test_a_missing_header_is_named() -> None:
    with pytest.raises(MissingColumn) as caught:
        _located(sheet_with(E6=None))
    assert (caught.value.missing, caught.value.unmapped) == (("1—本月累计",), ())


def test_an_optional_column_may_be_missing() -> None:
    assert _numbers(sheet_with(F6=None)) == GOOD


def test_an_extra_header_is_named_with_its_cell() -> None:
    with pytest.raises(UnmappedColumn) as caught:
        _located(sheet_with(G6="去年同期"))
    assert (caught.value.unmapped, caught.value.cell) == (("去年同期",), "G6")


def test_the_same_header_twice_is_refused() -> None:
    with pytest.raises(UnmappedColumn, match="重复"):
        _located(sheet_with(G6="本月数"))


def test_a_sheet_without_any_header_names_all_that_were_expected() -> None:
    with pytest.raises(MissingColumn) as caught:
        _located([*SHEET[:HEADER], *SHEET[HEADER + 1 :]])
    assert caught.value.missing == ("指标名称", "代码", "计量单位", "本月", "1—本月累计")


def test_a_row_is_found_by_its_item_when_the_code_is_blank() -> None:
    assert _numbers(sheet_with(B9=None)) == GOOD


@pytest.mark.parametrize("code", ["1", "０１", 1])
def test_a_code_that_lost_its_zero_is_still_the_row(code: object) -> None:
    assert _numbers(sheet_with(B8=code)) == GOOD


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([*SHEET[:8], *SHEET[9:]], MissingRow, "02 其中：发明"),
        ([*SHEET[:11], ["商标", "04", "件", 3], *SHEET[11:]], UnmappedRow, "04 商标"),
        ([*SHEET[:11], ["商标", None, "件", 3], *SHEET[11:]], UnmappedRow, "商标"),
        ([*SHEET[:11], [None, None, None, 3], *SHEET[11:]], UnmappedRow, "“3”"),
        ([*SHEET[:9], SHEET[8], *SHEET[9:]], DuplicateRow, "B9、B10"),
        (sheet_with(B8="02", B9="01"), UnmappedRow, "不是同一行"),
    ],
    ids=["missing", "unknown code", "unknown item", "stray figure", "twice", "codes swapped"],
)
def test_a_wrong_row_is_refused_by_name(
    rows: list[list[object]], error: type[SourceError], words: str
) -> None:
    with pytest.raises(error) as caught:
        _located(rows)
    assert words in caught.value.message_zh
    assert caught.value.sheet == "表"


@pytest.mark.parametrize("note", ["单位负责人：", "注：本表由旗县区填报", "说明：单位为万元"])
def test_what_stands_below_the_footer_is_not_of_the_table(note: str) -> None:
    assert _numbers([*SHEET[:11], [note], ["备查", "99", None, 8]]) == GOOD


def test_notes_after_a_blank_row_end_the_table() -> None:
    assert _numbers([*SHEET[:11], [], ["以上数据取自各股室"], ["某丙", "x"]]) == GOOD


@pytest.mark.parametrize(
    ("filed", "expected"),
    [
        (None, (None, None, "blank")),
        (0, ("0", "0", None)),
        ("—", ("—", None, "missing_mark")),
        ("１，５００", ("１，５００", "1500", "full_width")),
        ("1,500", ("1,500", "1500", None)),
        ("-5", ("-5", "-5", None)),
        ("95.3%", ("95.3%", None, "percent")),
        ("3万", ("3万", None, "unit_suffix")),
        ("很多", ("很多", None, "not_a_number")),
    ],
)
def test_a_cell_keeps_its_text_and_says_why_it_has_no_number(
    filed: object, expected: tuple[str | None, ...]
) -> None:
    assert _cell(sheet_with(D11=filed)) == expected


def test_another_unit_in_the_unit_column_voids_the_rows_number() -> None:
    assert _cell(sheet_with(C11="元")) == ("1500.5", None, "unit_differs")


def test_a_blank_unit_cell_is_the_forms_unit() -> None:
    assert _cell(sheet_with(C11=None)) == ("1500.5", "1500.5", None)


def test_cells_of_a_formula_keep_their_number_and_say_so() -> None:
    cells = [
        cell._replace(issue_code="formula") if cell.cell == "D11" else cell
        for cell in read_file(as_xlsx(SHEET), "a.xlsx")
    ]
    values = located_values(cells, IDENTITY, DEFINITIONS)
    assert values[-1][6:] == ("1500.5", "1500.5", "formula")


def test_a_percent_format_voids_the_number() -> None:
    cells = [
        cell._replace(issue_code="percent_format") if cell.cell == "D11" else cell
        for cell in read_file(as_xlsx(SHEET), "a.xlsx")
    ]
    assert located_values(cells, IDENTITY, DEFINITIONS)[-1][6:] == (
        "1500.5", None, "percent_format",
    )  # fmt: skip


def test_a_figure_beside_the_table_is_not_dropped_without_a_word() -> None:
    with pytest.raises(UnmappedColumn, match="没有表头") as caught:
        _located(sheet_with(I9="5"))
    assert caught.value.cell == "I9"


def test_a_second_table_of_the_same_form_is_refused() -> None:
    gap = [[None]] * 3
    with pytest.raises(UnmappedColumn, match="同样表头的表"):
        _located([*SHEET, *gap, *SHEET])
