"""Published releases are read by their header set and checked against themselves."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sources.contract import ParsedSubmission
from sources.definitions import Definitions
from sources.errors import (
    DuplicateRow,
    MissingColumn,
    SourceError,
    UnitMismatch,
    UnknownPeriod,
    UnknownUnit,
    UnmappedColumn,
    UnmappedRow,
)
from sources.submission_files import parse_submission
from tests.unit.sources.builders import as_csv, as_xlsx, small_definitions

OFFICIAL = Path(__file__).parents[3] / "sources" / "official"
RELEASES = sorted(OFFICIAL.glob("inner_mongolia_20*.csv"))
DEFINITIONS = small_definitions()

HEADER = ["release_id", "published_on", "period_start", "period_end", "region_code", "region_name",
          "patent_kind", "applicant_kind", "count", "note"]  # fmt: skip
FIGURES = {
    "900100": {"发明": (3, 1), "外观设计": (2, 4)},
    "900200": {"发明": (5, 0), "外观设计": (1, 2)},
}


def _line(area: str, kind: str, who: str, count: object, note: str = "") -> list[object]:
    return ["R-1", "2025-02-28", "2023-01-01", "2023-01-31", area, "", kind, who, count, note]


def _release() -> list[list[object]]:
    """Two areas and their region; every sum holds."""
    rows: list[list[object]] = [list(HEADER)]
    totals = {"职务": 0, "非职务": 0}
    for area, kinds in FIGURES.items():
        sums = [0, 0]
        for kind, (own, others) in kinds.items():
            rows += [_line(area, kind, "职务", own), _line(area, kind, "非职务", others),
                     _line(area, kind, "合计", own + others)]  # fmt: skip
            sums = [sums[0] + own, sums[1] + others]
        rows += [_line(area, "合计", "职务", sums[0]), _line(area, "合计", "非职务", sums[1]),
                 _line(area, "合计", "合计", sum(sums))]  # fmt: skip
        totals["职务"] += sums[0]
        totals["非职务"] += sums[1]
    rows += [_line("900000", "合计", who, count) for who, count in totals.items()]
    return [*rows, _line("900000", "合计", "合计", sum(totals.values()))]


def _changed(place: int, column: str, value: object) -> list[list[object]]:
    rows = _release()
    rows[place][HEADER.index(column)] = value
    return rows


def _parsed(rows: list[list[object]], unit: str | None = "900000") -> ParsedSubmission:
    return parse_submission(as_csv(rows), "发布.csv", unit, DEFINITIONS, True)


def test_a_release_is_a_submission_of_the_region_it_is_about() -> None:
    parsed = _parsed(_release())
    found = parsed.identity
    assert (found.form_code, found.form_kind, found.unit_code, found.period_code) == (
        "P-M1", "authority", "900000", "2023-01",
    )  # fmt: skip
    assert parsed.values.height == 0
    assert parsed.checks == ()


def test_each_figure_has_its_area_element_period_and_cell() -> None:
    assert _parsed(_release()).authority.row(1) == (
        "R-1", date(2025, 2, 28), "900100", "乙市", "发明·非职务", "2023-01", "month", "1", False,
        None, "csv", "I3",
    )  # fmt: skip


def test_a_release_in_a_workbook_is_read_alike() -> None:
    parsed = parse_submission(as_xlsx(_release(), None), "发布.xlsx", None, DEFINITIONS, False)
    assert parsed.authority.drop("sheet").equals(_parsed(_release()).authority.drop("sheet"))


def test_a_derived_figure_is_marked_and_a_remark_is_not() -> None:
    derived = _parsed(_changed(1, "note", "derived: total less the rest")).authority
    printed = _parsed(_changed(1, "note", "printed in the text")).authority
    assert (derived["is_derived"][0], printed["is_derived"][0]) == (True, False)


def test_an_odd_window_keeps_its_days() -> None:
    rows = _release()
    for row in rows[1:]:
        row[2], row[3] = "2020-12-16", "2021-06-15"
    frame = _parsed(rows).authority
    assert frame.row(0)[5:7] == ("2020-12-16/2021-06-15", "window")


def test_an_unavailable_cell_has_no_row_and_is_no_zero() -> None:
    parsed = _parsed(_changed(1, "count", ""))
    assert parsed.authority.height == len(_release()) - 2
    assert [check.rule_id for check in parsed.checks] == []


@pytest.mark.parametrize(
    ("place", "count", "failed"),
    [
        # 900100: 发明 职务 3, 非职务 1, 合计 4; 外观设计 2, 4, 6; 合计 5, 5, 10
        (1, 4, {("A01", "I4"), ("A02", "I8")}),
        (3, 5, {("A01", "I4"), ("A02", "I10")}),
        (7, 6, {("A01", "I10"), ("A02", "I8"), ("A03", "I20")}),
        (19, 12, {("A01", "I22"), ("A03", "I20")}),
    ],
    ids=["a part", "a row total", "a kinds total", "a region total"],
)
def test_a_changed_cell_breaks_exactly_the_sums_it_is_in(
    place: int, count: int, failed: set[tuple[str, str]]
) -> None:
    checks = _parsed(_changed(place, "count", count)).checks
    assert {(check.rule_id, check.cell) for check in checks} == failed


def test_a_failed_sum_names_cell_area_and_both_values() -> None:
    check = next(c for c in _parsed(_changed(3, "count", 9)).checks if c.rule_id == "A01")
    assert (check.value_text, check.expected_text, check.area_code, check.element_code) == (
        "9", "4", "900100", "发明·合计",
    )  # fmt: skip
    assert all(word in check.message_zh for word in ("I4", "乙市", "发明/合计", "9", "4", "5"))


def _swapped() -> list[list[object]]:
    """The second area with its two applicant columns exchanged."""
    other = {"职务": "非职务", "非职务": "职务"}
    return [
        [*row[:7], other.get(str(row[7]), row[7]), *row[8:]] if row[4] == "900200" else row
        for row in _release()
    ]


def test_service_and_non_service_swapped_is_found_by_the_regions_margins() -> None:
    assert {check.rule_id for check in _parsed(_swapped()).checks} == {"A03"}


@pytest.mark.parametrize(
    ("rows", "unit", "error", "words"),
    [
        (_changed(1, "region_code", "999999"), "900000", UnknownUnit, "999999"),
        (_changed(1, "patent_kind", "植物新品种"), "900000", UnmappedRow, "植物新品种/职务"),
        (_changed(2, "applicant_kind", "职务"), "900000", DuplicateRow, "I2、I3"),
        (_changed(1, "period_end", "一月底"), "900000", UnknownPeriod, "一月底"),
        (_release(), "900101", UnitMismatch, "丁区"),
        ([["patent_kind", "applicant_kind", "count"], ["发明", "职务", 1]], "900000",
         MissingColumn, "period_start"),
    ],
    ids=["area", "item", "twice", "day", "sender", "no dates"],
)  # fmt: skip
def test_a_release_that_cannot_be_placed_is_refused(
    rows: list[list[object]], unit: str, error: type[SourceError], words: str
) -> None:
    with pytest.raises(error) as caught:
        _parsed(rows, unit)
    assert words in caught.value.message_zh


PRESS = [
    ["item", "item_as_printed", "as_of", "value", "unit", "reading", "source"],
    ["grants", "专利授权量", "2022-12-31", "26609", "件", "running total", "news 2023-04-24 08:33"],
]


def test_a_press_figure_belongs_to_the_city_that_sends_it_and_to_its_series_element() -> None:
    parsed = parse_submission(as_csv(PRESS), "a.csv", "900100", DEFINITIONS, True)
    assert parsed.authority.rows() == [
        ("NEWS-2022", date(2023, 4, 24), "900100", "乙市", "grants_all_time", "2022", "year",
         "26609", False, "running total", "csv", "D2"),
    ]  # fmt: skip


@pytest.mark.parametrize("unit", ["900101", None])
def test_a_press_figure_of_no_city_is_refused(unit: str | None) -> None:
    with pytest.raises((UnitMismatch, UnknownUnit)):
        parse_submission(as_csv(PRESS), "a.csv", unit, DEFINITIONS)


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_every_sum_of_the_real_releases_holds(path: Path) -> None:
    parsed = parse_submission(path.read_bytes(), path.name, None, Definitions.load(), True)
    assert parsed.authority.height == len(path.read_text(encoding="utf-8").splitlines()) - 1
    assert parsed.checks == ()


def _raised(count: str) -> str:
    return str(int(count) + 1)


@pytest.mark.parametrize("change", [_raised, lambda count: "0" if count != "0" else "7"])
@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_no_single_cell_of_a_real_release_can_change_unseen(
    path: Path, change: Callable[[str], str]
) -> None:
    definitions = Definitions.load()
    lines = path.read_text(encoding="utf-8").splitlines()
    for number in range(1, len(lines), 11):
        fields = lines[number].split(",")
        fields[8] = change(fields[8])
        copy = "\n".join([*lines[:number], ",".join(fields), *lines[number + 1 :]])
        assert parse_submission(copy.encode(), "a.csv", None, definitions).checks, lines[number]


def test_baotous_running_total_is_never_the_years_flow() -> None:
    data = (OFFICIAL / "baotou_2022.csv").read_bytes()
    definitions = Definitions.load()
    frame = parse_submission(data, "a.csv", "150200", definitions, True).authority
    (element,) = frame.filter(value_text="26609")["element_code"]
    kinds = dict(definitions.table("elements").select("element_code", "kind").iter_rows())
    assert kinds[element] == "cumulative"
    assert frame.height == 8


# No release with five kinds of applicant is at hand: this one is generated, its figures invented.
FIVE_HEADER = ["起始日期", "截止日期", "地区代码", "地区", "专利类型", "合计", "企业", "大专院校",
               "科研机构", "机关团体", "个人"]  # fmt: skip
IN_FIVE = {("发明", "900100"): (1, 1, 1, 0, 1), ("外观设计", "900100"): (0, 2, 0, 0, 4),
           ("发明", "900200"): (2, 1, 1, 1, 0), ("外观设计", "900200"): (1, 0, 0, 0, 2),
           }  # fmt: skip


def _in_five() -> list[list[object]]:
    """The release of `_release` in the other layout: the same sums, service told in four parts."""
    rows: list[list[object]] = [list(FIVE_HEADER)]
    everything = {**IN_FIVE}
    for area in ("900100", "900200"):
        of_area = [told for (_, where), told in IN_FIVE.items() if where == area]
        everything["合计", area] = tuple(map(sum, zip(*of_area, strict=True)))
    both = [told for (kind, _), told in everything.items() if kind == "合计"]
    everything["合计", "900000"] = tuple(map(sum, zip(*both, strict=True)))
    return rows + [
        ["2023-01-01", "2023-01-31", area, "", kind, sum(told), *told]
        for (kind, area), told in everything.items()
    ]


def _figures(parsed: ParsedSubmission) -> dict[tuple[str, ...], str]:
    columns = ("area_code", "element_code", "period_code", "value_text")
    return {row[:3]: row[3] for row in parsed.authority.select(columns).rows()}


def _five_parsed(rows: list[list[object]]) -> ParsedSubmission:
    name = "合成示例（虚构数据）五类申请人.xlsx"
    return parse_submission(as_xlsx(rows, None), name, "900000", DEFINITIONS, True)


def test_both_layouts_of_a_release_give_the_same_elements_and_figures() -> None:
    in_five = _five_parsed(_in_five())
    assert in_five.identity.layout_code == "L-R5"
    assert _figures(in_five) == _figures(_parsed(_release()))
    assert in_five.checks == ()


def test_a_figure_added_up_from_four_kinds_says_so() -> None:
    frame = _five_parsed(_in_five()).authority
    service = frame.filter(frame["element_code"] == "发明·职务").row(0, named=True)
    assert (service["value_text"], service["is_derived"], service["cell"]) == ("3", True, "G2")
    assert service["note"] == "derived: 发明/企业＋发明/大专院校＋发明/科研机构＋发明/机关团体"
    total = frame.filter(frame["element_code"] == "发明·合计").row(0, named=True)
    assert (total["is_derived"], total["note"]) == (False, None)


def test_four_kinds_of_which_one_is_blank_make_no_sum() -> None:
    rows = _in_five()
    rows[1][FIVE_HEADER.index("大专院校")] = None
    found = _figures(_five_parsed(rows))
    assert ("900100", "发明·职务", "2023-01") not in found
    assert found["900100", "发明·合计", "2023-01"] == "4"


def test_the_five_kinds_are_held_against_their_total() -> None:
    rows = _in_five()
    rows[1][FIVE_HEADER.index("企业")] = 2
    failed = {(check.rule_id, check.cell) for check in _five_parsed(rows).checks}
    assert failed == {("A01", "F2"), ("A02", "G6")}


def test_columns_of_a_release_may_stand_anywhere() -> None:
    turned = [list(reversed(row)) for row in _in_five()]
    assert _figures(_five_parsed(turned)) == _figures(_five_parsed(_in_five()))


@pytest.mark.parametrize(
    ("old", "new", "error", "words", "cell"),
    [
        ("大专院校", "高等院校", MissingColumn, "“高等院校”可能是“大专院校”", "H1"),
        ("截止日期", None, MissingColumn, "表头缺少“period_end”", "A1"),
        ("地区", "地区名", UnmappedColumn, "“地区名”", "D1"),
        ("地区", "企业", UnmappedColumn, "重复", "G1"),
    ],
)
def test_a_release_with_another_column_is_refused_by_name(
    old: str, new: str | None, error: type[SourceError], words: str, cell: str
) -> None:
    rows = _in_five()
    rows[0][FIVE_HEADER.index(old)] = new
    with pytest.raises(error) as refusal:
        _five_parsed(rows)
    assert words in refusal.value.message_zh
    assert (refusal.value.sheet, refusal.value.cell) == ("表", cell)


def test_an_unknown_column_of_figures_is_not_dropped_without_a_word() -> None:
    rows = [[*row, "其他" if at == 0 else 3] for at, row in enumerate(_in_five())]
    with pytest.raises(UnmappedColumn, match="“其他”"):
        _five_parsed(rows)
