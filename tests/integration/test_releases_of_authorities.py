"""The real regional releases: loaded, summed from the files themselves, and reconciled."""

from __future__ import annotations

import csv
from collections import defaultdict
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

from tests.integration.conftest import Workspace, changed

OFFICIAL = Path(__file__).resolve().parents[2] / "sources/official"
RELEASES = sorted(OFFICIAL.glob("inner_mongolia_20*.csv"))
REGION = "150000"


def figures(path: Path) -> dict[tuple[str, str, str], int]:
    with path.open(encoding="utf-8") as handle:
        return {
            (row["region_code"], row["patent_kind"], row["applicant_kind"]): int(row["count"])
            for row in csv.DictReader(handle)
            if row["count"]
        }


def test_the_sums_a_release_prints_hold_in_the_file() -> None:
    assert len(RELEASES) == 3
    for path in RELEASES:
        counts = figures(path)
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for (area, kind, applicant), count in counts.items():
            if area != REGION:
                totals[kind, applicant] += count
            if applicant == "合计" and (area, kind, "职务") in counts:
                assert count == counts[area, kind, "职务"] + counts[area, kind, "非职务"]
        printed = {key[1:]: count for key, count in counts.items() if key[0] == REGION}
        assert printed
        for margin, count in printed.items():
            assert totals[margin] == count, (path.name, margin)


def test_every_figure_of_the_releases_stands_in_the_reconciliation(demo: Workspace) -> None:
    printed = sum(len(figures(path)) for path in RELEASES)
    [(rows,)] = demo.query("select count(*) from marts.reconciliation where period_type = 'month'")
    assert rows == printed


def test_our_four_cities_agree_and_the_others_are_not_collected(demo: Workspace) -> None:
    statuses = demo.query(
        "select r.area_code, r.status_code, count(*), max(abs(r.difference))"
        " from marts.reconciliation as r where period_type = 'month' group by all"
    )
    cities = {row[0] for row in demo.query("select distinct city_code from marts.plan_table")}
    ours = {row[0]: row for row in statuses if row[0] in cities}
    assert len(ours) == 4
    assert {(row[1], row[3]) for row in ours.values()} == {("equal", 0)}
    others = {row[1] for row in statuses if row[0] not in cities}
    assert others == {"ours_not_collected"}


def test_the_running_total_of_a_newspaper_is_never_the_years_flow(demo: Workspace) -> None:
    total = 26609
    rows = demo.query(
        "select element_code, status_code, theirs from marts.reconciliation where theirs = ?", total
    )
    assert [row[:2] for row in rows] == [("patent_grants_all_time", "ours_not_collected")]
    for table, column in (
        ("unit_observations", "value"),
        ("city_indicators", "value"),
        ("plan_progress", "actual_value"),
    ):
        assert demo.query(f"select count(*) from marts.{table} where {column} = ?", total) == [(0,)]


def test_a_changed_county_figure_is_named_as_a_difference(
    copied: Workspace, tmp_path: Path
) -> None:
    """One grant more in a county's month of 2023-01, with all its sums kept."""
    unit, period = "150202", "2023-01"
    names = [
        "patent_grants", "patent_grants_service", "patent_grants_invention",
        "patent_grants_invention_service", "patent_grants_ytd", "patent_grants_invention_ytd",
    ]  # fmt: skip
    cells = copied.query(
        "select element_code, source_cell, value, submission_id from marts.unit_observations"
        " where unit_code = ? and period_code = ?",
        unit, period,
    )  # fmt: skip
    template = tmp_path / "补报.xlsx"
    copied.run(
        "template", "--form", "IP-M1", "--unit", unit, "--period", period, "--out", str(template)
    )
    from openpyxl import load_workbook

    from sources.definitions import Definitions

    sheet = next(s for s in load_workbook(template).worksheets if s.sheet_state == "visible")
    header = {
        cell.value: cell.column_letter
        for row in sheet.iter_rows()
        for cell in row
        if cell.value in {"代码", "本月", "1—本月累计"}
    }
    rows = {cell.value: cell.row for cell in sheet[header["代码"]]}
    columns = {"current": header["本月"], "ytd": header["1—本月累计"]}
    filed = {element: int(value) for element, _, value, _ in cells}
    filled = {
        f"{columns[e.value_column]}{rows[e.row_code]}": filed[e.element_code]
        + (e.element_code in names)
        for e in Definitions.load().form_elements("IP-M1", "2021")
    }
    copied.drop("150200", unit, "2023年1月 更正.xlsx", changed(template, filled))
    copied.night()
    differing = copied.query(
        "select area_code, element_code, difference, status_code from marts.reconciliation"
        " where period_code = ? and status_code = 'differs'",
        period,
    )
    assert sorted(differing) == sorted(
        ("150200", name, 1, "differs") for name in names if not name.endswith("_ytd")
    )


def test_a_changed_cell_of_a_copy_of_the_release_is_named(copied: Workspace) -> None:
    path = RELEASES[0]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    index = next(
        i for i, line in enumerate(lines) if ",150400," in line and ",外观设计,合计," in line
    )
    fields = lines[index].split(",")
    fields[8] = str(int(fields[8]) + 5)
    lines[index] = ",".join(fields)
    copied.drop(REGION, REGION, path.name, "".join(lines).encode())
    copied.night()
    rules = {
        row[0]
        for row in copied.query("select rule_id from marts.findings where unit_code = ?", REGION)
    }
    assert rules >= {"A01", "A02"}
    listed = copied.run("findings", "--unit", REGION, "--json").json
    assert any("外观设计" in row["message_zh"] for row in listed)


def test_a_figure_printed_in_ten_thousands_stands_in_the_elements_unit(demo: Workspace) -> None:
    with (OFFICIAL / "baotou_2022.csv").open(encoding="utf-8") as handle:
        printed = {row["item"]: row for row in csv.DictReader(handle)}["resident_population"]
    assert printed["unit"] == "万人"
    [(theirs,)] = demo.query(
        "select theirs from marts.reconciliation where element_code = 'resident_population'"
    )
    assert float(theirs) == float(printed["value"]) * 10000


def test_a_release_of_five_kinds_of_applicant_stands_beside_those_of_two(copied: Workspace) -> None:
    """Generated, with invented figures: no release in this layout is at hand."""
    header = ["起始日期", "截止日期", "地区代码", "地区", "专利类型",
              "企业", "大专院校", "科研机构", "机关团体", "个人", "合计"]  # fmt: skip
    told = {"发明": (30, 5, 3, 1, 2), "实用新型": (70, 9, 4, 2, 11), "外观设计": (8, 0, 0, 0, 6)}
    told["合计"] = tuple(map(sum, zip(*told.values(), strict=True)))
    book = Workbook()
    book.active.append(header)
    for kind, figures in told.items():
        book.active.append(["2023-05-01", "2023-05-31", "150200", "包头市", kind, *figures,
                            sum(figures)])  # fmt: skip
    data = BytesIO()
    book.save(data)
    copied.drop("150200", "150200", "合成示例（虚构数据）五类申请人.xlsx", data.getvalue())
    copied.night()
    found = dict(copied.query(
        "select element_code, theirs from marts.reconciliation"
        " where period_code = '2023-05' and area_code = '150200'"
    ))  # fmt: skip
    assert found["patent_grants"] == 151
    assert found["patent_grants_service"] == 132
    assert found["patent_grants_non_service"] == 19
    assert found["patent_grants_invention_service"] == 39
    assert len(found) == 12
