"""Registers: what a cell must look like, and that nothing of a file is lost or taken for a row."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sources.definitions import Definitions
from sources.errors import (
    MissingColumn,
    OversizedSheet,
    SourceError,
    UnmappedColumn,
    UnreadableFile,
)
from sources.periods import parse_period
from sources.registers import Register, register_of
from sources.registers.cells import issues_text, typed
from sources.registers.reading import identity_of, read_register
from sources.registers.template import write_register_workbook
from sources.submission_files import parse_rows

MARKS = Definitions.load().marks
HEAD = "专利台账\n表号：强市知台1表,填报单位：红山区,单位代码：150402,报告期：2025年4季度\n"
HEADER = "申请号,专利类型,专利权人,申请日,授权公告日,法律状态\n"
ROW = "ZL201710601862.3,发明,演示企业001,2017年7月21日,2019/5/3,维持\n"


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def patents(definitions: Definitions) -> Register:
    register = register_of(definitions, "IP-R1", "2021")
    assert register is not None
    return register


@pytest.fixture(scope="module")
def pledges(definitions: Definitions) -> Register:
    register = register_of(definitions, "IP-R2", "2021")
    assert register is not None
    return register


def judged(register: Register, column: str, text: str | None) -> tuple[str | None, str | None]:
    """Normal form and issue of one cell."""
    slots = {c.slot: [text if c.column_code == column else None] for c in register.columns}
    frame = typed(pl.DataFrame(slots, schema=dict.fromkeys(slots, pl.String)), register, MARKS)
    return frame[register.by_code[column].slot][0], frame[column][0]


@pytest.mark.parametrize(
    ("text", "normal", "issue"),
    [
        ("200310102344.5", "200310102344.5", None),
        ("ZL 2017 1 0601862.3", "201710601862.3", None),
        ("２０１７１０６０１８６２３", "201710601862.3", None),
        ("95115608.x", "95115608.X", None),
        ("95115608.1", "95115608.1", "check_digit"),
        ("201710601862.4", "201710601862.4", "check_digit"),
        ("85100001", "85100001", None),
        ("201740601862.3", "201740601862.3", "format"),
        ("CN107305001A", "CN107305001A", "format"),
        ("—", None, "blank"),
    ],
)
def test_an_application_number_is_held_to_its_check_digit(
    patents: Register, text: str, normal: str | None, issue: str | None
) -> None:
    assert judged(patents, "application_number", text) == (normal, issue)


@pytest.mark.parametrize(
    ("text", "normal", "issue"),
    [
        ("2019-05-03", "2019-05-03", None),
        ("2019/5/3", "2019-05-03", None),
        ("2019.5.3", "2019-05-03", None),
        ("2019年5月3日", "2019-05-03", None),
        ("20190503", "2019-05-03", None),
        ("43588", "2019-05-03", None),
        ("2019-02-30", "2019-02-30", "not_a_date"),
        ("去年", "去年", "not_a_date"),
    ],
)
def test_a_day_is_read_however_it_is_written(
    patents: Register, text: str, normal: str, issue: str | None
) -> None:
    assert judged(patents, "grant_date", text) == (normal, issue)


@pytest.mark.parametrize(
    ("column", "text", "normal", "issue"),
    [
        ("pledgor_code", "91350200MA2YJ1XR9G", "91350200MA2YJ1XR9G", None),
        ("pledgor_code", "91350203M0001QAY9B", "91350203M0001QAY9B", "check_digit"),
        ("pledgor_code", "123", "123", "format"),
        ("amount", "１，２００.50", "1200.50", None),
        ("amount", "-3", "-3", "negative"),
        ("amount", "300万元", "300万元", "not_a_number"),
        ("pledge_kind", "混合", "专利商标混合", None),
        ("pledge_kind", "房产", "房产", "unknown_code"),
        ("disbursed", None, None, None),
        ("amount", None, None, "blank"),
    ],
)
def test_codes_amounts_and_kinds_are_told_apart_from_what_is_none(
    pledges: Register, column: str, text: str | None, normal: str | None, issue: str | None
) -> None:
    assert judged(pledges, column, text) == (normal, issue)


def read(
    tmp_path: Path, definitions: Definitions, text: str, encoding: str = "utf-8"
) -> tuple[pl.DataFrame, object]:
    source, target = tmp_path / "register.csv", tmp_path / "rows.parquet"
    source.write_bytes(text.encode(encoding))
    identity, account = read_register(source, definitions, target)
    return pl.read_parquet(target), (identity, account)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rows_keep_their_numbers_and_are_stored_in_normal_form(
    tmp_path: Path, definitions: Definitions, encoding: str
) -> None:
    rows, _ = read(tmp_path, definitions, HEAD + HEADER + ROW, encoding)
    kept = rows.select("row_no", "c01", "c02", "c04", "c06", "c07", "c08", "issues").row(0)
    assert kept == (4, "201710601862.3", "发明专利", "演示企业001", "2017-07-21", "2019-05-03",
                    "有效", None)  # fmt: skip


def test_totals_and_footer_are_no_rows_and_the_people_are_kept_apart(
    tmp_path: Path, definitions: Definitions
) -> None:
    text = HEAD + HEADER + ROW + "\n合计,1\n填表人：张三,联系电话：13800001111\n"
    rows, (identity, account) = read(tmp_path, definitions, text)
    assert rows.height == 1
    assert account.totals_rows == 1
    assert identity.people == {"填表人": "张三", "联系电话": "13800001111"}


def test_the_same_number_twice_is_told_at_the_later_row(
    tmp_path: Path, definitions: Definitions
) -> None:
    rows, _ = read(tmp_path, definitions, HEAD + HEADER + ROW + ROW.replace("ZL", ""))
    assert rows["issues"].to_list() == [None, "application_number=duplicate_key"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (HEAD + HEADER.replace("申请日", "日子") + ROW, MissingColumn),
        (HEAD + HEADER.replace("法律状态", "法律状态,颜色") + ROW, UnmappedColumn),
        (HEAD + HEADER + ROW.replace("维持\n", "维持,遗落的数\n"), UnmappedColumn),
        (HEAD + HEADER + '"' + ROW * 3, UnreadableFile),
    ],
)
def test_what_cannot_be_read_whole_is_refused(
    tmp_path: Path, definitions: Definitions, text: str, error: type[SourceError]
) -> None:
    with pytest.raises(error):
        read(tmp_path, definitions, text)


def test_a_workbook_gives_the_same_rows_as_a_text(
    tmp_path: Path, definitions: Definitions, patents: Register
) -> None:
    period = parse_period("2025-Q4")
    form = definitions.form("IP-R1", period)
    assert form is not None
    path, target = tmp_path / "register.xlsx", tmp_path / "rows.parquet"
    filed = {"application_number": "ZL201710601862.3", "patent_kind": "发明",
             "applicant": "演示企业001", "application_date": "2017年7月21日",
             "grant_date": "2019/5/3", "legal_status": "维持"}  # fmt: skip
    write_register_workbook(path, patents, form, definitions.units["150402"], period,
                            [filed], footer=[("填表人", "张三")])  # fmt: skip
    identity, account = read_register(path, definitions, target)
    rows, _ = read(tmp_path, definitions, HEAD + HEADER + ROW)
    slots = [f"c{n:02d}" for n in range(1, 21)]
    said = (account.rows, identity.people, identity.period_code)
    assert said == (1, {"填表人": "张三"}, "2025-Q4")
    assert pl.read_parquet(target).select(slots).row(0) == rows.select(slots).row(0)


def test_a_register_too_large_for_a_form_is_known_by_its_head(
    tmp_path: Path, definitions: Definitions
) -> None:
    path = tmp_path / "register.csv"
    path.write_text(HEAD + HEADER + ROW * 70_000, encoding="utf-8")
    with pytest.raises(OversizedSheet):
        parse_rows(path.read_bytes(), path.name, "150402", definitions)
    identity = identity_of(path, definitions)
    assert identity is not None
    assert (identity.form_code, identity.unit_code, identity.period_code) == (
        "IP-R1", "150402", "2025-Q4",
    )  # fmt: skip


def test_every_register_column_has_a_class_and_personal_ones_are_never_shown(
    definitions: Definitions,
) -> None:
    columns = definitions.table("register_columns")
    assert set(columns["confidentiality_zh"]) == {"公开", "内部", "涉个人或企业"}
    personal = columns.filter(pl.col("column_code").is_in(
        ["applicant", "address", "contact", "phone", "pledgor", "pledgee", "pledgor_code",
         "pledgee_code", "amount", "disbursed", "registrant"]
    ))  # fmt: skip
    assert set(personal["confidentiality_zh"]) == {"涉个人或企业"}


def test_the_issues_of_a_row_stand_in_one_text(patents: Register) -> None:
    slots = {c.slot: [None] for c in patents.columns}
    frame = typed(pl.DataFrame(slots, schema=dict.fromkeys(slots, pl.String)), patents, MARKS)
    assert frame.select(issues_text(patents)).item() == (
        "application_number=blank|patent_kind=blank|applicant=blank|application_date=blank"
        "|grant_date=blank|legal_status=blank"
    )
