"""Rechecking: a submission whose figures were corrected is judged again like a filing.

By day the desk asks for it; what nobody asked for (a correction approved at the command line or by
file, or its undoing) is made good by the next night.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine

from expectations.rules import Rules
from orchestration.progress import tell
from orchestration.stages import night_folder
from orchestration.stages.judging import FILED, judge_filed
from sources.definitions import Definitions
from warehouse.clock import technical_now
from warehouse.ledger.frames import submissions_frame
from warehouse.ledger.rechecks import corrected_since, record_recheck
from warehouse.settings import Settings

RECHECKED_TO = "rechecked.json"
_OUT = ("refused", "withdrawn", "superseded", "received")
_NOT_JUDGED_ALONE = ("authority", "register")


def recheck(
    settings: Settings, definitions: Definitions, engine: Engine, submission_ids: Sequence[str]
) -> dict[str, Any]:
    """What a second check of submissions changed, their approved corrections laid over.

    Registers and releases of authorities are not judged alone and are left out; so are findings of
    the readers, which are about the file, and of rules that lay several submissions side by side.
    """
    kinds = {one.form_code: one.form_kind for one in definitions.form_versions}
    alone = [code for code, kind in kinds.items() if kind not in _NOT_JUDGED_ALONE]
    filed = submissions_frame(engine).filter(
        pl.col("submission_id").is_in(list(submission_ids)),
        ~pl.col("state_code").is_in(_OUT),
        pl.col("form_code").is_in(alone),
    )
    keys = filed["submission_id"].to_list()
    if not keys:
        return {"submission_ids": [], "opened": 0, "closed": 0, "still_open": 0}
    rules = Rules.load(definitions)
    judged = judge_filed(settings, definitions, engine, filed.select(FILED), rules)
    asked = {rule.rule_id for rule in rules.of_stage("expectation")}
    done = record_recheck(engine, judged.findings, keys, asked)
    return {"submission_ids": keys, **done.__dict__}


def recheck_corrected(
    settings: Settings, definitions: Definitions, engine: Engine
) -> dict[str, Any]:
    """`recheck` of everything corrected, or its correction undone, since this was last done."""
    now = technical_now()
    keys = corrected_since(engine, _last(settings))
    done = {"submission_ids": list[str](), "opened": 0, "closed": 0, "still_open": 0}
    if keys:
        tell(f"审核：{len(keys)} 件更正过的报送件重新审核")
        done = recheck(settings, definitions, engine, keys)
    path = night_folder(settings) / RECHECKED_TO
    path.write_text(json.dumps({"to": now.isoformat()}), encoding="utf-8")
    return done


def _last(settings: Settings) -> datetime | None:
    try:
        text = (night_folder(settings) / RECHECKED_TO).read_text(encoding="utf-8")
        return datetime.fromisoformat(json.loads(text)["to"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
