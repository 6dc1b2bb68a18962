"""The private warehouse: delete-and-insert, copies, calendars, history, one writer."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from sources.contract import AUTHORITY_SCHEMA, CELLS_SCHEMA, VALUES_SCHEMA
from tests.unit.warehouse.builders import JAN_20, NOW
from warehouse import connection as warehouse_connection
from warehouse.connection import prepare_warehouse, private_warehouse, warehouse_writer
from warehouse.errors import WarehouseBusy, WorkspaceMissing
from warehouse.ledger import frames, verbs
from warehouse.ledger.extensions import EXTENSIONS
from warehouse.raw_files import raw_path, store_bytes
from warehouse.raw_store import (
    RunContext,
    history_frame,
    periods_frame,
    replace_ledger_copies,
    write_due_dates,
    write_filed,
    write_periods,
    write_run_context,
)
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


def values(submission_id: str, **numbers: str | None) -> pl.DataFrame:
    """VALUES of a submission, one row per element given."""
    unit, form, period, _ = submission_id.split(".")
    rows = [
        {
            "submission_id": submission_id,
            "unit_code": unit,
            "form_code": form,
            "form_version": "1",
            "period_code": period,
            "row_code": f"{number:02d}",
            "value_column": "current",
            "element_code": element,
            "text": text,
            "number_text": text,
        }
        for number, (element, text) in enumerate(numbers.items(), start=1)
    ]
    names = ("submission_id", "unit_code", "form_code", "form_version", "period_code")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()) | VALUES_SCHEMA)


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.sql(f"select count(*) from raw.{table}").fetchall()[0][0]


def test_bytes_are_kept_once_under_their_hash(settings: Settings):
    first, again = store_bytes(settings, b"abc"), store_bytes(settings, b"abc")
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert first.path == raw_path(settings, sha256) == settings.raw / "ba" / sha256
    assert first.path.read_bytes() == b"abc"
    assert (first.is_new, again.is_new) == (True, False)
    assert [path.name for path in first.path.parent.iterdir()] == [sha256]


def test_a_file_cut_short_by_a_crash_is_written_anew(settings: Settings):
    path = store_bytes(settings, b"abc").path
    path.unlink()
    path.write_bytes(b"a")
    assert store_bytes(settings, b"abc").is_new
    assert path.read_bytes() == b"abc"


def test_the_ledger_frames_have_the_columns_of_their_raw_tables(settings: Settings):
    with warehouse_writer(settings) as connection:
        for table, schema in (
            ("submissions", frames.SUBMISSIONS),
            ("submission_events", frames.EVENTS),
            ("findings", frames.FINDINGS),
            ("corrections", frames.CORRECTIONS),
            ("arrival_corrections", frames.ARRIVAL_CORRECTIONS),
            ("extensions", EXTENSIONS),
        ):
            columns = connection.sql(f"select * from raw.{table}").columns
            assert columns == list(schema), table


def test_writing_a_submission_again_replaces_its_rows_and_no_others(settings: Settings):
    one, other = "150402.M1.2025-12.v1", "150403.M1.2025-12.v1"
    with warehouse_writer(settings) as connection:
        write_filed(
            connection,
            values=pl.concat([values(one, a="1", b="2"), values(other, a="9")]),
        )
        write_filed(connection, values=values(one, a="7"))
        found = connection.sql(
            "select submission_id, element_code, number_text from raw.reported_values order by all"
        ).fetchall()
    assert found == [(one, "a", "7"), (other, "a", "9")]


def test_cells_are_kept_per_file_and_authority_figures_per_submission(settings: Settings):
    cell = {"sheet": "表", "row_no": 6, "column_no": 2, "cell": "C7", "text": "12"}
    cells = pl.DataFrame([cell], schema=CELLS_SCHEMA).with_columns(file_sha256=pl.lit("a1"))
    figure = {"published_on": date(2024, 2, 1), "value_text": "5", "is_derived": False}
    authority = pl.DataFrame([figure], schema=AUTHORITY_SCHEMA)
    authority = authority.with_columns(submission_id=pl.lit("s1"))
    with warehouse_writer(settings) as connection:
        for _ in range(2):
            write_filed(connection, cells=cells, authority=authority)
        assert count(connection, "cells") == 1
        assert count(connection, "authority_values") == 1


def test_a_failed_write_leaves_the_rows_as_they_were(settings: Settings):
    one = "150402.M1.2025-12.v1"
    broken = values(one, a="7").with_columns(row_no=pl.lit("x"))
    with warehouse_writer(settings) as connection:
        write_filed(connection, values=values(one, a="1"))
        with pytest.raises(duckdb.Error):
            write_filed(
                connection,
                values=broken,
                authority=pl.DataFrame(
                    {"submission_id": ["s"]} | {name: ["no date"] for name in AUTHORITY_SCHEMA}
                ),
            )
        rows = connection.sql("select number_text from raw.reported_values").fetchall()
    assert rows == [("1",)]


def test_the_copies_of_the_ledger_are_taken_anew_each_time(settings: Settings, ledger):
    submission_id = ledger.passed(severity="verify")
    with warehouse_writer(settings) as connection:
        for _ in range(2):
            copied = replace_ledger_copies(connection, ledger.engine)
        assert copied == {
            "submissions": 1,
            "submission_events": 2,
            "findings": 1,
            "corrections": 0,
            "arrival_corrections": 0,
            "extensions": 0,
        }
        row = connection.sql("select submission_id, state_code, known_from from raw.submissions")
        assert row.fetchall() == [(submission_id, "passed", datetime(2026, 1, 10, 9))]


def test_the_run_has_exactly_one_row(settings: Settings):
    context = RunContext(date(2026, 1, 31), "20260131-001", NOW, "0.1.0", "hash", is_synthetic=True)
    with warehouse_writer(settings) as connection:
        write_run_context(connection, context)
        write_run_context(connection, context)
        rows = connection.sql("select as_of, release_id, kind from raw.run_context").fetchall()
    assert rows == [(date(2026, 1, 31), "20260131-001", "nightly")]


def test_periods_know_their_neighbours_and_a_running_total_starts_anew_each_year():
    frame = periods_frame(["2020-12-16/2021-06-15"])
    rows = {(row["period_code"], row["period_type"]): row for row in frame.to_dicts()}
    quarter = rows["2025-Q1", "quarter"]
    assert (quarter["period_start"], quarter["period_end"]) == (date(2025, 1, 1), date(2025, 3, 31))
    assert quarter["previous_code"] == "2024-Q4"
    assert quarter["same_period_last_year_code"] == "2024-Q1"
    march, january = rows["2025-03", "ytd"], rows["2025-01", "ytd"]
    assert (march["period_start"], march["previous_code"]) == (date(2025, 1, 1), "2025-02")
    assert (january["previous_code"], january["same_period_last_year_code"]) == (None, "2024-01")
    assert rows["2025-Q3", "ytd"]["period_start"] == date(2025, 1, 1)
    window = rows["2020-12-16/2021-06-15", "window"]
    assert (window["period_end"], window["previous_code"]) == (date(2021, 6, 15), None)
    years = 21
    assert frame.height == years * (12 + 4 + 2 + 1 + 12 + 4) + 1


def test_periods_and_due_dates_are_replaced_whole(settings: Settings):
    due = pl.DataFrame(
        [("M1", "1", "150400", "2025-12", datetime(2026, 1, 6, 23, 59, 59))],
        schema=["form_code", "form_version", "city_code", "period_code", "due_at"],
        orient="row",
    )
    with warehouse_writer(settings) as connection:
        for _ in range(2):
            write_due_dates(connection, due)
            written = write_periods(connection)
        assert count(connection, "due_dates") == 1
        assert count(connection, "periods") == written


def history(settings: Settings, ledger: Any) -> list[tuple[Any, ...]]:
    with warehouse_writer(settings) as connection:
        replace_ledger_copies(connection, ledger.engine)
        return history_frame(connection).rows()


def test_history_is_of_the_newest_version_that_stands(settings: Settings, ledger):
    old, new = ledger.passed("a1"), ledger.passed("b2", at=JAN_20)
    with warehouse_writer(settings) as connection:
        write_filed(connection, values=pl.concat([values(old, a="1", b=None), values(new, a="2")]))
    key = ("150402", "M1", "2025-12", "a")
    assert history(settings, ledger) == [(*key, "2")]
    verbs.withdraw(ledger.engine, new, author="zhang", at=NOW, reason="报错了单位")
    assert history(settings, ledger) == [(*key, "1")]


def test_history_knows_an_approved_correction_and_no_other(settings: Settings, ledger):
    submission_id = ledger.passed()
    with warehouse_writer(settings) as connection:
        write_filed(connection, values=values(submission_id, patents="120"))
    proposed = verbs.correct(
        ledger.engine, submission_id, author="zhang", at=NOW, row_code="01",
        value_column="current", element_code="patents", new_number_text="12", reason="多录一位",
        evidence=store_bytes(settings, b"paper"), evidence_name="证明.pdf", confirmed_by="负责人",
    )  # fmt: skip
    key = ("150402", "M1", "2025-12", "patents")
    assert history(settings, ledger) == [(*key, "120")]
    verbs.approve(ledger.engine, proposed.correction_id, author="li", at=NOW)
    assert history(settings, ledger) == [(*key, "12")]


def test_history_is_empty_with_its_columns_where_there_is_none_and_can_be_asked_by_form(
    settings: Settings, ledger
):
    assert history_frame(None).columns == [
        "unit_code", "form_code", "period_code", "element_code", "number_text",
    ]  # fmt: skip
    with pytest.raises(WorkspaceMissing):
        history_frame(settings)
    submission_id = ledger.passed()
    with warehouse_writer(settings) as connection:
        write_filed(connection, values=values(submission_id, a="1"))
        replace_ledger_copies(connection, ledger.engine)
    assert history_frame(settings, ["M1"]).height == 1
    assert history_frame(settings, ["Q1"]).is_empty()


def test_two_writers_do_not_meet_and_the_second_says_so(settings: Settings):
    code = (
        "import sys\n"
        "from warehouse.connection import warehouse_writer\n"
        "from warehouse.settings import Settings\n"
        "with warehouse_writer(Settings.load(sys.argv[1], environ={})):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    try:
        with (
            pytest.raises(WarehouseBusy, match=r"warehouse\.duckdb"),
            warehouse_writer(settings, wait_seconds=0.2),
        ):
            pytest.fail("two writers")
        with pytest.raises(WarehouseBusy), private_warehouse(settings):
            pytest.fail("a reader beside a writer")
    finally:
        other.communicate("done\n", timeout=20)
    with warehouse_writer(settings, wait_seconds=0.2) as connection:
        assert count(connection, "cells") == 0


def test_changed_raw_tables_move_to_a_new_file_with_the_rows_both_know(
    settings: Settings, monkeypatch, tmp_path: Path
):
    submission_id = "150402.M1.2025-12.v1"
    with warehouse_writer(settings) as connection:
        write_filed(connection, values=values(submission_id, a="1"))
        connection.execute("create schema staging; create table staging.left_out (a int)")
    assert prepare_warehouse(settings) is False
    ddl = warehouse_connection._DDL.read_text(encoding="utf-8")
    changed = tmp_path / "raw.sql"
    changed.write_text(
        ddl.replace("    number_text varchar,\n", "    number_text varchar,\n    grade varchar,\n"),
        encoding="utf-8",
    )
    monkeypatch.setattr(warehouse_connection, "_DDL", changed)
    assert prepare_warehouse(settings) is True
    with warehouse_writer(settings) as connection:
        rows = connection.sql("select number_text, grade from raw.reported_values").fetchall()
        tables = connection.sql("select table_name from duckdb_tables()").fetchall()
    assert rows == [("1", None)]
    assert ("left_out",) not in tables
