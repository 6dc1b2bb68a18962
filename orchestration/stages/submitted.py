"""Parsed files in the shape the rules judge, for the night and the dry run alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from sources.contract import ParsedBatch


def submission_rows(
    batch: ParsedBatch, received_at: Mapping[str, datetime], otherwise: datetime
) -> list[dict[str, Any]]:
    """One row per readable file of a batch; its key stands for the submission."""
    return [
        {
            "submission_id": key,
            "unit_code": identity.unit_code,
            "form_code": identity.form_code,
            "form_version": identity.form_version,
            "period_code": identity.period_code,
            "received_at": received_at.get(key, otherwise),
            "version": 1,
            "is_nil_return": identity.is_nil_return,
        }
        for key, identity in batch.identities.items()
    ]


def values_of(batch: ParsedBatch) -> pl.DataFrame:
    """The VALUES of a batch under the name the rules know."""
    return batch.values.rename({"key": "submission_id"})
