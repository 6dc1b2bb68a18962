"""The same register in every format and spelling of a county: same rows, oddities noted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
import xlwt
from xlsxwriter.worksheet import Worksheet

from sources.contract import ANSWER_SHEET_ZH
from sources.definitions import Definitions
from sources.errors import OversizedSheet, SourceError, UnknownForm, UnreadableFile
from sources.registers.reading import identity_of, read_register
from sources.submission_files import parse_many
from tests.corpus.books import ods, ods_cell, xls, xlsx, zipped

Rows = list[list[object]]
LABELS: Rows = [
    ["质押台账"],
    ["表号：", "强市知台2表", "填报单位：", "红山区", "单位代码：", "150402", "报告期：",
     "2025年4季度"],
]  # fmt: skip
HEADER: list[object] = [
    "质押登记号", "质押类型", "出质人", "出质人统一社会信用代码", "质权人", "登记日期",
    "登记金额（万元）", "发放金额（万元）",
]  # fmt: skip
FIRST: list[object] = ["Y1", "专利", "甲公司", "91350200MA2YJ1XR9G", "某银行", "2025-11-03", 300,
                       "-"]  # fmt: skip
SECOND: list[object] = ["Y2", "混合", "乙公司", "91350200MA2YJ1XR9G", "某银行", "2025/12/1",
                        "1,200.5", "无"]  # fmt: skip
SHEET: Rows = [*LABELS, HEADER, FIRST, SECOND]
KEPT = [
    ("Y1", "专利", "2025-11-03", "300", None, None),
    ("Y2", "专利商标混合", "2025-12-01", "1200.5", None, None),
]


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


def text(rows: Sequence[Sequence[object]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue().encode(encoding)


def kept(tmp_path: Path, definitions: Definitions, data: bytes) -> list[tuple[object, ...]]:
    """Number, kind, day, both amounts and issues of every row."""
    path, target = tmp_path / "register", tmp_path / "rows.parquet"
    path.write_bytes(data)
    read_register(path, definitions, target)
    return pl.read_parquet(target).select("c01", "c02", "c07", "c08", "c09", "issues").rows()


FORMATS: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: xlsx({"台账": SHEET}, None),
    "xls": lambda: xls({"台账": SHEET}, None),
    "ods": lambda: ods({"台账": SHEET}),
    **{
        f"{encoding} {delimiter!r}": lambda e=encoding, d=delimiter: text(SHEET, e, d)
        for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
        for delimiter in (",", "\t")
    },
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_register_is_the_same_in_every_format_and_encoding(
    tmp_path: Path, definitions: Definitions, name: str
) -> None:
    assert kept(tmp_path, definitions, FORMATS[name]()) == KEPT


@pytest.mark.parametrize("name", FORMATS)
def test_the_head_of_every_format_tells_that_it_is_a_register(
    tmp_path: Path, definitions: Definitions, name: str
) -> None:
    path = tmp_path / "register"
    path.write_bytes(FORMATS[name]())
    identity = identity_of(path, definitions)
    assert identity is not None
    assert (identity.form_code, identity.unit_code, identity.period_code) == (
        "IP-R2", "150402", "2025-Q4",
    )  # fmt: skip


@pytest.mark.parametrize(
    "mark", ["-", "—", "——", "－", "无", "/", "…", "……", "N/A", " ", "\u3000", "空"]
)
def test_a_declared_missing_mark_is_a_blank_and_no_amount(
    tmp_path: Path, definitions: Definitions, mark: str
) -> None:
    rows = [*LABELS, HEADER, [*FIRST[:6], mark, mark]]
    found = kept(tmp_path, definitions, text(rows))
    assert found == [("Y1", "专利", "2025-11-03", None, None, "amount=blank")]


def _formula(cell: str, formula: str, value: object) -> bytes:
    def write(_: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_formula(cell, formula, None, value)

    return xlsx({"台账": SHEET}, None, finish=write)


def _percent(book: xlsxwriter.Workbook, page: Worksheet) -> None:
    page.write_number("G4", 0.5, book.add_format({"num_format": "0%"}))


@pytest.mark.parametrize(
    ("build", "amount", "issues"),
    [
        (lambda: _formula("G4", "=100*3", 300), "300", "amount=formula"),
        (lambda: _formula("G4", "='[1]另'!A1", 300), "300", "amount=external_formula"),
        (lambda: _formula("G4", "=100*3", ""), "=100*3", "amount=uncached_formula"),
        (lambda: _formula("G4", "=1/0", "#DIV/0!"), "#DIV/0!", "amount=error_value"),
        (lambda: xlsx({"台账": SHEET}, None, finish=_percent), "0.5", "amount=percent_format"),
        (lambda: text([*LABELS, HEADER, [*FIRST[:6], "=100*3", None], SECOND]), "=100*3",
         "amount=uncached_formula"),
        (lambda: xls({"台账": SHEET}, None,
                     finish=lambda _, page: page.write(3, 6, xlwt.Formula("1+1"))), "=",
         "amount=uncached_formula"),
        (lambda: ods({"台账": SHEET}, replaced={
            (3, 6): '<table:table-cell table:formula="of:=300" office:value-type="float"'
            ' office:value="300"><text:p>300</text:p></table:table-cell>'}), "300",
         "amount=formula"),
    ],
)  # fmt: skip
def test_a_formula_gives_its_result_and_is_noted_and_one_without_is_no_blank(
    tmp_path: Path,
    definitions: Definitions,
    build: Callable[[], bytes],
    amount: str,
    issues: str,
) -> None:
    found = kept(tmp_path, definitions, build())
    assert found == [("Y1", "专利", "2025-11-03", amount, None, issues), KEPT[1]]


def test_a_formula_in_a_text_column_is_noted_beside_what_else_is_wrong(
    tmp_path: Path, definitions: Definitions
) -> None:
    found = kept(tmp_path, definitions, _formula("B4", '="房产"', "房产"))
    assert found[0][-1] == "pledge_kind=unknown_code|pledge_kind=formula"


HIDDEN: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: xlsx(
        {"台账": SHEET}, None, finish=lambda _, page: page.set_row(3, None, None, {"hidden": True})
    ),
    "xls": lambda: xls(
        {"台账": SHEET}, None, finish=lambda _, page: setattr(page.row(3), "hidden", True)
    ),
    "ods": lambda: ods({"台账": SHEET}, hidden_rows=[3]),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_row_counts_and_is_noted(
    tmp_path: Path, definitions: Definitions, name: str
) -> None:
    found = kept(tmp_path, definitions, HIDDEN[name]())
    assert found == [(*KEPT[0][:5], "contract_number=hidden_row"), KEPT[1]]


@pytest.mark.parametrize("build", [xlsx, xls, ods])
def test_hidden_sheets_and_the_sheet_of_the_answer_are_not_read(
    tmp_path: Path, definitions: Definitions, build: Callable[..., bytes]
) -> None:
    old = [*LABELS, HEADER, ["Y0", *FIRST[1:]]]
    sheets = {"台账": SHEET, "上期": old, ANSWER_SHEET_ZH: [["强市知台1表"], HEADER, FIRST]}
    more = {} if build is ods else {"identity": None}
    data = build(sheets, hidden=["上期"], **more)
    assert kept(tmp_path, definitions, data) == KEPT


def test_a_register_in_hidden_sheets_only_is_refused(
    tmp_path: Path, definitions: Definitions
) -> None:
    data = xlsx({"台账": SHEET, "Sheet2": []}, None, hidden=["台账"],
                finish=lambda book, _: book.worksheets()[1].activate())  # fmt: skip
    with pytest.raises(UnknownForm):
        kept(tmp_path, definitions, data)


DAMAGED = "文字是乱码"


@pytest.mark.parametrize(
    ("data", "cell", "words"),
    [
        (text(SHEET).decode("gb18030", "ignore").encode(), None, DAMAGED),
        (text([*SHEET, ["Y3", "专利", "丙\ufffd司", *FIRST[3:]]]), "C6", DAMAGED),
        (text([*SHEET, ["锟斤拷", *FIRST[1:]]]), "A6", DAMAGED),
        (text(SHEET) + b"\xe4\xb8\n", None, "字符已损坏"),
        (text(SHEET, "utf-16")[:-1], None, "UTF-16"),
        (text(SHEET, "utf-32"), None, "UTF-32"),
        (text(SHEET) + b'"Y3', "A6", "第 6 行起引号不成对"),
    ],
)
def test_a_damaged_text_is_refused_by_its_place(
    tmp_path: Path, definitions: Definitions, data: bytes, cell: str | None, words: str
) -> None:
    with pytest.raises(UnreadableFile, match=words) as refused:
        kept(tmp_path, definitions, data)
    assert cell is None or refused.value.cell == cell


def test_a_cell_that_stands_twice_or_far_out_is_refused(
    tmp_path: Path, definitions: Definitions
) -> None:
    far = xlsx({"台账": SHEET}, None, finish=lambda _, page: page.write(1048575, 16383, "x"))
    with pytest.raises(OversizedSheet) as refused:
        kept(tmp_path, definitions, far)
    assert refused.value.cell == "XFD1048576"
    twice = ods({"台账": SHEET}, tail='<table:table-row table:number-rows-repeated="1048570">'
                f"{ods_cell('x')}</table:table-row>")  # fmt: skip
    with pytest.raises(SourceError):
        kept(tmp_path, definitions, twice)


def test_a_register_in_a_zip_is_known_and_a_large_member_too(
    tmp_path: Path, definitions: Definitions
) -> None:
    long = [[f"Y{n}", "专利", "甲公司" * 40, *FIRST[3:]] for n in range(70_000)]
    data = zipped({"质押.xlsx": xlsx({"台账": SHEET}, None), "全部.csv": text([*SHEET[:3], *long])})
    path = tmp_path / "报送.zip"
    path.write_bytes(data)
    from sources.contract import FileToParse

    batches = list(parse_many([FileToParse("z", path, path.name, "150402")], definitions))
    errors = [error.message_zh for batch in batches for error in batch.errors.values()]
    found = {key: one for batch in batches for key, one in batch.identities.items()}
    assert errors == []
    assert {key: one.form_kind for key, one in found.items()} == {
        "z/1": "register", "z/2": "register",
    }  # fmt: skip
