"""Deadlines put off: by whom, until when, and never rewritten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.unit.warehouse.builders import NOW
from warehouse.errors import DecisionRefused
from warehouse.ledger.engine import writing
from warehouse.ledger.extensions import extend, extended_to, extensions_frame
from warehouse.ledger.frames import copies_for_build

SUBJECT = ("150402", "M1", "2025-12")
DUE = datetime(2026, 1, 12, 23, 59, 59)
UNTIL = datetime(2026, 1, 20, 17, 0)


def put_off(ledger, **changes: object) -> int:
    words: dict[str, object] = {
        "author": "li", "at": NOW, "until": UNTIL, "due_at": DUE, "reason": "雪灾，电力中断",
    }  # fmt: skip
    return extend(ledger.engine, SUBJECT, **(words | changes))  # type: ignore[arg-type]


def test_the_last_extension_stands_and_the_first_is_kept(ledger) -> None:
    later = UNTIL + timedelta(days=5)
    assert [put_off(ledger), put_off(ledger, until=later)] == [1, 2]
    assert extended_to(ledger.engine) == {SUBJECT: later}
    assert extensions_frame(ledger.engine)["extended_to"].to_list() == [UNTIL, later]


@pytest.mark.parametrize(
    "changes", [{"reason": " "}, {"author": ""}, {"author": "system"}, {"until": DUE}]
)
def test_an_extension_without_reason_account_or_effect_is_refused(ledger, changes) -> None:
    with pytest.raises(DecisionRefused):
        put_off(ledger, **changes)
    assert extended_to(ledger.engine) == {}


@pytest.mark.parametrize("act", ["update extensions set author = 'x'", "delete from extensions"])
def test_an_extension_can_neither_be_changed_nor_removed(ledger, act: str) -> None:
    put_off(ledger)
    with pytest.raises(DBAPIError, match="append-only"), writing(ledger.engine) as connection:
        connection.exec_driver_sql(act)


def test_a_day_before_the_decision_does_not_know_of_it(ledger) -> None:
    put_off(ledger)
    assert copies_for_build(ledger.engine, NOW - timedelta(days=1))["extensions"].is_empty()
    copied = copies_for_build(ledger.engine, NOW)["extensions"]
    assert copied["extended_to"].to_list() == [UNTIL]
    assert not {"author", "reason_text"} & set(copied.columns)
