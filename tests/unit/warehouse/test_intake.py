"""Intake: versions, no-ops, the newest whatever the order, and the check's verdict."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from tests.unit.warehouse.builders import FEB_10, JAN_10, JAN_20, NOW, filed
from warehouse.ledger import verbs
from warehouse.ledger.intake import awaiting_check, record_batch, settle
from warehouse.ledger.policies import AcceptancePolicies, apply_policies
from warehouse.ledger.tables import events, files, submissions


def test_a_first_file_is_version_one_and_known_from_its_arrival(ledger):
    recorded = ledger.file("a1", at=JAN_10)
    assert recorded.submission_id == "150402.M1.2025-12.v1"
    assert (recorded.version, recorded.replaces_version, recorded.state_code) == (
        1,
        None,
        "received",
    )
    assert recorded.known_from == JAN_10
    assert ledger.events("150402.M1.2025-12.v1") == [("receive", None, "received", JAN_10)]


def test_the_bytes_of_the_latest_version_again_are_no_operation(ledger):
    first = ledger.file("a1", at=JAN_10)
    again = ledger.file("a1", at=JAN_20, name="再次.xlsx")
    assert again.outcome == "no_op"
    assert again.submission_id == first.submission_id
    assert len(ledger.events(first.submission_id)) == 1


def test_the_bytes_of_an_older_version_are_a_new_version(ledger):
    ledger.file("a1", at=JAN_10)
    ledger.file("b2", at=JAN_20)
    back = ledger.file("a1", at=JAN_20 + timedelta(days=1))
    assert (back.outcome, back.version, back.replaces_version) == ("recorded", 3, 2)


def test_withdrawn_bytes_filed_again_are_a_new_version(ledger):
    submission_id = ledger.passed("a1")
    verbs.withdraw(ledger.engine, submission_id, author="steward", at=NOW, reason="报错了单位")
    assert ledger.file("a1", at=JAN_20).version == 2


def test_an_older_arrival_processed_later_gets_the_next_number_but_is_not_newest(ledger):
    ledger.file("b2", at=JAN_20)
    late = ledger.file("a1", at=JAN_10)
    assert (late.version, late.replaces_version, late.is_newest) == (2, None, False)
    # The bytes of the newest are still those of January 20.
    assert ledger.file("b2", at=JAN_20 + timedelta(hours=1)).outcome == "no_op"


def test_two_versions_of_one_night_are_numbered_by_arrival_then_name_and_told_in_the_order_given(
    ledger,
):
    later, earlier, same_time = record_batch(
        ledger.engine,
        [
            filed("b2", at=JAN_20, name="乙.xlsx"),
            filed("a1", at=JAN_10),
            filed("c3", at=JAN_20, name="甲.xlsx"),
        ],
        NOW,
        None,
    )
    assert [earlier.version, later.version, same_time.version] == [1, 2, 3]
    assert [earlier.is_newest, later.is_newest, same_time.is_newest] == [False, False, True]
    assert same_time.replaces_version == 2


def test_the_same_bytes_twice_in_one_night_are_one_submission(ledger):
    both = record_batch(ledger.engine, [filed("a1"), filed("a1", at=JAN_20)], NOW, None)
    assert [one.outcome for one in both] == ["recorded", "no_op"]
    assert both[0].submission_id == both[1].submission_id


def test_a_file_that_cannot_be_identified_is_refused_once_per_unit(ledger):
    first = ledger.file("dead", period=None)
    assert first.submission_id == "150402.refused.dead00000000"
    assert (first.state_code, first.version) == ("refused", None)
    assert ledger.file("dead", period=None, at=JAN_20).outcome == "no_op"
    assert ledger.file("dead", period=None, unit="150403").outcome == "recorded"
    assert ledger.file("beef", period=None).outcome == "recorded"


def test_a_refused_file_that_names_its_form_and_period_takes_a_version(ledger):
    refused = ledger.file("a1", refused=True)
    assert (refused.submission_id, refused.state_code) == ("150402.M1.2025-12.v1", "refused")
    assert ledger.file("b2", at=JAN_20).replaces_version == 1


def test_an_arrival_after_the_clock_counts_from_the_clock_and_keeps_its_own_order(ledger):
    later = ledger.file("b2", at=FEB_10)
    assert later.known_from == NOW
    assert ledger.file("a1", at=NOW).is_newest is False


def test_what_the_last_release_did_not_have_is_known_only_after_it(ledger):
    known = ledger.file("a1", at=JAN_10, last=date(2026, 1, 15)).known_from
    assert known == datetime(2026, 1, 16)


def test_the_check_holds_what_has_a_blocking_finding_and_passes_the_rest(ledger):
    blocked = ledger.file("a1", unit="150402").submission_id
    doubtful = ledger.file("a1", unit="150403").submission_id
    refused = ledger.file("b2", unit="150404", period=None).submission_id
    ledger.find(blocked, "verify", "blocking")
    ledger.find(doubtful, "quasi_blocking")
    assert awaiting_check(ledger.engine) == [blocked, doubtful]
    assert settle(ledger.engine) == {blocked: "held", doubtful: "passed"}
    assert ledger.state(refused) == "refused"
    assert settle(ledger.engine) == {}


def test_the_check_leaves_alone_what_it_did_not_look_at(ledger):
    one, other = ledger.file("a1").submission_id, ledger.file("a1", unit="150403").submission_id
    assert settle(ledger.engine, [one]) == {one: "passed"}
    assert ledger.state(other) == "received"


def test_findings_met_again_keep_their_status_and_vanished_ones_are_closed(ledger):
    submission_id = ledger.file("a1").submission_id
    ledger.find(submission_id, "verify", "info")
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(
            "update findings set status_code = 'explained' where rule_id = 'R0'"
        )
    ledger.find(submission_id, "verify")
    assert ledger.finding_states(submission_id) == ["explained", "closed"]
    ledger.find(submission_id, "verify", "info")
    assert ledger.finding_states(submission_id) == ["explained", "open"]


def test_names_and_telephones_stay_in_the_one_column_of_the_ledger(ledger):
    ledger.passed("a1")
    with ledger.engine.connect() as connection:
        row = connection.execute(select(submissions)).mappings().one()
        others = {name: str(value) for name, value in row.items() if name != "people_json"}
        dump = str(others) + str(connection.execute(select(events)).all())
    assert "王某某" in row["people_json"]
    assert "王某某" not in dump
    assert "13800000000" not in dump


def test_of_a_night_of_many_files_each_is_taken_checked_and_accepted_once(ledger):
    records = [
        filed(
            f"{unit}x{month}x",
            unit=f"15{unit:04d}",
            period=f"{2021 + month // 12}-{month % 12 + 1:02d}",
        )
        for unit in range(1000, 1011)
        for month in range(60)
    ]
    record_batch(ledger.engine, records, NOW, None)
    settle(ledger.engine)
    accepted = apply_policies(ledger.engine, AcceptancePolicies(), NOW.date())
    with ledger.engine.connect() as connection:
        written = connection.execute(select(func.count()).select_from(events)).scalar()
        known = connection.execute(select(func.count()).select_from(files)).scalar()
    assert len(accepted) == len(records) == 660
    assert (written, known) == (4 * 660, 660)


def test_the_very_arrival_recorded_before_is_told_from_a_file_sent_again(ledger):
    ledger.file("a1", at=JAN_10, name="上报.xlsx")
    [again] = record_batch(ledger.engine, [filed("a1", at=JAN_10, name="上报.xlsx")], NOW, None)
    [sent] = record_batch(ledger.engine, [filed("a1", at=JAN_20, name="上报.xlsx")], NOW, None)
    assert (again.outcome, again.is_same_arrival) == ("no_op", True)
    assert (sent.outcome, sent.is_same_arrival) == ("no_op", False)
