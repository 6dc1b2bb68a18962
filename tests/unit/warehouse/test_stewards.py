"""Twenty stewards at once: an act acknowledged is recorded, everybody else hears who was first."""

from __future__ import annotations

from tests.stewards import lost_or_unheard, work_at_once
from tests.unit.warehouse.builders import NOW
from warehouse.ledger.chain_check import chain_damage
from warehouse.ledger.engine import open_ledger
from warehouse.settings import Settings


def test_of_twenty_stewards_at_once_no_act_is_lost_and_none_is_refused_without_a_name(
    ledger, settings: Settings
):
    ids = [ledger.passed(f"a{n}b", unit=f"15040{n}") for n in range(3)]
    told = work_at_once(
        lambda: open_ledger(settings), ids, stewards=20, at=NOW, is_over=lambda tries: tries >= 6
    )
    done = sum(len(one.done) for one in told)
    conflicts = [conflict for one in told for conflict in one.conflicts]
    assert [error for one in told for error in one.otherwise] == []
    assert done + len(conflicts) == 20 * 6
    assert done > len(ids)
    assert conflicts, "nobody was in anybody's way: the test shows nothing"
    assert all(conflict.first_author.startswith("steward") for conflict in conflicts)
    assert lost_or_unheard(ledger.engine, told) == {}
    assert chain_damage(ledger.engine, []) == []
