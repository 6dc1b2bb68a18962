"""The stages by day: what came is taken in and checked, what was corrected is checked again.

Both are the night's own stages under the night's own lease, so that day and night never write the
private warehouse at once. Nothing is released: the marts follow with the next release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestration.stages.reading import read
from orchestration.stages.receiving import receive
from orchestration.stages.rechecking import recheck
from orchestration.stages.validating import validate
from sources.definitions import Definitions
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.intake import awaiting_check
from warehouse.settings import Settings


def take_in(settings: Settings, definitions: Definitions) -> dict[str, Any]:
    """What became of the files in the inbox: counts, and the submissions that were checked."""
    receive(settings, definitions, is_far_asked=False)
    done = read(settings, definitions)
    engine = open_ledger(settings)
    try:
        waiting = awaiting_check(engine)
    finally:
        engine.dispose()
    # What was refused is answered too; where nothing came there is nothing to answer.
    is_news = bool(waiting or done.refused)
    held = validate(settings, definitions).held if is_news else 0
    return {
        "received": done.received,
        "refused": done.refused,
        "unchanged": done.unchanged,
        "held": held,
        "submission_ids": waiting,
    }


def revalidate(
    settings: Settings, definitions: Definitions, submission_ids: Sequence[str]
) -> dict[str, Any]:
    """What a second check of submissions changed, their approved corrections laid over."""
    engine = open_ledger(settings)
    try:
        return recheck(settings, definitions, engine, submission_ids)
    finally:
        engine.dispose()
