"""Full disks, dead shares and spoilt files around a release: told, left standing, made good."""

from __future__ import annotations

import csv
import html
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from orchestration.stages import exporting
from sources.definition_files import SEEDS
from tests.integration.conftest import Workspace
from warehouse.exports.placing import FIXED
from warehouse.releases import delivery

QIANGSHI = str(Path(sys.executable).parent / "qiangshi")
DAY = "2026-02-01"


COUNTY, ODD = "140602", "朔'城\"区<b>&=1+1"
EMPTY, EMPTY_ZH = "nothing-yet", "尚无指标的规划"


def awkward_definitions(rows: Path) -> None:
    """A county whose name has quotes and markup, and a plan of which nothing can be computed."""
    rows.mkdir()
    target = {"plan_code": EMPTY, "indicator_code": ""}
    for table, key, old, changes in (
        ("units", "unit_code", COUNTY, [{"unit_name_zh": ODD}]),
        ("plans", "plan_code", "shuozhou-2021", [{"plan_code": EMPTY, "plan_zh": EMPTY_ZH}]),
        ("plan_targets", "target_code", "SZ-H05",
         [target | {"target_code": f"NY-{n}", "target_order": n} for n in "12"]),
    ):  # fmt: skip
        with (SEEDS / f"{table}.csv").open(encoding="utf-8", newline="") as seeds:
            row = next(row for row in csv.DictReader(seeds) if row[key] == old)
        with (rows / f"{table}.csv").open("w", encoding="utf-8", newline="") as made:
            writer = csv.DictWriter(made, list(row))
            writer.writeheader()
            writer.writerows([row | change for change in changes])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One city's last month after its first night, with exports and two mirrors.

    Every test leaves it as it found it: sound, unchanged, on the same day.
    """
    home = tmp_path_factory.mktemp("weather")
    workspace = Workspace(home / "var", has_exports=True)
    workspace.run("init")
    for share in ("share", "other"):
        (home / share).mkdir()
    toml = workspace.home / "workspace.toml"
    text = toml.read_text(encoding="utf-8") + (
        f'\ncities = ["140600"]\npublish_dirs = ["{home}/share", "{home}/other"]\n'
        'definitions = "rows"\n'
    )
    awkward_definitions(workspace.home / "rows")
    toml.write_text(text, encoding="utf-8")
    workspace.run("demo", "--from", "2025-12", "--to", "2025-12")
    night = workspace.night("--date", DAY)
    assert night["exports"]["failed"] == []
    assert [one["problem_zh"] for one in night["deliveries"]] == [None, None]
    return workspace


def mirror(city: Workspace, name: str = "share") -> Path:
    return city.home.parent / name


def exports(city: Workspace) -> Path:
    [(release,)] = city.query("select release_id from marts.release")
    return city.home / "releases" / release / "exports"


def test_workbook_and_page_lie_at_a_fixed_path_here_and_in_every_mirror(city: Workspace) -> None:
    for folder in (city.home / "published", mirror(city), mirror(city, "other")):
        for name in FIXED:
            assert (folder / name).read_bytes() == (exports(city) / name).read_bytes()
            assert not [path for path in folder.glob(f".{name}*")]


def test_a_plan_of_which_nothing_can_be_computed_is_shown_with_its_reason(city: Workspace) -> None:
    reason = "文件未给出位次数值"
    told = city.run("table", EMPTY, "--json").json
    rows = told["rows"] if isinstance(told, dict) else told
    assert [(row["status_code"], row["actual_value"]) for row in rows] == [("no_data", None)] * 2
    assert all(reason in row["status_reason_zh"] for row in rows)
    printed = city.run("table", EMPTY).output
    assert printed.count("无数据") == 2
    # Below the table, once for all targets of which it is said, wherever the line was broken.
    below = "".join(printed.partition("说明\n")[2].split())
    names = "、".join(row["indicator_zh"] for row in rows)
    assert f"{names}：{rows[0]['status_reason_zh']}" in below
    folder = exports(city)
    [sheet] = [one for one in load_workbook(folder / "plan_tables.xlsx").worksheets
               if one["A1"].value == EMPTY_ZH]  # fmt: skip
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert sum(reason in cell for cell in cells) == 2
    assert EMPTY_ZH in (folder / "report.html").read_text(encoding="utf-8")
    texts = [cell.text for table in Document(str(folder / f"brief/{EMPTY}.docx")).tables
             for row in table.rows for cell in row.cells]  # fmt: skip
    assert "无数据" in "".join(texts)
    notice = (folder / "notices/140600.txt").read_text(encoding="utf-8")
    assert f"《{EMPTY_ZH}》：" in notice


def test_a_county_s_name_with_quotes_and_markup_is_text_everywhere(
    city: Workspace, tmp_path: Path
) -> None:
    asked = "select count(*) from marts.unit_observations where unit_name_zh = ?"
    assert city.query(asked, ODD)[0][0] > 0
    asked = 'select count(*) from marts_zh."单位" where "单位名称" = ?'
    assert city.query(asked, ODD) == [(1,)]
    folder = exports(city)
    with (folder / "csv/units.csv").open(encoding="utf-8-sig", newline="") as handle:
        assert ODD in {row["unit_name_zh"] for row in csv.DictReader(handle)}
    sheet = load_workbook(folder / "plan_tables.xlsx")["旗县区"]
    assert ODD in {cell.value for row in sheet.iter_rows() for cell in row}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert html.escape(ODD, quote=False).split("'")[1].split('"')[0] in page
    assert "区<b>" not in page
    asked = ["query", "--indicator", "PATENT_GRANTS", "--unit", COUNTY, "--period", "2025-12"]
    assert ODD in json.dumps(city.run(*asked, "--json").json, ensure_ascii=False).replace("\\", "")
    for name in ("a.xlsx", "a.docx", "a.csv"):
        city.run(*asked, "--out", str(tmp_path / name))
    cells = {c.value for row in load_workbook(tmp_path / "a.xlsx").active.iter_rows() for c in row}
    assert ODD in cells
    texts = {cell.text for table in Document(str(tmp_path / "a.docx")).tables
             for row in table.rows for cell in row.cells}  # fmt: skip
    assert ODD in texts
    assert ODD.replace('"', '""') in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


def test_an_unchanged_night_tells_of_no_export_and_makes_good_what_is_gone(
    city: Workspace,
) -> None:
    for folder in (city.home / "published", mirror(city)):
        (folder / "plan_tables.xlsx").unlink()
    said = city.run("nightly", "--date", DAY).output
    assert "没有变化" in said
    assert "导出" not in said
    for folder in (city.home / "published", mirror(city)):
        assert (folder / "plan_tables.xlsx").is_file()


def test_a_mirror_that_hangs_delays_the_night_by_its_limit_once_and_is_told(
    city: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = mirror(city) / "manifest.json"
    there.unlink()
    os.mkfifo(there)
    waited = []
    perform = delivery.perform_within_limit
    monkeypatch.setattr(delivery, "LONGEST_SECONDS", 3.0)
    monkeypatch.setattr(
        "warehouse.exports.placing.perform_within_limit",
        lambda task: waited.append(task["folder"]) or perform(task),
    )
    try:
        night = city.night("--date", DAY)
    finally:
        there.unlink()
    [problem, fine] = [one["problem_zh"] for one in night["deliveries"]]
    assert "没有写完" in problem
    assert fine is None
    assert waited == [str(mirror(city, "other"))]
    assert [one["problem_zh"] for one in city.night("--date", DAY)["deliveries"]] == [None, None]
    assert there.is_file()


def test_the_doctor_checks_exports_and_copies(city: Workspace) -> None:
    def wrong() -> list[str]:
        told = city.run("doctor", "--json", ends_with=None).json["checks"]
        return [one["message_zh"] for one in told if not one["is_sound"]]

    assert wrong() == []
    for path in (exports(city) / "csv/plan_table.csv", city.home / "published/plan_tables.xlsx"):
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(whole[:-1] + b"!")
        assert [path.name in said for said in wrong()] == [True]
        path.write_bytes(whole)
    page = city.home / "published/report.html"
    page.rename(page.with_suffix(".aside"))
    assert ["published/report.html" in said for said in wrong()] == [True]
    page.with_suffix(".aside").rename(page)


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """A system that takes no more than so many bytes of one file, for this process and its own."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_too_full_for_the_exports_fails_no_night_and_the_next_one_writes_them(
    city: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exports(city)
    before = {path.name for path in folder.iterdir()}
    shutil.rmtree(folder)
    write = exporting.write_in_child

    def cramped(*arguments: Any) -> dict[str, Any]:
        with little_room(100_000):
            return write(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "write_in_child", cramped)
        night = city.night("--date", DAY)
    assert night["is_new"] is False
    assert {"CSV", "报告页"} & {one["part"] for one in night["exports"]["failed"]}, night
    assert not (folder / "report.html").exists()
    assert not (city.home / "published/report.html").exists(), "an old page would pass for new"
    said = city.run("nightly", "--date", DAY).output
    assert "导出未成" not in said
    assert {path.name for path in folder.iterdir()} == before
    assert (mirror(city) / "report.html").is_file()


def test_a_disk_too_full_for_the_night_fails_it_in_words_and_the_next_one_succeeds(
    city: Workspace,
) -> None:
    published = (city.home / "published/manifest.json").read_bytes()
    (city.home / "work/inputs.json").unlink(missing_ok=True)
    order = (
        "import os, resource, sys; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", order, QIANGSHI, "nightly", "--date", DAY],
        env=os.environ | {"QIANGSHI_HOME": str(city.home)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "磁盘已满" in done.stderr
    assert (city.home / "published/manifest.json").read_bytes() == published
    assert city.night("--date", DAY)["is_new"] is False
