"""Acceptance policies: whose row speaks, and what the system accepts by itself."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from tests.unit.warehouse.builders import AUTOMATIC, FEB_10, JAN_10, JAN_20, MANUAL, NOW
from warehouse.ledger import verbs
from warehouse.ledger.frames import copies_for_build
from warehouse.ledger.policies import AcceptancePolicies, mark_published

ROWS = pl.DataFrame(
    {
        "city_code": [None, "150400", None, "150400", "150200"],
        "form_code": [None, None, "M1", "M1", None],
        "policy": ["automatic", "manual", "manual", "automatic", "manual"],
        "valid_from": ["2020-01-01", "2020-01-01", "2020-01-01", "2020-01-01", "2026-02-01"],
        "valid_to": [None, None, None, None, None],
    },
    schema_overrides={"valid_to": pl.String},
)


@pytest.mark.parametrize(
    ("city", "form", "policy"),
    [
        ("150600", "Q1", "automatic"),
        ("150400", "Q1", "manual"),
        ("150600", "M1", "manual"),
        ("150400", "M1", "automatic"),
        # The row of 150200 is not valid yet on January 31.
        ("150200", "Q1", "automatic"),
    ],
)
def test_the_most_specific_row_that_is_valid_speaks(city: str, form: str, policy: str):
    policies = AcceptancePolicies.from_frame(ROWS)
    assert policies.policy_for(city, form, date(2026, 1, 31)) == policy


def test_without_rows_the_policy_is_automatic():
    assert AUTOMATIC.policy_for("150400", "M1", date(2026, 1, 31)) == "automatic"


def test_the_system_accepts_at_both_gates_as_of_the_arrival(ledger):
    submission_id = ledger.passed(at=JAN_10)
    assert ledger.apply() == [submission_id]
    assert ledger.events(submission_id)[2:] == [
        ("accept", "passed", "accepted_county", JAN_10),
        ("accept", "accepted_county", "accepted_city", JAN_10),
    ]
    assert ledger.apply() == []


@pytest.mark.parametrize("severity", ["blocking", "quasi_blocking", "verify"])
def test_the_system_accepts_nothing_with_an_open_finding_that_needs_an_act(ledger, severity: str):
    submission_id = ledger.passed(severity=severity)
    assert ledger.apply() == []
    assert ledger.state(submission_id) in ("passed", "held")


def test_a_hint_does_not_stand_in_the_way(ledger):
    assert ledger.apply() == []
    submission_id = ledger.passed(severity="info")
    assert ledger.apply() == [submission_id]


def test_an_explained_submission_is_accepted_as_of_its_explanation(ledger):
    submission_id = ledger.passed(severity="verify")
    verbs.explain(
        ledger.engine, submission_id, author="zhang", at=NOW, text="本月集中办理去年积压的授权登记"
    )
    assert ledger.apply() == [submission_id]
    assert ledger.events(submission_id)[-1] == ("accept", "accepted_county", "accepted_city", NOW)


def test_under_manual_the_system_accepts_nothing(ledger):
    submission_id = ledger.passed()
    assert ledger.apply(MANUAL) == []
    assert ledger.state(submission_id) == "passed"


def test_a_newer_version_supersedes_the_accepted_one_as_of_its_own_acceptance(ledger):
    old = ledger.passed("a1", at=JAN_10)
    ledger.apply()
    new = ledger.passed("b2", at=JAN_20)
    ledger.apply()
    assert (ledger.state(old), ledger.state(new)) == ("superseded", "accepted_city")
    assert ledger.events(old)[-1] == ("supersede", "accepted_city", "superseded", JAN_20)


def test_two_versions_of_one_night_end_as_if_they_had_come_in_two(ledger):
    old, new = ledger.passed("a1", at=JAN_10), ledger.passed("b2", at=JAN_20)
    assert ledger.apply() == [old, new]
    assert (ledger.state(old), ledger.state(new)) == ("superseded", "accepted_city")
    assert ledger.events(old)[-1] == ("supersede", "accepted_city", "superseded", JAN_20)


def test_a_doubtful_newer_version_waits_and_the_accepted_one_keeps_serving(ledger):
    old = ledger.passed("a1", at=JAN_10)
    new = ledger.passed("b2", severity="verify", at=JAN_20)
    ledger.apply()
    assert (ledger.state(old), ledger.state(new)) == ("accepted_city", "passed")


def test_an_older_arrival_processed_later_never_takes_the_place_of_the_newer(ledger):
    new = ledger.passed("b2", at=JAN_20)
    ledger.apply()
    late = ledger.passed("a1", at=JAN_10)
    ledger.apply()
    assert (ledger.state(late), ledger.state(new)) == ("superseded", "accepted_city")


def test_publication_marks_what_was_accepted_except_in_held_cities(ledger):
    open_city, held_city = ledger.passed(unit="150402"), ledger.passed(unit="150202")
    ledger.apply()
    assert mark_published(ledger.engine, "20260131-001", NOW, ["150200"]) == 1
    assert (ledger.state(open_city), ledger.state(held_city)) == ("published", "accepted_city")
    assert mark_published(ledger.engine, "20260131-001", NOW, ["150200"]) == 0


def test_what_became_known_after_the_release_is_not_marked_by_it(ledger):
    later = datetime(2026, 2, 20, 23, 59, 59)
    submission_id = ledger.passed(at=FEB_10, now=later)
    ledger.apply()
    assert mark_published(ledger.engine, "20260131-001", NOW) == 0
    assert ledger.state(submission_id) == "accepted_city"


def test_the_copies_for_a_build_are_the_same_before_and_after_its_publication(ledger):
    ledger.passed(severity="info")
    ledger.apply()
    before = copies_for_build(ledger.engine)
    assert before["submissions"]["state_code"].to_list() == ["published"]
    mark_published(ledger.engine, "20260131-001", NOW)
    after = copies_for_build(ledger.engine)
    for table, frame in before.items():
        assert frame.equals(after[table]), table
        assert "people_json" not in frame.columns
