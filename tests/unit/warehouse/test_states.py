"""The states: the moves allowed, as a table, and no path leaves it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.unit.warehouse.builders import JAN_10, MANUAL, NOW, TODAY, filed
from warehouse.errors import IllegalTransition, WarehouseError
from warehouse.ledger import verbs
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.intake import record_batch, settle
from warehouse.ledger.policies import AcceptancePolicies, apply_policies, mark_published
from warehouse.ledger.states import STATES, TRANSITIONS, move
from warehouse.ledger.tables import events, submissions
from warehouse.raw_files import store_bytes
from warehouse.settings import Settings
from warehouse.workspace import init

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
    *(
        (verb, state, state)
        for verb in ("correct", "approve")
        for state in LIVE - {"held", "returned"}
    ),
    *(("withdraw", state, "withdrawn") for state in LIVE),
    *(("supersede", state, "superseded") for state in LIVE),
    *(("return", state, "returned") for state in LIVE - {"returned"}),
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


def test_refused_and_withdrawn_are_the_only_ends():
    movable = {from_state for _, from_state, _ in ALLOWED if from_state}
    assert set(STATES) - movable == {"refused", "withdrawn"}


class Walk:
    """One ledger in which any act may be tried at any time."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings.load(home, environ={})
        init(self.settings)
        self.engine = open_ledger(self.settings)
        self.number = 0
        self.ids: list[str] = []

    def file(self, day: int) -> None:
        self.number += 1
        record = filed(f"f{self.number}x", at=JAN_10 + timedelta(days=day))
        self.ids.append(record_batch(self.engine, [record], NOW, None)[0].submission_id)

    def act(self, name: str, place: int) -> None:
        target = self.ids[place % len(self.ids)]
        who = {"author": "steward", "at": NOW}
        if name == "accept_county":
            verbs.accept(self.engine, target, level="county", **who)
        elif name == "accept_city":
            verbs.accept(self.engine, target, level="city", **who)
        elif name == "return":
            verbs.return_(self.engine, target, reason="合计与分项不符", **who)
        elif name == "withdraw":
            verbs.withdraw(self.engine, target, reason="报错了单位", **who)
        elif name == "correct":
            verbs.correct(
                self.engine, target, row_code="01", value_column="current", element_code="patents",
                new_number_text="12", reason="笔误", evidence=store_bytes(self.settings, b"paper"),
                evidence_name="证明.pdf", confirmed_by="统计负责人", **who,
            )  # fmt: skip
        else:
            verbs.approve(self.engine, f"{target}.c1", author="chief", at=NOW)


ACTS = st.one_of(
    st.tuples(st.just("file"), st.integers(0, 5)),
    st.tuples(st.sampled_from(["settle", "automatic", "manual", "publish"]), st.just(0)),
    st.tuples(
        st.sampled_from(
            ["accept_county", "accept_city", "return", "withdraw", "correct", "approve"]
        ),
        st.integers(0, 5),
    ),
)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTS, max_size=14))
def test_no_path_of_acts_makes_a_move_that_is_not_allowed_or_changes_an_old_event(acts):
    with TemporaryDirectory() as folder:
        path = Walk(Path(folder) / "w")
        path.file(0)
        seen: list[object] = []
        for name, number in [("settle", 0), *acts]:
            try:
                if name == "file":
                    path.file(number)
                elif name == "settle":
                    settle(path.engine)
                elif name in ("automatic", "manual"):
                    policies = AcceptancePolicies() if name == "automatic" else MANUAL
                    apply_policies(path.engine, policies, TODAY)
                elif name == "publish":
                    mark_published(path.engine, "20260131-001", NOW)
                else:
                    path.act(name, number)
            except WarehouseError:
                pass  # refused: the checks below see that nothing was half done
            with path.engine.connect() as connection:
                ordered = select(events).order_by(events.c.recorded_at, events.c.submission_id)
                now = connection.execute(ordered).mappings().all()
                states = dict(
                    connection.execute(
                        select(submissions.c.submission_id, submissions.c.state_code)
                    ).all()
                )
            told = [tuple(row.values()) for row in now]
            assert all(old in told for old in seen)
            seen = list(told)
            last: dict[str, str | None] = {}
            for row in sorted(now, key=lambda row: (row["submission_id"], row["event_order"])):
                key = row["submission_id"]
                assert row["from_state"] == last.get(key)
                assert (row["verb"], row["from_state"], row["to_state"]) in ALLOWED
                last[key] = row["to_state"]
            assert last == states
            assert sum(state in ("accepted_city", "published") for state in states.values()) <= 1
        path.engine.dispose()
