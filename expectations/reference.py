"""The figures a submission is held against: the same unit's newest figures of every period."""

from __future__ import annotations

import polars as pl

from expectations.frames import amount, form_cells, period_frame
from sources.definitions import Definitions
from sources.periods import parse_period

WINDOWS: dict[str, int] = {"month": 12, "quarter": 8, "half": 6, "year": 5}
"""How many periods back a unit's own past reaches."""

MINIMUM_HISTORY: dict[str, int] = {"month": 6, "quarter": 4, "half": 4, "year": 3}
"""With fewer figures than this a unit has no past to be held against."""

SERIES_KEYS = ["unit_code", "element_code", "period_code"]


def reference_frame(
    cells: pl.DataFrame,
    submissions: pl.DataFrame,
    history: pl.DataFrame,
    definitions: Definitions,
) -> pl.DataFrame:
    """One row per unit, element and period: amount and the submission of this batch it is from.

    The batch wins over history, and within the batch the newest version.
    """
    order = submissions.select("submission_id", "version", "received_at")
    batch = (
        cells.filter(pl.col("amount").is_not_null())
        .join(order, on="submission_id")
        .sort("version", "received_at", "submission_id", nulls_last=False)
        .unique(SERIES_KEYS, keep="last", maintain_order=True)
        .select(*SERIES_KEYS, "amount", "submission_id")
    )
    filed = submissions.select("unit_code", "form_code", "period_code").unique()
    earlier = history.join(filed, on=["unit_code", "form_code", "period_code"], how="anti")
    past = past_frame(earlier, definitions)
    both = pl.concat([batch, past]).unique(SERIES_KEYS, keep="first", maintain_order=True)
    periods = period_frame(both["period_code"].to_list())
    return both.join(periods.select("period_code", "period_type", "place"), on="period_code")


def past_frame(history: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """One row per figure of the history: its amount in the element's unit, of no submission."""
    return (
        history.filter(pl.col("number_text").is_not_null())
        .join(_factors(history, definitions), on=["form_code", "period_code", "element_code"])
        .with_columns(amount=amount(), submission_id=pl.lit(None, pl.String))
        .filter(pl.col("amount").is_not_null())
        .select(*SERIES_KEYS, "amount", "submission_id")
    )


def _factors(history: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The filed unit's factor of every form, period and element in history."""
    rows = []
    for form_code, period_code in history.select("form_code", "period_code").unique().iter_rows():
        version = definitions.form(form_code, parse_period(period_code))
        if version is not None:
            rows.append((form_code, period_code, version.form_version))
    versions = pl.DataFrame(
        rows,
        schema=dict.fromkeys(("form_code", "period_code", "form_version"), pl.String),
        orient="row",
    )
    factors = form_cells(definitions).select(
        "form_code", "form_version", "element_code", "unit_factor"
    )
    return versions.join(
        factors.unique(["form_code", "form_version", "element_code"]),
        on=["form_code", "form_version"],
    ).drop("form_version")


def statistics_frame(reference: pl.DataFrame) -> pl.DataFrame:
    """Per unit, element and period: previous figure, and the medians of the periods before.

    `median` is of all figures, `usual` of the positive ones only, so that quarters without any
    business do not hide what a usual one looks like. `spread` is how far the positive ones lie from
    `usual`, again as a median (MAD): one wild month moves neither. All are null below the minimum
    history.
    """
    frames = []
    for period_type, window in WINDOWS.items():
        least = MINIMUM_HISTORY[period_type]
        series = (
            reference.filter(pl.col("period_type") == period_type)
            .select(*SERIES_KEYS, "place", "submission_id", value=pl.col("amount").cast(pl.Float64))
            .sort("unit_code", "element_code", "place")
        )
        if series.is_empty():
            continue
        positive = pl.col("value").filter(pl.col("value") > 0)
        rolled = series.rolling(
            "place", period=f"{window}i", closed="left", group_by=["unit_code", "element_code"]
        ).agg(
            median=pl.when(pl.len() >= least).then(pl.col("value").median()),
            usual=pl.when(positive.len() >= least).then(positive.median()),
            spread=pl.when(positive.len() >= least).then(
                (positive - positive.median()).abs().median()
            ),
        )
        earlier = series.select(
            "unit_code",
            "element_code",
            place=pl.col("place") + 1,
            previous="value",
            previous_submission_id="submission_id",
        )
        frames.append(
            series.select(*SERIES_KEYS, "place")
            .join(rolled, on=["unit_code", "element_code", "place"], how="left")
            .join(earlier, on=["unit_code", "element_code", "place"], how="left")
            .drop("place")
        )
    schema = dict.fromkeys(SERIES_KEYS, pl.String) | {
        "median": pl.Float64,
        "usual": pl.Float64,
        "spread": pl.Float64,
        "previous": pl.Float64,
        "previous_submission_id": pl.String,
    }
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema)
