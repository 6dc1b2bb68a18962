"""The stages by day: what came is taken in and checked, what was corrected is checked again.

Both are the night's own stages under the night's own lease, so that day and night never write the
private warehouse at once. Nothing is released: the marts follow with the next release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from expectations.rules import Rules
from orchestration.stages.reading import read
from orchestration.stages.receiving import receive
from orchestration.stages.validating import FILED, judge_filed, validate
from sources.definitions import Definitions
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.frames import findings_frame, submissions_frame
from warehouse.ledger.intake import awaiting_check
from warehouse.ledger.rechecks import record_recheck
from warehouse.settings import Settings

_OUT = ("refused", "withdrawn", "superseded", "received")
_NOT_JUDGED_ALONE = ("authority", "register")


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
    """What a second check of submissions changed, their approved corrections laid over.

    Registers and releases of authorities are not judged alone and are left out.
    """
    kinds = {one.form_code: one.form_kind for one in definitions.form_versions}
    alone = [code for code, kind in kinds.items() if kind not in _NOT_JUDGED_ALONE]
    rules = Rules.load(definitions)
    readers = [rule.rule_id for rule in rules.of_stage("reader")]
    engine = open_ledger(settings)
    try:
        filed = submissions_frame(engine).filter(
            pl.col("submission_id").is_in(list(submission_ids)),
            ~pl.col("state_code").is_in(_OUT),
            pl.col("form_code").is_in(alone),
        )
        keys = filed["submission_id"].to_list()
        if not keys:
            return {"submission_ids": [], "opened": 0, "closed": 0, "still_open": 0}
        judged = judge_filed(settings, definitions, engine, filed.select(FILED), rules)
        # What the readers said was said of the file: only a decision moves it.
        own = findings_frame(engine).filter(
            pl.col("submission_id").is_in(keys), pl.col("rule_id").is_in(readers),
            ~pl.col("status_code").is_in(["closed", "corrected"]),
        ).drop("status_code", "reason_code")  # fmt: skip
        found = pl.concat([own, judged.findings.select(own.columns)])
        done = record_recheck(engine, found, keys)
    finally:
        engine.dispose()
    return {"submission_ids": keys, **done.__dict__}
