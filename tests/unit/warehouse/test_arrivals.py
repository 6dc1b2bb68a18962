"""What channels brought is kept once, with its marker, until somebody says whose it is."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.unit.warehouse.builders import JAN_10, NOW, filed
from warehouse.errors import DecisionRefused, UnknownArrival, UnknownSubmission
from warehouse.ledger.arrival_times import record_actual_arrival
from warehouse.ledger.arrivals import (
    BroughtFile,
    arrivals_in_state,
    confirm_unit,
    dismiss,
    evidence_of,
    keep_delivery,
    known_objects,
    link_evidence,
    propose,
)
from warehouse.ledger.engine import writing
from warehouse.ledger.frames import arrival_corrections_frame, copies_for_build
from warehouse.ledger.intake import record_batch
from warehouse.ledger.tables import arrivals
from warehouse.raw_files import store_bytes


def brought(name="表.xlsx", sha="a1", unit="150402", at=JAN_10, part="", **more):
    return BroughtFile(part, name, sha.ljust(64, "0"), 9, at, unit, "150400",
                       more.pop("is_evidence", False), **more)  # fmt: skip


def keep(ledger, *files, far_id="1.1", place="imap/INBOX"):
    return keep_delivery(
        ledger.engine,
        channel_kind="imap",
        place=place,
        far_id=far_id,
        files=files,
        seen_at=NOW,
    )


def only(ledger, state):
    [row] = arrivals_in_state(ledger.engine, state)
    return row


def test_an_object_is_kept_once(ledger):
    assert [keep(ledger, brought()), keep(ledger, brought())] == [1, 0]
    assert known_objects(ledger.engine, "imap/INBOX") == {"1.1"}
    assert known_objects(ledger.engine, "imap/other") == set()
    assert only(ledger, "kept")["first_seen_at"] == NOW


def test_a_mail_without_attachments_is_remembered_too(ledger):
    assert keep(ledger) == 0
    assert known_objects(ledger.engine, "imap/INBOX") == {"1.1"}


def test_a_renumbered_mailbox_brings_nothing_again(ledger):
    keep(ledger, brought(part="1"))
    assert keep(ledger, brought(part="1"), far_id="2.1") == 0
    later = brought(part="1", at=datetime(2026, 1, 11))
    assert keep(ledger, later, far_id="2.2") == 1


def test_two_units_may_bring_the_same_bytes_under_one_name(ledger):
    keep(ledger, brought())
    assert keep(ledger, brought(unit="150403"), far_id="x", place="sftp/150403") == 1


def test_marker_and_files_are_written_together_or_not_at_all(ledger):
    broken = brought(sha="b2")
    object.__setattr__(broken, "file_name", None)
    with pytest.raises(IntegrityError):
        keep(ledger, brought(), broken)
    assert known_objects(ledger.engine, "imap/INBOX") == set()
    with ledger.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(arrivals)).scalar() == 0


def test_an_arrival_becomes_recorded_in_the_transaction_of_its_submission(ledger):
    keep(ledger, brought())
    row = only(ledger, "kept")
    record = filed("a1")
    object.__setattr__(record, "arrival_id", row["arrival_id"])
    [done] = record_batch(ledger.engine, [record], NOW, None)
    assert only(ledger, "recorded")["submission_id"] == done.submission_id
    assert arrivals_in_state(ledger.engine, "kept") == []


def test_a_file_of_nobody_waits_and_one_confirmation_lets_it_in(ledger):
    keep(ledger, brought(unit=None))
    waiting = only(ledger, "unsorted")
    propose(ledger.engine, {waiting["arrival_id"]: {"proposed_unit_code": "150402"}})
    assert only(ledger, "unsorted")["proposed_unit_code"] == "150402"
    words = {"unit_code": "150402", "city_code": "150400", "author": "王审核", "at": NOW}
    assert confirm_unit(ledger.engine, waiting["arrival_id"], **words) == "kept"
    assert only(ledger, "kept")["unit_code"] == "150402"
    with pytest.raises(DecisionRefused, match="不在待确认之列"):
        confirm_unit(ledger.engine, waiting["arrival_id"], **words)


def test_a_scan_of_nobody_becomes_evidence_when_confirmed(ledger):
    keep(ledger, brought("盖章.pdf", unit=None, is_evidence=True))
    words = {"unit_code": "150402", "city_code": "150400", "author": "王审核", "at": NOW}
    assert (
        confirm_unit(ledger.engine, only(ledger, "unsorted")["arrival_id"], **words) == "evidence"
    )


def test_what_is_no_filing_is_put_aside_with_a_reason(ledger):
    keep(ledger, brought(unit=None))
    arrival = only(ledger, "unsorted")["arrival_id"]
    with pytest.raises(DecisionRefused):
        dismiss(ledger.engine, arrival, author="王审核", at=NOW, reason=" ")
    dismiss(ledger.engine, arrival, author="王审核", at=NOW, reason="会议通知")
    assert only(ledger, "dismissed")["arrival_id"] == arrival
    # Put aside by mistake: sent again, it waits again.
    assert keep(ledger, brought(unit=None), far_id="1.2") == 1


@pytest.mark.parametrize("author", ["", "system"])
def test_only_a_person_confirms(ledger, author):
    keep(ledger, brought(unit=None))
    arrival = only(ledger, "unsorted")["arrival_id"]
    with pytest.raises(DecisionRefused):
        confirm_unit(ledger.engine, arrival, unit_code="150402", city_code="150400",
                     author=author, at=NOW)  # fmt: skip


def test_an_arrival_that_is_none_is_named(ledger):
    with pytest.raises(UnknownArrival, match="--unsorted"):
        dismiss(ledger.engine, "nothing", author="王审核", at=NOW, reason="无")


def test_evidence_hangs_on_its_submission_for_good(ledger):
    submission = ledger.passed()
    other = ledger.passed("b2", period="2025-11")
    keep(ledger, brought("盖章.pdf", is_evidence=True))
    arrival = only(ledger, "evidence")["arrival_id"]
    link_evidence(ledger.engine, {arrival: submission})
    link_evidence(ledger.engine, {arrival: other})
    assert evidence_of(ledger.engine, [submission, other]) == {submission: ["盖章.pdf"]}


def handed_in(ledger, settings, submission, at=datetime(2026, 1, 5, 16, 30), reason="系统停电"):
    return record_actual_arrival(
        ledger.engine,
        submission,
        actual=at,
        author="王审核",
        at=NOW,
        reason=reason,
        evidence=store_bytes(settings, b"paper"),
        evidence_name="签收单.jpg",
    )


def test_a_time_of_handing_in_stands_beside_the_arrival_and_the_last_one_counts(ledger, settings):
    submission = ledger.passed()
    assert handed_in(ledger, settings, submission) == JAN_10
    handed_in(ledger, settings, submission, datetime(2026, 1, 6, 9, 0))
    frame = arrival_corrections_frame(ledger.engine)
    assert frame["actual_received_at"].to_list() == [
        datetime(2026, 1, 5, 16, 30), datetime(2026, 1, 6, 9, 0),
    ]  # fmt: skip
    assert "author" not in frame.columns
    before = copies_for_build(ledger.engine, datetime(2026, 1, 20))
    assert before["arrival_corrections"].is_empty()


def test_a_time_of_handing_in_cannot_be_after_the_file_was_here_nor_without_a_reason(
    ledger, settings
):
    submission = ledger.passed()
    with pytest.raises(DecisionRefused, match="晚于"):
        handed_in(ledger, settings, submission, datetime(2026, 2, 1))
    with pytest.raises(DecisionRefused, match="原因"):
        handed_in(ledger, settings, submission, reason=" ")
    with pytest.raises(UnknownSubmission):
        handed_in(ledger, settings, "none")


@pytest.mark.parametrize(
    "act", ["update arrival_corrections set author = 'x'", "delete from arrival_corrections"]
)
def test_a_recorded_time_can_neither_be_changed_nor_removed(ledger, settings, act):
    handed_in(ledger, settings, ledger.passed())
    with (
        pytest.raises(DBAPIError, match="append-only"),
        writing(ledger.engine) as connection,
    ):
        connection.exec_driver_sql(act)
