"""取数, 核验 and what goes with a release, over a published demo city and accounts of each kind."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from console.app import create_app
from console.daytime import Daytime
from console.handing import FILE_BYTES
from console.views.query import MOST_NUMBERS
from tests.console.browsing import copied
from tests.console.conftest import Office, Visitor
from tests.unit.warehouse.access_builders import CHEAP
from warehouse.access.demo import PASSWORD
from warehouse.access.sessions import Sessions
from warehouse.exports.bundle import exports_folder
from warehouse.exports.query import query
from warehouse.exports.records import codes_in
from warehouse.exports.selection import MEASURES, Selection
from warehouse.ledger.engine import open_ledger
from warehouse.queries.published import manifest
from warehouse.settings import Settings

SCRIPT = "<script>alert(1)</script>"
UNIT, NEIGHBOUR = "150403", "150402"
ASKED = f"area=chosen&unit={NEIGHBOUR},{UNIT}&indicator=TM_VALID_STOCK,PATENT_GRANTS&period=2025-Q3"


@pytest.fixture(scope="module")
def desk(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = copied(world, tmp_path_factory.mktemp("tables") / "var")
    settings = Settings.load(home, environ={})
    engine = open_ledger(settings)
    sessions = Sessions(engine, settings.cities, hasher=CHEAP)
    app = create_app(settings, sessions, Daytime(settings, is_at_work=False))
    yield Office(settings, engine, app)
    engine.dispose()
    app.state.desk.engine.dispose()


def as_(desk: Office, login: str) -> Visitor:
    visitor = desk.visitor()
    assert visitor.log_in(login, PASSWORD).status_code == 303
    return visitor


@pytest.fixture(scope="module")
def reporter(desk: Office) -> Visitor:
    return as_(desk, f"reporter-{UNIT}")


@pytest.fixture(scope="module")
def steward(desk: Office) -> Visitor:
    return as_(desk, "steward-150400")


def test_a_table_on_the_page_is_that_of_the_command(desk: Office, reporter: Visitor) -> None:
    """A county sees its neighbours' published figures, as on the plans' pages."""
    selection = Selection((NEIGHBOUR, UNIT), ("TM_VALID_STOCK", "PATENT_GRANTS"), ("2025-Q3",))
    wanted = query(desk.settings, selection)
    told = reporter.get(f"/query.json?{ASKED}").json()
    assert [(row["unit_code"], row["indicator_code"]) for row in told["answer"]["rows"]] == [
        (line.unit_code, line.indicator_code) for line in wanted.lines
    ]
    for row, line in zip(told["answer"]["rows"], wanted.lines, strict=True):
        assert str(row["value"]) == str(line.cells["2025-Q3"].of("value"))
    page = reporter.get(f"/query?{ASKED}").text
    for words in (told["table"]["title"], "截至 2026-01-31", "演示数据，非真实统计", "不是零",
                  told["table"]["code"], "三季度"):  # fmt: skip
        assert words in page


def test_a_table_is_taken_as_each_kind_of_file_and_known_afterwards(
    desk: Office, reporter: Visitor
) -> None:
    code = reporter.get(f"/query.json?{ASKED}").json()["table"]["code"]
    assert "没有导出过" in reporter.get(f"/verify?code={code}").text  # looking has written nothing
    files = {}
    for suffix in ("xlsx", "docx", "csv"):
        answer = reporter.get(f"/query/table.{suffix}?{ASKED}&title=九月表")
        assert answer.status_code == 200
        assert "%E4%B9%9D%E6%9C%88%E8%A1%A8" in answer.headers["content-disposition"]
        files[suffix] = answer.content
    sheet = load_workbook(BytesIO(files["xlsx"])).worksheets[0]
    assert sheet["A1"].value == "九月表"
    assert any("九月表" in one.text for one in Document(BytesIO(files["docx"])).paragraphs)
    rows = list(csv.DictReader(StringIO(files["csv"].decode("utf-8-sig"))))
    assert len(rows) == 4
    assert {row["核验码"] for row in rows} == {code}
    record = json.loads((desk.settings.exports / f"{code}.json").read_text(encoding="utf-8"))
    assert len(record["files"]) == 3
    for typed in (code, code.replace("-", "").lower(), f" {code[:4]} {code[5:]}"):
        assert "没有变化" in reporter.get(f"/verify?code={typed}").text


def test_the_newest_due_period_and_the_whole_city_are_asked_when_nothing_is_said(
    steward: Visitor,
) -> None:
    told = steward.get("/query.json?indicator=PATENT_GRANTS").json()
    assert (told["asked"]["area"], told["asked"]["periods"]) == ("all", ["2025"])
    assert len(told["answer"]["rows"]) == 13
    assert "勾选指标" in steward.get("/query").text


def test_a_period_is_asked_by_its_name_as_by_its_code(steward: Visitor) -> None:
    named = "2025年,2025年三季度,2025年第3季度,2025-09,2025年1—9月,2025年上半年"
    told = steward.get(f"/query.json?indicator=PATENT_GRANTS&period={named}").json()
    assert set(told["asked"]["periods"]) == {"2025", "2025-Q3", "2025-09", "2025-S1"}
    assert told["problems"] == []
    running = "/query.json?indicator=PATENT_GRANTS&period=2025年1—9月&measure=value"
    assert "2025年9月的累计" in steward.get(running).json()["problems"][0]


def test_what_cannot_be_asked_is_said_and_the_rest_kept(steward: Visitor) -> None:
    every = [
        one["code"]
        for group in steward.get("/query.json").json()["groups"]
        for one in group["rows"]
    ]
    large = f"indicator={','.join(every)}&period=2025-Q2,2025-Q3,2025-Q4"
    count = 13 * len(every) * 3 * len(MEASURES)
    for asked, words in (
        ("indicator=NO_SUCH,PATENT_GRANTS", "没有指标“NO_SUCH”"),
        ("indicator=PATENT_GRANTS&period=2099", "没有报告期“2099”"),
        ("indicator=PATENT_GRANTS&period=ever", "没有报告期“ever”"),
        ("indicator=PATENT_GRANTS&period=四季度", "季写 2025-Q4 或 2025年四季度"),
        ("indicator=PATENT_GRANTS&measure=total", "没有数“total”"),
        ("indicator=PATENT_GRANTS&area=chosen&unit=150602", "没有单位“150602”"),  # not served here
        ("indicator=PATENT_GRANTS&area=chosen", "还没有选单位"),
        ("city=150600&indicator=PATENT_GRANTS", "没有城市“150600”"),
        (large, f"{count:,} 个数，一张表最多 {MOST_NUMBERS:,} 个"),
        (f"indicator={SCRIPT}", "&lt;script&gt;"),
    ):
        answer = steward.get(f"/query?{asked}")
        assert answer.status_code == 200, asked
        assert words in answer.text, asked
        assert SCRIPT not in answer.text
        assert "下载 Word" not in answer.text, asked
        taken = steward.get(f"/query/table.xlsx?{asked}")
        assert taken.status_code == 400, asked
    kept = steward.get("/query?indicator=NO_SUCH,PATENT_GRANTS").text
    assert 'value="PATENT_GRANTS" checked' in kept
    shown = steward.get(f"/query?find={SCRIPT}&title={SCRIPT}&indicator=PATENT_GRANTS").text
    assert SCRIPT not in shown
    assert "&lt;script&gt;" in shown
    assert "还没有选指标" in steward.get("/query/table.csv").text


def test_a_search_leaves_what_is_ticked_and_what_matches(steward: Visitor) -> None:
    groups = steward.get("/query.json?find=质押&indicator=PATENT_GRANTS").json()["groups"]
    names = [one["zh"] for group in groups for one in group["rows"]]
    assert "专利授权量" in names
    assert len(names) > 1
    assert all("质押" in name for name in names if name != "专利授权量")


def test_a_whole_plan_is_taken_as_its_own_table_and_known_afterwards(reporter: Visitor) -> None:
    answer = reporter.get("/plans/chifeng-2023/table.xlsx")
    book = load_workbook(BytesIO(answer.content))
    assert book.sheetnames == ["赤峰市", "说明"]
    assert "没有变化" in _looked_at(reporter, "规划.xlsx", answer.content)
    assert reporter.get("/plans/baotou-145/table.xlsx").status_code == 404


def _looked_at(visitor: Visitor, name: str, data: bytes, status: int = 200) -> str:
    answer = visitor.post("/verify", files={"file": (name, data)})
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_file_that_was_edited_is_said_to_be(reporter: Visitor) -> None:
    data = reporter.get(f"/query/table.csv?{ASKED}").content
    assert "改动或另存过" not in _looked_at(reporter, "表.csv", data)
    told = _looked_at(reporter, "表.csv", data.replace(b"2025-Q3", b"2025-Q4"))
    assert "改动或另存过" in told
    assert "请对照下表" in told


def test_a_file_of_two_tables_is_verified_by_neither_code_alone(reporter: Visitor) -> None:
    asked = (ASKED, f"{ASKED}&measure=value")
    codes = [reporter.get(f"/query.json?{one}").json()["table"]["code"] for one in asked]
    assert len(set(codes)) == 2
    data = b"".join(reporter.get(f"/query/table.csv?{one}").content for one in asked)
    told = _looked_at(reporter, "合并.csv", data)
    assert all(part in told for part in (*codes, "2 个核验码", "逐个核验"))
    assert "没有变化" not in told


def test_exactly_the_numbers_that_changed_are_named(desk: Office, reporter: Visitor) -> None:
    """The record is made that of an earlier release, in which one number was another."""
    asked = f"{ASKED}&measure=value"
    code = reporter.get(f"/query.json?{asked}").json()["table"]["code"]
    data = reporter.get(f"/query/table.xlsx?{asked}").content
    path = desk.settings.exports / f"{code}.json"
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    changed, now = record["figures"][0][1], record["figures"][0][2]
    record["figures"][0][2] = "7"
    record["release_id"] = "20251231-001"
    path.write_text(json.dumps(record), encoding="utf-8")
    for told in (
        reporter.get(f"/verify?code={code}").text,
        _looked_at(reporter, "表.xlsx", data),
    ):
        assert "变了 1 个数" in told
        assert f'<del>7</del></td><td class="num"><ins>{now}</ins>' in told
        assert changed in told
    path.unlink()


def _bomb() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/{number}.xml", b"0" * (30 << 20))
    return target.getvalue()


def test_files_that_are_not_ours_are_refused_in_chinese(reporter: Visitor) -> None:
    assert "没有导出过" in _looked_at(reporter, "炸弹.xlsx", _bomb())
    for name, data in (
        ("../../etc/x\0.xlsx", b"PK\x03\x04broken"), ("宽.csv", b"1" * 200_000),
        (f"{SCRIPT}.csv", "ABCD-2345".encode("utf-16")),
    ):  # fmt: skip
        told = _looked_at(reporter, name, data)
        assert "没有导出过" in told, name
        assert SCRIPT not in told
    assert "空文件" in _looked_at(reporter, "x.xlsx", b"", 400)
    assert "20 MB" in _looked_at(reporter, "x.xlsx", b"0" * (FILE_BYTES + 1), 400)
    assert "没有选择文件" in reporter.post("/verify").text
    assert reporter.post("/verify", {"csrf": "0" * 64}).status_code == 403
    for code in ("ABCD-2345", "..%2F..%2Fworkspace", SCRIPT, "一" * 300):
        told = reporter.get(f"/verify?code={code}").text
        assert "没有导出过" in told
        assert SCRIPT not in told


def test_a_bomb_is_not_unpacked_beyond_what_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bomb.xlsx"
    file.write_bytes(_bomb())
    read: list[int] = []
    honest = zipfile.ZipFile.read

    def counted(self: zipfile.ZipFile, name: Any, pwd: bytes | None = None) -> bytes:
        data = honest(self, name, pwd)
        read.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipFile, "read", counted)
    assert codes_in(file) == []
    assert sum(read) <= 64 << 20


def test_a_releases_files_are_handed_out_whole_to_whom_they_concern(
    desk: Office, steward: Visitor, reporter: Visitor
) -> None:
    release = manifest(desk.settings)["release_id"]
    folder = exports_folder(desk.settings, release)
    listed = f"/releases/{release}/files.json"
    seen = {
        login: {one["name"] for one in visitor.get(listed).json()["rows"]}
        for login, visitor in (
            ("steward", steward), ("reporter", reporter), ("system", as_(desk, "system")),
            ("auditor", as_(desk, "auditor")),
        )
    }  # fmt: skip
    inner = {"report.html", "plan_tables.xlsx", "csv/findings.csv", "notices/150400.txt"}
    assert inner <= seen["steward"] == seen["auditor"]
    assert seen["reporter"] == seen["system"]
    assert not seen["reporter"] & inner
    assert {"csv/plan_table.csv", "sdmx/city_indicators.csv"} <= seen["reporter"]
    for name in sorted(seen["steward"]):
        path = f"/releases/{release}/files/{name}"
        assert steward.get(path).content == (folder / name).read_bytes()
        assert reporter.get(path).status_code == (200 if name in seen["reporter"] else 404)
    for name in ("manifest.json", "../manifest.json", "%2e%2e/manifest.json", "csv/none.csv"):
        assert steward.get(f"/releases/{release}/files/{name}").status_code == 404
    assert steward.get("/releases/20990101-001/files").status_code == 404
    report = steward.get(f"/releases/{release}/report")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "script" not in report.headers["content-security-policy"]
    assert reporter.get(f"/releases/{release}/report").status_code == 404
    table = (folder / "csv" / "plan_table.csv").read_bytes()
    assert "没有变化" in _looked_at(reporter, "plan_table.csv", table)
    assert "改动或另存过" in _looked_at(reporter, "plan_table.csv", table + b"\r\n")
    (folder / "csv" / "units.csv").chmod(0o644)
    (folder / "csv" / "units.csv").write_bytes(b"other")
    assert "校验值不符" in steward.get(f"/releases/{release}/files/csv/units.csv").text


def test_before_the_first_release_and_without_the_right_it_is_said(office: Office) -> None:
    visitor = office.as_("city_steward")
    assert "还没有可以取的数" in visitor.get("/query").text
    assert visitor.get("/query/table.xlsx?indicator=PATENT_GRANTS").status_code == 404
    assert "没有导出过" in visitor.get("/verify?code=ABCD-2345").text
    nobody = office.as_("security_administrator")
    for path in ("/query", "/query/table.csv", "/verify", "/plans/x/table.xlsx"):
        assert nobody.get(path).status_code == 403
