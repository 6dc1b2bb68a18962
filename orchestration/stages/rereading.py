"""Rereading: stored bytes of chosen reporting months, read again with today's readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from orchestration.stages.loading import WITHOUT_VALUES, reload
from orchestration.stages.modelling import forget_inputs
from sources.definitions import Definitions
from sources.periods import parse_period
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.frames import submissions_frame
from warehouse.settings import Settings


@dataclass(frozen=True)
class Reread:
    """What was read again."""

    submissions: int
    chosen: int


def reread(settings: Settings, definitions: Definitions, first: date, last: date) -> Reread:
    """Submissions whose period ends within the months, their raw rows replaced.

    States and decisions stay as they are; the next night rolls the new rows up.
    """
    engine = open_ledger(settings)
    try:
        filed = submissions_frame(engine).filter(~pl.col("state_code").is_in(WITHOUT_VALUES))
    finally:
        engine.dispose()
    ends = [parse_period(code).end for code in filed["period_code"]]
    chosen = filed.filter(pl.Series("end", ends, dtype=pl.Date).is_between(first, last))
    forget_inputs(settings)
    return Reread(reload(settings, definitions, chosen), chosen.height)
