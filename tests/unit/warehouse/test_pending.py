"""待纳入: a new version's difference is listed while it waits, and what it does to corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from tests.unit.warehouse.builders import FEB_10, JAN_20, MANUAL, NOW, filed
from warehouse.connection import scratch_warehouse
from warehouse.ledger import verbs
from warehouse.ledger.intake import record_batch, settle
from warehouse.queries.pending import pending_versions, unfit_overlays
from warehouse.raw_files import store_bytes

ZHANG: dict[str, Any] = {"author": "zhang", "at": NOW}
LI: dict[str, Any] = {"author": "li", "at": NOW}


class Shelf:
    """The filed values of the private warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def lay(self, submission_id: str, **numbers: str) -> None:
        for row, number in numbers.items():
            self.connection.execute(
                "insert into raw.reported_values (submission_id, row_code, value_column,"
                " element_code, text, number_text) values (?, ?, 'current', ?, ?, ?)",
                [submission_id, row.removeprefix("r"), f"e{row}", number, number],
            )


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with scratch_warehouse() as connection:
        yield Shelf(connection)


def corrected(ledger, settings, submission_id: str, number: str) -> str:
    done = verbs.correct(
        ledger.engine, submission_id, row_code="01", value_column="current", element_code="er01",
        new_number_text=number, reason="多录一位", evidence=store_bytes(settings, b"paper"),
        evidence_name="a.pdf", confirmed_by="统计负责人", **ZHANG,
    )  # fmt: skip
    verbs.approve(ledger.engine, str(done.correction_id), **LI)
    return str(done.correction_id)


def test_a_new_version_of_an_accepted_period_waits_with_its_difference(ledger, shelf: Shelf):
    old = ledger.passed()
    ledger.apply()
    new = ledger.passed("b2", at=JAN_20)
    ledger.passed("c3", unit="150403")
    ledger.apply(MANUAL)
    shelf.lay(old, r01="12", r02="7", r03="5")
    shelf.lay(new, r01="12.0", r02="8", r04="1")
    (one,) = pending_versions(ledger.engine, shelf.connection)
    assert (one.submission_id, one.in_force_id, one.kind) == (new, old, "change")
    assert (one.state_code, one.waits_for) == ("passed", "acceptance")
    assert [(d.row_code, d.in_force, d.waiting) for d in one.differences] == [
        ("02", "7", "8"), ("03", "5", None), ("04", None, "1"),
    ]  # fmt: skip
    assert pending_versions(ledger.engine, shelf.connection, ["150600"]) == []


def test_what_is_in_force_is_the_corrected_figure(ledger, settings, shelf: Shelf):
    old = ledger.passed()
    corrected(ledger, settings, old, "10")
    ledger.apply()
    new = ledger.passed("b2", at=JAN_20)
    shelf.lay(old, r01="100")
    shelf.lay(new, r01="11")
    (one,) = pending_versions(ledger.engine, shelf.connection)
    ((cell),) = one.differences
    assert (cell.in_force, cell.waiting, cell.is_corrected) == ("10", "11", True)


def test_it_is_said_what_each_waits_for(ledger, shelf: Shelf):
    verbs.close(ledger.engine, ("150400", "M1", "2025-12"), **ZHANG)
    late = ledger.passed()
    assert [(one.submission_id, one.kind, one.waits_for) for one in pending_versions(
        ledger.engine, shelf.connection
    )] == [(late, "late", "reopening")]  # fmt: skip
    verbs.reopen(
        ledger.engine, ("150400", "M1", "2025-12"), reason="补报", release_name="补报一", **LI
    )
    settle(ledger.engine)
    ledger.apply()
    assert pending_versions(ledger.engine, shelf.connection) == []
    record = replace(filed("e5", at=FEB_10), entered_by="zhang")
    entered = record_batch(ledger.engine, [record], NOW, None)[0].submission_id
    settle(ledger.engine)
    assert [(one.submission_id, one.waits_for) for one in pending_versions(
        ledger.engine, shelf.connection
    )] == [(entered, "confirmation")]  # fmt: skip


def test_what_is_held_for_its_findings_waits_for_no_reopening(ledger, shelf: Shelf):
    faulty = ledger.passed(severity="blocking")
    verbs.close(ledger.engine, ("150400", "M1", "2025-12"), **ZHANG)
    assert ledger.state(faulty) == "held"
    assert pending_versions(ledger.engine, shelf.connection) == []
    verbs.reopen(
        ledger.engine, ("150400", "M1", "2025-12"), reason="补报", release_name="补报一", **LI
    )
    good = ledger.passed("b2", at=JAN_20)
    ledger.apply()
    faulty = ledger.passed("c3", at=FEB_10, severity="blocking")
    (one,) = pending_versions(ledger.engine, shelf.connection)
    assert (one.submission_id, one.in_force_id, one.waits_for) == (faulty, good, "findings")


def test_a_correction_that_a_new_version_unfits_is_listed(ledger, settings, shelf: Shelf):
    old = ledger.passed()
    correction_id = corrected(ledger, settings, old, "10")
    assert unfit_overlays(ledger.engine, shelf.connection) == []
    new = ledger.passed("b2", at=JAN_20)
    shelf.lay(new, r01="11")
    (one,) = unfit_overlays(ledger.engine, shelf.connection)
    assert (one.correction_id, one.newer_id) == (correction_id, new)
    assert (one.new_number_text, one.newer_number_text, one.is_taken_over) == ("10", "11", False)
    third = ledger.passed("c3", at=FEB_10)
    shelf.lay(third, r01="10.0")
    (one,) = unfit_overlays(ledger.engine, shelf.connection)
    assert (one.newer_id, one.is_taken_over) == (third, True)
    verbs.undo(ledger.engine, correction_id, reason="新版已改", **LI)
    verbs.reject(ledger.engine, correction_id, reason="新版已改", **LI)
    assert unfit_overlays(ledger.engine, shelf.connection) == []
