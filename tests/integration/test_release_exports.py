"""The files of a release: the documents' own layout, every row, the same numbers as the marts."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from sources.definitions import Definitions
from tests.integration.conftest import Workspace
from warehouse.exports import bundle, parts
from warehouse.exports.bundle import Source, Written, write_bundle
from warehouse.exports.tables_csv import write_table
from warehouse.exports.workbook import FIRST_ROW, OURS
from warehouse.settings import Settings

HEADINGS = {
    "通辽市": ("表1 通辽市“十四五”知识产权发展主要指标", ("分类", "指标（单位）", "发展目标")),
    "包头市": ("主要指标", ("指 标", "2020年", "2025年", "属性", "备注")),
    "赤峰市": ("二、发展目标", ("指标", "到2025年目标")),
    "鄂尔多斯市": ("二、主要目标", ("指标", "到2025年目标")),
    "朔州市": ("二、发展目标", ("指标", "到2025年目标")),
}


def settings_of(workspace: Workspace) -> Settings:
    return Settings.load(workspace.home, environ={})


@pytest.fixture(scope="module")
def exports(demo: Workspace) -> Path:
    published = json.loads((demo.home / "published/manifest.json").read_text(encoding="utf-8"))
    return demo.home / "releases" / published["release_id"] / "exports"


def test_every_file_is_signed_and_whole(exports: Path) -> None:
    manifest = json.loads((exports / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["failed"] == []
    files = {path.relative_to(exports).as_posix() for path in exports.rglob("*") if path.is_file()}
    assert files == set(manifest["files"]) | {"manifest.json"}
    for name, told in manifest["files"].items():
        data = (exports / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == told["sha256"], name
        assert told["rows_selected"] == told["rows_written"], name
    release = exports.parent / "manifest.json"
    assert manifest["release_manifest_sha256"] == hashlib.sha256(release.read_bytes()).hexdigest()
    kept = json.loads(release.read_text(encoding="utf-8"))
    assert not any(name.startswith("exports/") for name in kept["files"])


def test_the_plan_sheets_are_the_documents_own(demo: Workspace, exports: Path) -> None:
    book = load_workbook(exports / "plan_tables.xlsx")
    assert set(HEADINGS) < set(book.sheetnames)
    assert book.sheetnames[-3:] == ["旗县区", "报送情况", "说明"]
    definitions = Definitions.load()
    for plan in definitions.table("plans").iter_rows(named=True):
        city = definitions.units[plan["city_code"]].unit_name_zh
        sheet = book[city]
        title, headings = HEADINGS[city]
        assert (sheet["A1"].value, sheet["A3"].value) == (plan["plan_zh"], title)
        printed = tuple(cell.value for cell in sheet[FIRST_ROW])
        assert printed == (*headings, *OURS)
        targets = [row for row in definitions.table("plan_targets").iter_rows(named=True)
                   if row["plan_code"] == plan["plan_code"] and row["tier"] == "table"]  # fmt: skip
        targets.sort(key=lambda row: int(row["target_order"]))
        column = next(n for n, name in enumerate(headings) if name.replace(" ", "")[:2] == "指标")
        for number, target in enumerate(targets, start=FIRST_ROW + 1):
            told = [cell.value for cell in sheet[number]]
            brackets = "（）" if "（" in headings[column] else "()"
            unit = target["unit_zh"]
            has_unit = unit and len(headings) > 2
            name = target["indicator_zh"] + (
                f"{brackets[0]}{unit}{brackets[1]}" if has_unit else ""
            )
            assert told[column] == name
            assert target["target_printed"] in told
        assert len(sheet._charts) == 1, city


def test_the_sheet_s_figures_are_the_marts(demo: Workspace, exports: Path) -> None:
    book = load_workbook(exports / "plan_tables.xlsx")
    found = demo.query(
        "select city_name_zh, target_order, actual_value, actual_printed, status_code, coverage_pct"
        " from marts.plan_table order by 1, 2"
    )
    assert len(found) == 47
    for city, order, value, printed, *_ in found:
        sheet = book[city]
        actual = sheet.cell(FIRST_ROW + order, len(HEADINGS[city][1]) + 1).value
        assert actual == "—" if value is None else float(actual) == float(printed), (city, order)
    counties = list(book["旗县区"].iter_rows(min_row=2, values_only=True))
    sums: dict[tuple[str, str], float] = {}
    for city, _, indicator, _, _, value, _ in counties:
        if value != "—":
            sums[city, indicator] = sums.get((city, indicator), 0) + value
    cities = dict(((row[0], row[1]), row[2]) for row in demo.query(
        "select city_name_zh, indicator_zh, value from marts.city_indicators where is_additive"
        " and period_type = 'year' and period_code = '2025' and coverage_pct = 100"
    ))  # fmt: skip
    both = set(sums) & set(cities)
    assert len(both) > 50
    assert {key: round(sums[key], 6) for key in both} == {
        key: round(cities[key], 6) for key in both
    }


def test_the_csv_files_hold_the_marts_cell_by_cell(demo: Workspace, exports: Path) -> None:
    for name in ("plan_table", "reporting_rates", "units"):
        path = exports / "csv" / f"{name}.csv"
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            told = [tuple(row.values()) for row in csv.DictReader(handle)]
        columns = demo.query(f"select * from (describe marts.{name})")
        asked = ", ".join(f"coalesce(\"{c[0]}\"::varchar, '')" for c in columns)
        assert sorted(told) == sorted(demo.query(f"select {asked} from marts.{name}")), name


def test_the_sdmx_file_read_back_is_the_mart_cell_by_cell(demo: Workspace, exports: Path) -> None:
    from pysdmx.io import get_datasets

    folder = exports / "sdmx"
    [found] = get_datasets(
        folder / "city_indicators.csv", folder / "structure.json", validate=False
    )
    frame = found.data
    spans = {"PER": None, "YTD": "ytd", "PTD": "plan_to_date"}
    periods = {"M": "month", "Q": "quarter", "S": "half", "A": "year"}
    told = {}
    for row in frame.to_dict("records"):
        kind = spans[row["SPAN"]] or periods[row["FREQ"]]
        plan = None if row["PLAN"] == "_Z" else row["PLAN"]
        value = None if row["OBS_VALUE"] in ("", None) else float(row["OBS_VALUE"])
        value = None if value != value else value
        told[row["REF_AREA"], row["INDICATOR"], row["TIME_PERIOD"], kind, plan] = (
            value, row["OBS_STATUS"], row["CONF_STATUS"], row["UNIT_MEASURE"], row["COVERAGE"],
        )  # fmt: skip
    mart = {
        row[:5]: (
            row[5],
            "O" if row[5] is None else "P" if row[6] else "U" if row[7] < 100 else "A",
            "F", row[8] or "", f"{row[10]}/{row[9]}",
        )
        for row in demo.query(
            "select city_code, indicator_code, period_code, period_type, plan_code, value,"
            " is_provisional, coverage_pct, unit_zh, expected_units, reported_units"
            " from marts.city_indicators"
        )
    }  # fmt: skip
    assert len(told) == len(frame)
    assert told == mart
    structure = found.structure
    codes = {c.id: set(c.local_codes.codes and [k.id for k in c.local_codes.codes])
             for c in structure.components if c.local_codes}  # fmt: skip
    for name in ("REF_AREA", "INDICATOR", "OBS_STATUS", "CONF_STATUS", "FREQ", "SPAN"):
        assert set(frame[name]) <= codes[name], name


def test_the_workbook_lies_at_a_fixed_path(demo: Workspace, exports: Path) -> None:
    fixed = demo.home / "published" / "plan_tables.xlsx"
    assert fixed.read_bytes() == (exports / "plan_tables.xlsx").read_bytes()
    found = demo.run("verify", str(fixed), "--json").json
    assert (found["is_current"], found["is_file_untouched"]) == (True, True)
    assert found["figures"] == 47 * 4


def test_exporting_again_makes_the_same_bytes(
    demo: Workspace, exports: Path, tmp_path: Path
) -> None:
    home = tmp_path / "var"
    shutil.copytree(exports.parent, home / "releases" / exports.parent.name)
    made = write_bundle(settings_of(Workspace(home)), exports.parent.name, parts.PARTS)
    told = json.loads((exports / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {name: file["sha256"] for name, file in made.files.items()} == {
        name: file["sha256"] for name, file in told.items()
    }


def broken(_: Source, folder: Path) -> list[Written]:
    (folder / "half.txt").write_text("half", encoding="utf-8")
    raise OSError(28, "No space left on device")


def lossy(_: Source, folder: Path) -> list[Written]:
    (folder / "short.csv").write_text("a\n", encoding="utf-8")
    return [Written(folder / "short.csv", 2, 1)]


def test_a_part_that_fails_is_told_and_takes_nothing_with_it(
    demo: Workspace, exports: Path, tmp_path: Path
) -> None:
    home, release = tmp_path / "var", exports.parent.name
    shutil.copytree(exports.parent, home / "releases" / release)
    settings = settings_of(Workspace(home))
    some = {"坏的": broken, "少行的": lossy, "CSV": parts.PARTS["CSV"]}
    made = write_bundle(settings, release, some)
    assert [one["part"] for one in made.failed] == ["坏的", "少行的"]
    assert "No space left" in made.failed[0]["problem_zh"]
    assert "应有 2 行，写出 1 行" in made.failed[1]["problem_zh"]
    target = bundle.exports_folder(settings, release)
    assert sorted(path.name for path in target.iterdir()) == ["csv", "manifest.json"]
    assert not bundle.is_exported(settings, release)
    assert not (home / "releases" / ".exporting" / release).exists()


def test_a_text_that_looks_like_a_formula_is_none(tmp_path: Path) -> None:
    texts = ["=1+1", "+cmd", "@x", "=", "-", "-3.5", "达\"尔'罕<script>", "＝A1", "普通"]
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.units (name varchar)")
        connection.executemany("insert into marts.units values (?)", [[text] for text in texts])
        written = write_table(connection, "units", tmp_path / "units.csv")
    assert written == len(texts)
    with (tmp_path / "units.csv").open(encoding="utf-8-sig", newline="") as handle:
        told = {row["name"] for row in csv.DictReader(handle)}
    assert told == {"'=1+1", "'+cmd", "'@x", "=", "-", "-3.5", "达\"尔'罕<script>", "'＝A1", "普通"}


def test_the_night_says_what_it_wrote(demo: Workspace, exports: Path) -> None:
    told: dict[str, Any] = json.loads(
        (demo.home / "work" / "last_exports.json").read_text(encoding="utf-8")
    )
    manifest = json.loads((exports / "manifest.json").read_text(encoding="utf-8"))
    assert (told["release_id"], told["failed"]) == (exports.parent.name, [])
    # A later night of the same release finds them there and writes none.
    assert told["files"] in (len(manifest["files"]), 0)
