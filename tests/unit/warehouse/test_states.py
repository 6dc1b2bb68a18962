"""The states: the moves allowed, as a table, and no path leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from tests.unit.warehouse.builders import JAN_10, MANUAL, NOW, TODAY, filed
from tests.unit.warehouse.conftest import Ledger
from warehouse.errors import IllegalTransition, WarehouseError
from warehouse.ledger import verbs
from warehouse.ledger.closing import closed_periods
from warehouse.ledger.engine import writing
from warehouse.ledger.intake import record_batch, settle
from warehouse.ledger.policies import AcceptancePolicies, apply_policies, mark_published
from warehouse.ledger.states import (
    ACCEPTED,
    CORRECTION_TRANSITIONS,
    COUNTED,
    PERIOD_TRANSITIONS,
    STATES,
    TRANSITIONS,
    move,
)
from warehouse.ledger.tables import corrections, events, findings, submissions
from warehouse.raw_files import StoredFile

LIVE = {"held", "passed", "explained", "returned", "accepted_county", "accepted_city", "published"}

ALLOWED = {
    ("receive", None, "received"),
    ("refuse", None, "refused"),
    ("pass", "received", "passed"),
    ("hold", "received", "held"),
    ("reread", "held", "received"),
    ("reread", "passed", "received"),
    ("reread", "explained", "received"),
    ("publish", "accepted_city", "published"),
    ("explain", "passed", "passed"),
    ("explain", "passed", "explained"),
    ("explain", "explained", "explained"),
    ("explain", "accepted_county", "accepted_county"),
    ("accept", "passed", "accepted_county"),
    ("accept", "explained", "accepted_county"),
    ("accept", "returned", "accepted_county"),
    ("accept", "superseded", "accepted_county"),
    ("accept", "accepted_county", "accepted_city"),
    ("withdraw", "received", "withdrawn"),
    ("confirm", "received", "received"),
    ("confirm", "held", "received"),
    *(
        (verb, state, state)
        for verb in ("confirm", "correct", "approve", "reject")
        for state in LIVE - {"held", "returned"}
    ),
    *(("withdraw", state, "withdrawn") for state in LIVE),
    *(("supersede", state, "superseded") for state in LIVE),
    *(("return", state, "returned") for state in LIVE - {"returned"}),
}
OF_THE_LINE = {"receive", "refuse", "pass", "hold", "reread", "publish"}
ALLOWED |= {
    *(("undo", end, begin) for verb, begin, end in ALLOWED if begin and verb not in OF_THE_LINE),
    *(("undo", state, state) for state in LIVE | {"superseded", "withdrawn"}),
}


def test_exactly_these_moves_are_allowed():
    declared = {
        (verb, from_state, to_state)
        for verb, moves in TRANSITIONS.items()
        for from_state, targets in moves.items()
        for to_state in targets
    }
    assert declared == ALLOWED


@pytest.mark.parametrize("verb", sorted(TRANSITIONS))
def test_every_other_move_is_refused_by_name(verb: str):
    for from_state in (None, *STATES):
        for to_state in STATES:
            if (verb, from_state, to_state) in ALLOWED:
                assert move(verb, from_state, to_state) == to_state
            else:
                with pytest.raises(IllegalTransition) as caught:
                    move(verb, from_state, to_state)
                assert caught.value.verb == verb


def test_an_unknown_verb_is_refused():
    with pytest.raises(IllegalTransition):
        move("approve_all", "passed")


def test_refused_is_the_only_end():
    movable = {from_state for _, from_state, _ in ALLOWED if from_state}
    assert set(STATES) - movable == {"refused"}


def test_every_move_of_a_person_and_every_replacement_can_be_taken_back():
    taken_back = {(begin, end) for verb, begin, end in ALLOWED if verb == "undo"}
    for verb, moves in TRANSITIONS.items():
        for begin, ends in moves.items():
            for end in ends:
                assert verb in (*OF_THE_LINE, "undo") or (end, begin) in taken_back, verb


def test_the_lines_own_moves_have_their_reverse_too():
    assert move("reread", "passed") == move("reread", "held") == "received"
    assert move("return", "published") == "returned"
    assert move("withdraw", "received") == "withdrawn"


@pytest.mark.parametrize(
    ("states", "end"), [(CORRECTION_TRANSITIONS, "cancelled"), (PERIOD_TRANSITIONS, None)]
)
def test_corrections_and_periods_move_back_as_they_moved(states, end):
    forth = {
        (begin, target)
        for verb, moves in states.items()
        for begin, targets in moves.items()
        for target in targets
        if verb != "undo" and begin and begin != target
    }
    moves = {(b, t) for all_ in states.values() for b, ts in all_.items() for t in ts}
    assert {(target, begin) for begin, target in forth} <= moves
    assert {t for _, t in moves} - {b for b, _ in moves} == ({end} if end else set())


CITY, FORM, PERIOD = SUBJECT = ("150400", "M1", "2025-12")
REASON = "去年积压的授权集中到本月登记"


class Walk:
    """A ledger in one transaction that is dropped at the end: any act may be tried at any time."""

    def __init__(self, desk: Connection) -> None:
        self.desk = desk
        self.ledger = Ledger(desk)  # type: ignore[arg-type]
        self.ids: list[str] = []

    def file(self, kind: int, *, is_on_behalf: bool = False) -> None:
        number = len(self.ids) + 1
        record = filed(f"f{number}x", at=JAN_10 + timedelta(days=number))
        if is_on_behalf:
            record = replace(record, entered_by="clerk")
        self.ids.append(record_batch(self.desk, [record], NOW, None)[0].submission_id)
        self.ledger.find(self.ids[-1], *((), ("verify",))[kind % 2])

    def line(self, name: str, kind: int) -> None:
        """An act of the night."""
        if name == "file":
            self.file(kind)
        elif name == "enter":
            self.file(kind, is_on_behalf=True)
        elif name == "settle":
            settle(self.desk)
        elif name == "publish":
            mark_published(self.desk, "20260131-001", NOW)
        else:
            policies = AcceptancePolicies() if name == "automatic" else MANUAL
            apply_policies(self.desk, policies, TODAY)

    def act(self, name: str, place: int) -> None:
        """An act of a person."""
        target = self.target(place)
        who: dict[str, Any] = {"author": "steward", "at": NOW}
        if name in ("accept_county", "accept_city"):
            level: Any = name.removeprefix("accept_")
            verbs.accept(self.desk, target, level=level, **who)
        elif name == "explain":
            verbs.explain(self.desk, target, text=REASON, **who)
        elif name == "correct":
            verbs.correct(
                self.desk, target, row_code="01", value_column="current", element_code="patents",
                new_number_text="12", reason="笔误", evidence=PAPER, evidence_name="a.pdf", **who,
            )  # fmt: skip
        elif name == "confirm":
            verbs.confirm(self.desk, target, author="county", at=NOW)
        elif name == "confirm_c1":
            verbs.confirm(self.desk, f"{target}.c1", author="county", at=NOW)
        elif name == "approve":
            verbs.approve(self.desk, f"{target}.c1", author="chief", at=NOW)
        elif name == "close":
            verbs.close(self.desk, SUBJECT, **who)
        elif name == "reopen":
            verbs.reopen(self.desk, SUBJECT, reason="更正", release_name="更正一", **who)
        else:
            does: Any = {
                "return": verbs.return_,
                "withdraw": verbs.withdraw,
                "reject": verbs.reject,
            }.get(name, verbs.undo)
            does(self.desk, self.subject(name, place), reason="合计与分项不符", **who)

    def try_(self, name: str, place: int) -> bool:
        """Whether the act was allowed; a refused one leaves nothing behind."""
        try:
            with self.desk.begin_nested():
                if name in LINE:
                    self.line(name, place)
                else:
                    self.act(name, place)
        except WarehouseError:
            return False
        return True

    def target(self, place: int) -> str:
        return self.ids[place % len(self.ids)]

    def subject(self, name: str, place: int) -> str:
        """What an act is about: a submission, or its first correction."""
        is_of_correction = name in OF_CORRECTIONS and name != "correct"
        return f"{self.target(place)}.c1" if is_of_correction else self.target(place)

    def standing(self) -> list[list[Any]]:
        """How submissions, findings and corrections stand."""
        return [
            list(self.desk.execute(select(table).order_by(*table.primary_key)))
            for table in (submissions, findings, corrections)
        ]

    def is_closed(self) -> bool:
        return SUBJECT in closed_periods(self.desk)

    def figures(self) -> tuple[object, ...]:
        """What figures come from: the versions that count, and the corrections in force."""
        filed_, _, laid_over = self.standing()
        return (
            [row.submission_id for row in filed_ if row.state_code in COUNTED],
            [row.correction_id for row in laid_over if row.state_code == "approved"],
        )


CITY, FORM, PERIOD = SUBJECT = ("150400", "M1", "2025-12")
REASON = "去年积压的授权集中到本月登记"
PAPER = StoredFile("9" * 64, 5, Path("unused"), is_new=True)
LINE = ("file", "enter", "settle", "automatic", "manual", "publish")
OF_PERIODS = ("close", "reopen")
OF_CORRECTIONS = ("correct", "confirm_c1", "approve", "reject", "undo_c1")
REVERSED = (
    "accept_county", "accept_city", "explain", "return", "withdraw", "confirm", "correct",
    "confirm_c1", "approve", "reject",
)  # fmt: skip
EVERY = (*LINE, *OF_PERIODS, *REVERSED, "undo", "undo_c1")


class Dropped(Exception):
    """Ends a transaction of which nothing is to stay."""


@contextmanager
def walking(engine: Engine) -> Iterator[Walk]:
    with suppress(Dropped), writing(engine) as desk:
        yield Walk(desk)
        raise Dropped


def step(path: Walk, name: str, place: int, seen: list[object]) -> list[object]:
    """One act, with all that must hold of it; the history after it."""
    before, figures, was_closed = path.standing(), path.figures(), path.is_closed()
    is_done = path.try_(name, place)
    assert is_done or path.standing() == before, "a refused act left something behind"
    if was_closed and name not in OF_PERIODS:
        assert path.figures() == figures, "a closed period moved"
    if is_done and name in REVERSED:
        with suppress(Dropped), path.desk.begin_nested():
            verbs.undo(path.desk, path.subject(name, place), author="li", at=NOW, reason="点错了")
            after = path.standing()
            if name == "correct":  # what was proposed stays, as cancelled
                known = {row.correction_id for row in before[2]}
                [own] = [row for row in after[2] if row.correction_id not in known]
                assert own.state_code == "cancelled"
                after[2].remove(own)
            assert after == before
            raise Dropped
    return _history_holds(path, seen)


def _history_holds(path: Walk, seen: list[object]) -> list[object]:
    """The events, once it is seen that they only grew and lead where the submissions stand."""
    ordered = select(events).order_by(events.c.submission_id, events.c.event_order)
    now = path.desk.execute(ordered).mappings().all()
    states = {row.submission_id: row.state_code for row in path.standing()[0]}
    told = [tuple(row.values()) for row in now]
    assert set(seen) <= set(told)
    last: dict[str, str | None] = {}
    for row in now:
        key = row["submission_id"]
        assert row["from_state"] == last.get(key)
        assert (row["verb"], row["from_state"], row["to_state"]) in ALLOWED
        last[key] = row["to_state"]
    assert last == states
    assert sum(state in ACCEPTED for state in states.values()) <= 1
    return list(told)


@pytest.mark.parametrize(
    "way",
    [
        ("explain", "accept_county", "correct", "confirm_c1", "approve", "accept_city", "publish"),
        ("explain", "automatic", "file", "settle", "automatic"),
        ("close", "file", "settle", "reopen", "settle"),
        ("enter", "settle", "confirm", "settle", "return", "undo"),
    ],
    ids=["reviewed", "replaced", "closed", "entered"],
)
def test_along_the_usual_ways_every_act_keeps_the_rules_and_can_be_taken_back(
    ledger: Ledger, way: tuple[str, ...]
):
    """At every station of the way each act is tried, and whichever is allowed is taken back."""
    with walking(ledger.engine) as path:
        path.file(1)
        settle(path.desk)
        seen: list[object] = []
        allowed = set()
        for station in ("settle", *way):
            for name in EVERY:
                for place in range(len(filed_before := list(path.ids))):
                    with suppress(Dropped), path.desk.begin_nested():
                        count = len(step(path, name, place, seen))
                        allowed |= {name} if count > len(seen) else set()
                        raise Dropped
                    path.ids = list(filed_before)
            newest = len(path.ids) - 1
            assert path.try_(station, newest), station
            seen = _history_holds(path, seen)
        assert {"withdraw", "return", "correct"} <= allowed


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@hypothesis_settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(acts=st.lists(st.tuples(st.sampled_from(EVERY), st.integers(0, 1)), min_size=8, max_size=24))
def test_no_path_of_acts_makes_a_move_that_is_not_allowed_or_changes_an_old_event(
    ledger: Ledger, acts: list[tuple[str, int]]
):
    with walking(ledger.engine) as path:
        path.file(0)
        seen: list[object] = []
        for name, place in [("settle", 0), *acts]:
            seen = step(path, name, place, seen)
