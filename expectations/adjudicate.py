"""One cause, one finding: which failures stand after the engine has run.

A figure is held against others only where those can be relied upon. So a failure does not stand
- when one of the compared cells of the same submission already has a blocking value finding;
- when the earlier period it is held against is itself held back, or its cell is in question;
- for rules on the period and history rules: when a more severe one of them failed at the place;
- for history rules that only ask for an explanation: when the cell has to be corrected anyway.
What does not stand counts as not evaluated, never as passed.
"""

from __future__ import annotations

import polars as pl

from expectations.rule_words import SEVERITIES

FAILURE_SCHEMA: dict[str, type[pl.DataType]] = {
    "rule_key": pl.String,
    "rule_kind": pl.String,
    "severity_code": pl.String,
    "form_code": pl.String,
    "submission_id": pl.String,
    "element_code": pl.String,
    "start_on": pl.Date,
    "row": pl.Int64,
    "previous_submission_id": pl.String,
}

_SETTLED = ("structure", "value")


def standing(
    failures: pl.DataFrame, judged: pl.DataFrame, operands: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The failures that stand, and how many judgements per rule and form do not count.

    Args:
        failures: FAILURE_SCHEMA, one row per failing row of the engine.
        judged: submission_id, rule_key of the consistency rules that could be judged.
        operands: of consistency rules: submission_id, rule_key, element_code, lag,
            source_submission_id.

    Returns:
        The failures left, and rule_key, form_code, submission_id, is_failure of what was dropped.
    """
    failures = failures.with_row_index("failure")
    settled = failures.filter(pl.col("rule_kind").is_in(_SETTLED))
    weaker = _weaker(failures)
    void = _voided(failures, judged, operands, settled)
    left = failures.join(weaker, on="failure", how="anti").join(
        void.filter("is_failure"), on=["rule_key", "submission_id"], how="anti"
    )
    left = left.join(_on_blocked_cells(left, settled), on="failure", how="anti")
    left = left.join(_consequences(left, operands), on="failure", how="anti")
    dropped = failures.join(left.select("failure"), on="failure", how="anti").select(
        "rule_key", "form_code", "submission_id", is_failure=pl.lit(value=True)
    )
    passed = void.filter(~pl.col("is_failure"))
    return left.drop("failure"), pl.concat([dropped, passed])


def _weaker(failures: pl.DataFrame) -> pl.DataFrame:
    """History and period failures beside a more severe one at the same place."""
    rank = pl.col("severity_code").replace_strict(
        {code: rank for rank, code in enumerate(SEVERITIES)}, return_dtype=pl.Int64
    )
    is_period = (pl.col("rule_kind") == "structure") & pl.col("element_code").is_null()
    rivals = failures.filter((pl.col("rule_kind") == "history") | is_period).with_columns(rank=rank)
    strongest = pl.col("rank").min().over("rule_kind", "form_code", "row")
    to_correct = failures.filter(
        pl.col("element_code").is_not_null(), ~pl.col("severity_code").is_in(["verify", "info"])
    )
    asking = rivals.filter(pl.col("severity_code") == "verify", ~is_period)
    return pl.concat(
        [
            rivals.filter(pl.col("rank") > strongest).select("failure"),
            asking.join(to_correct, on=["submission_id", "element_code"], how="semi").select(
                "failure"
            ),
        ]
    ).unique()


def _blocked_cells(settled: pl.DataFrame) -> pl.DataFrame:
    return (
        settled.filter(pl.col("severity_code") == "blocking", pl.col("element_code").is_not_null())
        .select("submission_id", "element_code")
        .unique()
    )


def _voided(
    failures: pl.DataFrame, judged: pl.DataFrame, operands: pl.DataFrame, settled: pl.DataFrame
) -> pl.DataFrame:
    """Consistency judgements, failed or passed, that rest on a blocked cell of the submission."""
    touched = (
        operands.filter(pl.col("lag") == "same")
        .join(_blocked_cells(settled), on=["submission_id", "element_code"], how="semi")
        .select("rule_key", "submission_id")
        .unique()
        .join(judged, on=["rule_key", "submission_id"], how="semi")
    )
    failed = (
        failures.select("rule_key", "submission_id")
        .unique()
        .with_columns(is_failure=pl.lit(value=True))
    )
    forms = failures.select("submission_id", "form_code").unique()
    return (
        touched.join(failed, on=["rule_key", "submission_id"], how="left")
        .join(forms, on="submission_id")
        .select(
            "rule_key",
            "form_code",
            "submission_id",
            is_failure=pl.col("is_failure").fill_null(value=False),
        )
    )


def _on_blocked_cells(left: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """History failures on cells whose value, or sheets whose period, is already refused."""
    of_history = left.filter(pl.col("rule_kind") == "history")
    refused = settled.filter(
        pl.col("severity_code") == "blocking", pl.col("element_code").is_null()
    )  # fmt: skip
    return pl.concat(
        [
            of_history.join(
                _blocked_cells(settled), on=["submission_id", "element_code"], how="semi"
            ).select("failure"),
            of_history.filter(pl.col("element_code").is_null())
            .join(refused, on="submission_id", how="semi")
            .select("failure"),
        ]
    )


def _consequences(left: pl.DataFrame, operands: pl.DataFrame) -> pl.DataFrame:
    """Failures that only repeat what is wrong with the period before.

    Submissions are taken in the order of their periods, so that a failure which does not stand
    puts nothing in question in its turn.
    """
    later = pl.concat(
        [
            left.filter(pl.col("rule_kind") == "consistency")
            .select("failure", "rule_key", "submission_id")
            .join(
                operands.filter(pl.col("lag") != "same").rename({"element_code": "source_element"}),
                on=["rule_key", "submission_id"],
            )
            .select("failure", "source_element", "source_submission_id"),
            left.filter(pl.col("rule_kind") == "history").select(
                "failure",
                source_element="element_code",
                source_submission_id="previous_submission_id",
            ),
        ]
    ).drop_nulls("source_submission_id")
    sources: dict[int, list[tuple[str, str]]] = {}
    for failure, element, submission in later.iter_rows():
        sources.setdefault(failure, []).append((submission, element))
    held: set[str] = set()
    questioned: set[tuple[str, str]] = set()
    repeated: list[int] = []
    ordered = left.filter(pl.col("severity_code") != "info").sort(
        "start_on", pl.col("rule_kind").is_in(_SETTLED), descending=[False, True]
    )
    rows = ordered.select("failure", "submission_id", "element_code", "severity_code")
    for failure, submission, element, severity in rows.iter_rows():
        if any(s in held or (s, e) in questioned for s, e in sources.get(failure, [])):
            repeated.append(failure)
            continue
        questioned.add((submission, element))
        if severity == "blocking":
            held.add(submission)
    return pl.DataFrame({"failure": repeated}, schema={"failure": left.schema["failure"]})
