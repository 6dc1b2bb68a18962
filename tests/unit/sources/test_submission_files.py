"""A file is identified, checked against its sender, and read as a whole or refused in words."""

import pickle

import pytest

from sources.definitions import Definitions
from sources.errors import (
    SOURCE_ERRORS,
    FormVersionMismatch,
    MissingColumn,
    PeriodMismatch,
    SourceError,
    UnitMismatch,
    UnknownForm,
    UnknownPeriod,
    UnknownUnit,
    WorkspaceKindMismatch,
)
from sources.submission_files import parse_submission
from tests.unit.sources.builders import (
    IDENTITY,
    OLD_SHEET,
    SHEET,
    as_csv,
    as_xlsx,
    sheet_with,
    small_definitions,
)

DEFINITIONS = small_definitions()


def _refusal(
    data: bytes, unit: str | None = "900101", synthetic: bool | None = None
) -> SourceError:
    name = "三月.xlsx" if data.startswith(b"PK") else "三月.csv"
    with pytest.raises(SourceError) as caught:
        parse_submission(data, name, unit, DEFINITIONS, synthetic)
    assert caught.value.file_name == name
    return caught.value


def test_a_good_workbook_gives_identity_cells_and_values() -> None:
    parsed = parse_submission(as_xlsx(SHEET), "a.xlsx", "900101", DEFINITIONS, False)
    found = parsed.identity
    assert (found.form_code, found.form_version, found.unit_code, found.period_code) == (
        "T-M1", "2", "900101", "2025-03",
    )  # fmt: skip
    assert (found.is_synthetic, found.is_nil_return, found.layout_code) == (False, False, "L-M")
    assert parsed.values["number_text"].to_list() == ["12", "30", "5", "1500.5"]
    assert parsed.cells.filter(cell="D8", sheet="表")["text"].to_list() == ["12"]


def test_the_people_of_the_footer_stand_in_the_identity_only() -> None:
    parsed = parse_submission(as_xlsx(SHEET), "a.xlsx", None, DEFINITIONS)
    assert parsed.identity.people == {
        "单位负责人": "某甲", "填表人": "某乙", "联系电话": "0000-000000",
    }  # fmt: skip
    assert "某甲" not in str(parsed.values.rows())


def test_without_the_hidden_sheet_the_printed_labels_say_what_the_form_is() -> None:
    found = parse_submission(as_csv(SHEET, "gb18030"), "a.csv", "900101", DEFINITIONS).identity
    assert (found.form_code, found.form_version, found.unit_code, found.period_code) == (
        "T-M1", "2", "900101", "2025-03",
    )  # fmt: skip


def test_an_older_period_takes_the_version_that_was_in_force() -> None:
    data = as_csv(OLD_SHEET)
    found = parse_submission(data, "a.csv", None, DEFINITIONS).identity
    assert (found.form_version, found.period_code) == ("1", "2023-11")


@pytest.mark.parametrize(
    ("text", "code"),
    [("2025-03", "2025-03"), ("2025年3月", "2025-03"), ("２０２５年０３月份", "2025-03"),
     ("2025年 3 月", "2025-03"), ("2025/3", "2025-03"), ("2025年1—3月", "2025-03")],
)  # fmt: skip
def test_a_period_is_read_as_people_write_it(text: str, code: str) -> None:
    found = parse_submission(as_csv(sheet_with(B4=text)), "a.csv", None, DEFINITIONS)
    assert found.identity.period_code == code


def test_a_unit_without_code_is_found_by_its_name_or_alias() -> None:
    data = as_csv(sheet_with(A3=None, B3=None, B2="丁"))
    assert parse_submission(data, "a.csv", None, DEFINITIONS).identity.unit_code == "900101"


@pytest.mark.parametrize(("text", "is_nil"), [("是", True), ("否", False), (None, False)])
def test_a_nil_return_is_what_the_form_says(text: str | None, is_nil: bool) -> None:
    data = as_xlsx(sheet_with(B5=text))
    assert parse_submission(data, "a.xlsx", None, DEFINITIONS).identity.is_nil_return is is_nil


def test_a_period_in_the_future_is_no_matter_of_the_reader() -> None:
    data = as_csv(sheet_with(B4="2099-01"))
    assert parse_submission(data, "a.csv", None, DEFINITIONS).identity.period_code == "2099-01"


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (as_csv(sheet_with(E2=None, F2=None)), UnknownForm, "找不到表号"),
        (as_csv(sheet_with(F2="另1表")), UnknownForm, "“另1表”"),
        (as_xlsx(SHEET, IDENTITY | {"form_code": "X-9"}), UnknownForm, "“X-9”"),
        (as_xlsx(sheet_with(F2="T-C1")), UnknownForm, "不一致"),
        (as_xlsx(sheet_with(F2="T-C1"), IDENTITY | {"form_code": "T-C1", "form_version": "1"}),
         UnknownForm, "不由丁区报送"),
        (as_csv(sheet_with(A2=None, B2=None, A3=None, B3=None)), UnknownUnit, "找不到填报单位"),
        (as_csv(sheet_with(B3="999999")), UnknownUnit, "“999999”"),
        (as_csv(sheet_with(B2="某旗", A3=None, B3=None)), UnknownUnit, "“某旗”"),
        (as_xlsx(sheet_with(B3="900102")), UnitMismatch, "不一致"),
        (as_csv(sheet_with(B2="戊县")), UnitMismatch, "不一致"),
        (as_csv(sheet_with(B2="戊县", B3="900102")), UnitMismatch, "戊县（900102）"),
        (as_csv(sheet_with(A4=None, B4=None)), UnknownPeriod, "找不到报告期"),
        (as_csv(sheet_with(B4="上个月")), UnknownPeriod, "“上个月”"),
        (as_csv(sheet_with(B4="2025-13")), UnknownPeriod, "“2025-13”"),
        (as_csv(sheet_with(B4="2025年一季度")), UnknownPeriod, "频率不符"),
        (as_xlsx(sheet_with(B4="2025-04")), PeriodMismatch, "期别不符"),
        (as_xlsx(SHEET, IDENTITY | {"form_version": "1"}), FormVersionMismatch, "第 2 版"),
        (as_xlsx(SHEET, IDENTITY | {"form_version": "9"}), FormVersionMismatch, "第 9 版"),
        (as_csv(sheet_with(B4="2019-05")), FormVersionMismatch, "2019-05"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_refused(
    data: bytes, error: type[SourceError], words: str
) -> None:
    refusal = _refusal(data)
    assert type(refusal) is error
    assert words in refusal.message_zh


def test_the_refusal_of_another_units_file_does_not_pose_as_that_unit() -> None:
    refusal = _refusal(as_xlsx(SHEET), unit="900102")
    assert isinstance(refusal, UnitMismatch)
    assert "丁区（900101）" in refusal.message_zh
    assert "戊县（900102）" in refusal.message_zh
    assert refusal.identity is None


def test_a_refusal_after_identification_says_which_form_it_was() -> None:
    refusal = _refusal(as_xlsx(sheet_with(D6="三月份")))
    assert isinstance(refusal, MissingColumn)
    assert refusal.identity is not None
    assert refusal.identity.period_code == "2025-03"


@pytest.mark.parametrize(
    ("flag", "title"), [("true", "测试月报"), ("false", "测试月报（演示数据）")]
)
def test_demo_data_is_refused_in_a_real_workspace(flag: str, title: str) -> None:
    data = as_xlsx(sheet_with(A1=title), IDENTITY | {"is_synthetic": flag})
    assert isinstance(_refusal(data, synthetic=False), WorkspaceKindMismatch)
    assert parse_submission(data, "a.xlsx", None, DEFINITIONS, True).identity.is_synthetic


def test_real_data_is_refused_in_a_demo_workspace_and_taken_in_a_new_one() -> None:
    assert isinstance(_refusal(as_xlsx(SHEET), synthetic=True), WorkspaceKindMismatch)
    assert parse_submission(as_xlsx(SHEET), "a.xlsx", None, DEFINITIONS, None)


def test_every_reader_error_has_its_own_rule_in_the_registry() -> None:
    ids = [error.rule_id for error in SOURCE_ERRORS]
    assert ids == [*(f"S{n:02d}" for n in range(1, 17)), "S19"]
    assert set(ids) <= set(Definitions.load().table("rules")["rule_id"].to_list())


def test_an_error_survives_the_way_between_processes() -> None:
    refusal = _refusal(as_xlsx(sheet_with(D6="三月份")))
    again = pickle.loads(pickle.dumps(refusal))
    assert type(again) is MissingColumn
    assert (again.message_zh, again.missing, again.cell, again.identity) == (
        refusal.message_zh, ("本月",), "D6", refusal.identity,
    )  # fmt: skip
