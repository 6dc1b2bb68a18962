"""Which version came after which, for answers that must not look current."""

from __future__ import annotations

from tests.unit.warehouse.builders import JAN_10, JAN_20, NOW
from warehouse.ledger import verbs
from warehouse.ledger.versions import overtaken, replaced_by


def test_a_held_version_gives_way_to_the_next_and_one_in_force_does_not(ledger):
    first = ledger.passed(sha="a1", at=JAN_10, severity="blocking")
    second = ledger.passed(sha="b2", at=JAN_20, severity="blocking")
    assert (ledger.state(first), ledger.state(second)) == ("held", "held")
    with ledger.engine.connect() as connection:
        assert replaced_by(connection, [first, second]) == {first: 2}
        assert overtaken(connection, [second]) == [first]


def test_a_withdrawn_successor_replaces_nothing(ledger):
    first = ledger.passed(sha="a1", at=JAN_10, severity="blocking")
    second = ledger.passed(sha="b2", at=JAN_20, severity="blocking")
    verbs.withdraw(ledger.engine, second, author="zhang", at=NOW, reason="报错了单位")
    with ledger.engine.connect() as connection:
        assert replaced_by(connection, [first]) == {}


def test_a_passed_version_stays_current_while_its_successor_is_held(ledger):
    first = ledger.passed(sha="a1", at=JAN_10, severity="verify")
    ledger.passed(sha="b2", at=JAN_20, severity="blocking")
    with ledger.engine.connect() as connection:
        assert replaced_by(connection, [first]) == {}
