"""Many stewards at one ledger at once: what each was told, to be laid beside what was recorded."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select

from warehouse.errors import DecisionConflict, WarehouseError
from warehouse.ledger import verbs
from warehouse.ledger.tables import events

REASON = "去年积压的授权集中到本月登记"


@dataclass
class Told:
    """What one steward was told."""

    name: str
    done: list[verbs.Decision] = field(default_factory=list)
    conflicts: list[DecisionConflict] = field(default_factory=list)
    otherwise: list[BaseException] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def work_at_once(
    open_desk: Callable[[], Engine],
    submission_ids: Sequence[str],
    *,
    stewards: int,
    at: datetime,
    is_over: Callable[[int], bool],
) -> list[Told]:
    """What each of so many stewards was told, every one with a connection of their own.

    Each looks at a submission, waits as long as one reads, then acts on what they saw; all look at
    the same few.

    Args:
        open_desk: opens the ledger.
        submission_ids: what they decide on.
        stewards: how many.
        at: business moment of the decisions.
        is_over: whether a steward who has tried so often goes home.
    """
    told = [Told(f"steward{number}") for number in range(stewards)]
    together = threading.Barrier(stewards)

    def work(one: Told, seed: int) -> None:
        engine, chance = open_desk(), random.Random(seed)
        try:
            together.wait()
            tries = 0
            while not is_over(tries):
                tries += 1
                _act(engine, one, chance.choice(submission_ids), chance, at)
        except BaseException as error:  # noqa: BLE001  # a thread's failure is the test's
            one.otherwise.append(error)
        finally:
            engine.dispose()

    threads = [
        threading.Thread(target=work, args=(one, seed), daemon=True)
        for seed, one in enumerate(told)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def lost_or_unheard(engine: Engine, told: Sequence[Told]) -> dict[str, Any]:
    """Where what was acknowledged and what was recorded differ; empty when they are the same."""
    acknowledged = Counter(
        (one.name, done.submission_id, done.version) for one in told for done in one.done
    )
    named = select(events.c.author, events.c.submission_id, events.c.event_order).where(
        events.c.author.in_([one.name for one in told])
    )
    with engine.connect() as connection:
        recorded = Counter(tuple(row) for row in connection.execute(named))
        gaps = connection.execute(
            select(events.c.submission_id)
            .group_by(events.c.submission_id)
            .having(func.max(events.c.event_order) != func.count())
        ).all()
    found = {
        "acknowledged, not recorded": acknowledged - recorded,
        "recorded, not acknowledged": recorded - acknowledged,
        "gaps": gaps,
    }
    return {name: what for name, what in found.items() if what}


def _act(
    engine: Engine, one: Told, submission_id: str, chance: random.Random, at: datetime
) -> None:
    with engine.connect() as connection:
        seen = verbs.versions_of(connection, [submission_id])[submission_id]
    time.sleep(chance.uniform(0, 0.01))
    began = time.perf_counter()
    common: dict[str, Any] = {"author": one.name, "at": at, "expected_version": seen}
    # Allowed in the state that the act before left: only somebody else can be in the way.
    does = verbs.return_ if seen % 2 == 0 else verbs.undo
    try:
        one.done.append(does(engine, submission_id, reason=REASON, **common))
    except DecisionConflict as conflict:
        one.conflicts.append(conflict)
    except WarehouseError as error:
        one.otherwise.append(error)
    one.seconds.append(time.perf_counter() - began)
