"""One received file that holds several forms becomes several submissions, and only once."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from orchestration.stages import definitions_of
from orchestration.stages.answering import answer
from orchestration.stages.checking import check_files
from orchestration.stages.loading import load_unread
from orchestration.stages.reading import read
from orchestration.stages.receiving import receive
from sources.periods import parse_period
from sources.templates.grid import blueprint, fill
from tests.corpus.books import Rows, xlsx, zipped
from warehouse.connection import warehouse_writer
from warehouse.ledger.arrivals import arrivals_in_state, evidence_of
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.tables import files, submissions
from warehouse.raw_files import raw_path
from warehouse.settings import Settings
from warehouse.workspace import init

CITY, UNIT = "150400", "150402"
ARRIVED = datetime(2025, 4, 3, 10, 0).timestamp()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(tmp_path / "var", environ={})
    init(settings)
    return settings


def form(settings: Settings, form_code: str, period_code: str, figure: int = 1) -> Rows:
    """A filled form of the unit as rows of a sheet; every entry holds the same figure."""
    definitions = definitions_of(settings)
    period = parse_period(period_code)
    version = definitions.form(form_code, period)
    assert version is not None
    plan = blueprint(definitions, version)
    values = {key: Decimal(figure) for key in plan.places}
    grid = fill(plan, definitions.units[UNIT], period, values, is_synthetic=False)
    return [
        [float(v) if isinstance(v := row.cells.get(n), Decimal) else v for n in range(grid.width)]
        for row in grid.rows
    ]


def taken(
    settings: Settings, name: str, data: bytes, *, minutes: int = 0
) -> tuple[int, int, int, int]:
    """A file dropped and read: files, forms received, forms refused, forms unchanged.

    The same bytes are sent again some minutes later; at the same moment they would be the same
    arrival, left behind by a night that was cut off.
    """
    path = settings.inbox / CITY / UNIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (ARRIVED + 60 * minutes, ARRIVED + 60 * minutes))
    definitions = definitions_of(settings)
    receive(settings, definitions)
    found = read(settings, definitions)
    return found.files, found.received, found.refused, found.unchanged


def rows_of(settings: Settings) -> list[dict[str, object]]:
    engine = open_ledger(settings)
    with engine.connect() as connection:
        asked = select(submissions).order_by(submissions.c.submission_id)
        found = [dict(row) for row in connection.execute(asked).mappings()]
    engine.dispose()
    return found


def figures(settings: Settings) -> list[tuple[object, ...]]:
    """Sheet and sum of the values of each submission, and the cells kept of each file."""
    with warehouse_writer(settings) as connection:
        return connection.sql(
            "select submission_id, min(sheet), count(number_text) from raw.reported_values"
            " group by submission_id union all"
            " select file_sha256, null, count(*) from raw.cells group by file_sha256 order by 1"
        ).fetchall()


def test_two_forms_of_one_workbook_are_two_submissions_with_their_own_receipts(
    settings: Settings,
) -> None:
    data = xlsx({"存量": form(settings, "IP-Q1", "2025-Q1"),
                 "运用": form(settings, "IP-Q2", "2025-Q1")}, None)  # fmt: skip
    assert taken(settings, "一季度.xlsx", data) == (1, 2, 0, 0)
    stocks, use = rows_of(settings)
    sha256 = hashlib.sha256(data).hexdigest()
    assert [(row["submission_id"], row["form_sheet"]) for row in (stocks, use)] == [
        (f"{UNIT}.IP-Q1.2025-Q1.v1", "存量"),
        (f"{UNIT}.IP-Q2.2025-Q1.v1", "运用"),
    ]
    assert {stocks["file_sha256"], use["file_sha256"]} == {sha256}
    assert stocks["cells_read"] != use["cells_read"]
    engine = open_ledger(settings)
    # Of each form a receipt, a report and a page to print.
    assert answer(settings, definitions_of(settings), engine) == 2 * 3
    engine.dispose()
    receipt = settings.outbox / CITY / UNIT / f"{UNIT}.IP-Q2.2025-Q1.v1.回执.txt"
    assert "工作表：运用" in receipt.read_text(encoding="utf-8")


def test_the_same_workbook_again_changes_nothing(settings: Settings) -> None:
    sheets = {
        "存量": form(settings, "IP-Q1", "2025-Q1"),
        "运用": form(settings, "IP-Q2", "2025-Q1"),
    }
    data = xlsx(sheets, None)
    taken(settings, "一季度.xlsx", data)
    before = figures(settings)
    assert taken(settings, "再报.xlsx", data, minutes=5) == (1, 0, 0, 2)
    assert figures(settings) == before
    assert len(rows_of(settings)) == 2


def test_a_form_of_several_that_is_bad_is_refused_alone(settings: Settings) -> None:
    spoiled = [list(row) for row in form(settings, "IP-Q2", "2025-Q1")]
    spoiled[5] = ["改名" if value == "本期" else value for value in spoiled[5]]
    spoiled[5][3] = "改名"
    data = xlsx({"存量": form(settings, "IP-Q1", "2025-Q1"), "运用": spoiled}, None)
    assert taken(settings, "一季度.xlsx", data) == (1, 1, 1, 0)
    assert taken(settings, "一季度.xlsx", data, minutes=5) == (1, 0, 0, 2)
    states = {row["form_code"]: row["state_code"] for row in rows_of(settings)}
    assert states == {"IP-Q1": "received", "IP-Q2": "refused"}


def test_members_of_a_zip_are_kept_by_their_own_hash_beside_the_zip(settings: Settings) -> None:
    first = xlsx({"表": form(settings, "IP-Q1", "2025-Q1")}, None)
    second = xlsx({"表": form(settings, "IP-Q2", "2025-Q1")}, None)
    archive = zipped({"存量.xlsx": first, "运用.xlsx": second, "别的.txt": b"x"})
    assert taken(settings, "报送.zip", archive) == (1, 2, 1, 0)
    hashes = {name: hashlib.sha256(data).hexdigest()
              for name, data in (("a", first), ("b", second), ("zip", archive))}  # fmt: skip
    for digest in hashes.values():
        assert hashlib.sha256(raw_path(settings, digest).read_bytes()).hexdigest() == digest
    found = {row["file_name"]: row for row in rows_of(settings)}
    assert set(found) == {"报送.zip/存量.xlsx", "报送.zip/运用.xlsx", "报送.zip/别的.txt"}
    assert found["报送.zip/运用.xlsx"]["file_sha256"] == hashes["b"]
    assert {row["archive_sha256"] for row in found.values()} == {hashes["zip"]}
    engine = open_ledger(settings)
    with engine.connect() as connection:
        known = set(connection.execute(select(files.c.file_sha256)).scalars())
    engine.dispose()
    assert set(hashes.values()) <= known
    assert list(settings.work.glob("unpacked-*")) == []
    # The same bytes again: as a zip, and a member by itself.
    assert taken(settings, "报送.zip", archive, minutes=5) == (1, 0, 0, 3)
    assert taken(settings, "存量.xlsx", first, minutes=5) == (1, 0, 0, 1)


SCANS = {
    "盖章页.pdf": b"%PDF-1.7 ...",
    "照片.jpg": b"\xff\xd8\xff\xe0JFIF",
    "图.png": b"\x89PNG\r\n\x1a\n....",
    "签章.ofd": zipped({"OFD.xml": "<x/>", "Doc_0/Document.xml": "<x/>"}),
}


def evidence(settings: Settings) -> dict[str, str | None]:
    """Name of every scan in the ledger and the submission it hangs on."""
    engine = open_ledger(settings)
    rows = arrivals_in_state(engine, "evidence")
    engine.dispose()
    for row in rows:
        assert raw_path(settings, row["file_sha256"]).exists()
        assert (row["unit_code"], row["is_evidence"]) == (UNIT, True)
    return {row["file_name"]: row["submission_id"] for row in rows}


def test_scans_in_a_zip_with_one_workbook_hang_on_its_submission(settings: Settings) -> None:
    workbook = xlsx({"表": form(settings, "IP-Q1", "2025-Q1")}, None)
    archive = zipped({"存量.xlsx": workbook, **SCANS})
    assert taken(settings, "报送.zip", archive) == (1, 1, 0, 0)
    expected = {f"报送.zip/{name}": f"{UNIT}.IP-Q1.2025-Q1.v1" for name in SCANS}
    assert evidence(settings) == expected
    # The same zip of the same time is the same arrival, whatever became of the night between.
    assert taken(settings, "报送.zip", archive) == (1, 0, 0, 0)
    assert evidence(settings) == expected
    engine = open_ledger(settings)
    shown = evidence_of(engine, [f"{UNIT}.IP-Q1.2025-Q1.v1"])
    engine.dispose()
    assert sorted(shown[f"{UNIT}.IP-Q1.2025-Q1.v1"]) == sorted(expected)


def test_scans_in_a_zip_with_several_forms_hang_where_their_names_say(settings: Settings) -> None:
    archive = zipped({
        "存量.xlsx": xlsx({"表": form(settings, "IP-Q1", "2025-Q1")}, None),
        "运用.xlsx": xlsx({"表": form(settings, "IP-Q2", "2025-Q1")}, None),
        "运用（盖章）.pdf": b"%PDF-1.7 1", "2025年1季度IP-Q1扫描件.pdf": b"%PDF-1.7 2",
        "其他.pdf": b"%PDF-1.7 3",
    })  # fmt: skip
    assert taken(settings, "报送.zip", archive) == (1, 2, 0, 0)
    assert evidence(settings) == {
        "报送.zip/运用（盖章）.pdf": f"{UNIT}.IP-Q2.2025-Q1.v1",
        "报送.zip/2025年1季度IP-Q1扫描件.pdf": f"{UNIT}.IP-Q1.2025-Q1.v1",
        "报送.zip/其他.pdf": None,
    }


def test_a_zip_of_scans_alone_is_evidence_and_no_refused_form(settings: Settings) -> None:
    assert taken(settings, "盖章页.zip", zipped(SCANS)) == (1, 0, 0, 0)
    assert evidence(settings) == {f"盖章页.zip/{name}": None for name in SCANS}
    assert list((settings.inbox / CITY / UNIT).iterdir()) == []


def test_a_dry_run_says_which_scans_of_a_zip_would_be_kept(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "盖章页.zip"
    path.write_bytes(zipped(SCANS))
    checked = check_files(settings, definitions_of(settings), [path], UNIT)
    assert (checked.exit_code, list(checked.findings)) == (0, [])
    assert [name for name in SCANS if f"“盖章页.zip/{name}”" not in "".join(checked.notes)] == []


def test_a_refused_form_does_not_keep_the_scan_of_its_zip_from_being_kept(
    settings: Settings,
) -> None:
    archive = zipped({"坏.xlsx": b"PK", "盖章页.pdf": b"%PDF-1.7"})
    assert taken(settings, "报送.zip", archive) == (1, 0, 1, 0)
    assert evidence(settings) == {"报送.zip/盖章页.pdf": None}


def test_a_warehouse_that_was_lost_is_read_again_form_by_form(settings: Settings) -> None:
    sheets = {
        "存量": form(settings, "IP-Q1", "2025-Q1"),
        "运用": form(settings, "IP-Q2", "2025-Q1"),
    }
    archive = zipped({"一季度.xlsx": xlsx(sheets, None)})
    taken(settings, "报送.zip", archive)
    before = figures(settings)
    with warehouse_writer(settings) as connection:
        connection.execute("delete from raw.reported_values")
        connection.execute("delete from raw.cells")
    engine = open_ledger(settings)
    assert load_unread(settings, definitions_of(settings), engine) == 2
    engine.dispose()
    assert figures(settings) == before
