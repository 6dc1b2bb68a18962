"""Official releases in a night: what an approval left is made, what is due is laid out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from warehouse.ledger.engine import open_ledger
from warehouse.official.making import complete
from warehouse.official.placing import place_official
from warehouse.settings import Settings


def settle_officials(settings: Settings) -> tuple[dict[str, Any], ...]:
    """What was laid out, or could not be: release_id, audience, folder, is_new, problem_zh.

    Nothing of it fails the night: the next one tries again.
    """
    engine = open_ledger(settings)
    try:
        _, problems = complete(settings, engine)
        placed = place_official(settings, engine, settings.clock.now())
    finally:
        engine.dispose()
    told = [asdict(one) | {"folder": str(one.folder)} for one in placed]
    return tuple(one for one in told if one["is_new"] or one["problem_zh"]) + tuple(
        {"release_id": "", "audience": "", "folder": "", "is_new": False, "problem_zh": said}
        for said in problems
    )
