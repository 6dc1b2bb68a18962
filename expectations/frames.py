"""The frames rules are asked of: submissions with their period, cells with their definition.

One cell frame serves all rules of a form. Amounts are exact decimals in the element's own unit;
`number` is the filed figure as a double, which keeps the order of figures of 15 digits.
"""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from sources.definitions import Definitions
from sources.periods import MONTHS_IN, Period, index_in_year, parse_period, previous

AMOUNT = pl.Decimal(38, 10)
FREQUENCY_ZH = {
    "month": "月报",
    "quarter": "季报",
    "half": "半年报",
    "year": "年报",
    "window": "不定期",
}
NOT_ASKED = "非必填"
"""Stands in `entry` for cells that need not be filled, so that only asked ones can be null."""


def period_frame(codes: list[str]) -> pl.DataFrame:
    """One row per period code: type, start, end, place on the axis of its type, previous code."""
    return pl.DataFrame(
        [_period_row(parse_period(code)) for code in sorted(set(codes))],
        schema={
            "period_code": pl.String,
            "period_type": pl.String,
            "start_on": pl.Date,
            "end_on": pl.Date,
            "place": pl.Int64,
            "previous_code": pl.String,
            "is_first_of_year": pl.Boolean,
            "period_zh": pl.String,
        },
        orient="row",
    )


def _period_row(period: Period) -> tuple[object, ...]:
    months = MONTHS_IN.get(period.period_type)
    if months is None:
        return (
            period.code,
            period.period_type,
            period.start,
            period.end,
            None,
            None,
            False,
            period.label_zh,
        )
    index = index_in_year(period)
    return (
        period.code,
        period.period_type,
        period.start,
        period.end,
        period.start.year * (12 // months) + index - 1,
        previous(period).code,
        index == 1,
        period.label_zh,
    )


def _days(day: str) -> pl.Expr:
    return (pl.col(day) - pl.lit(date(1970, 1, 1))).dt.total_days().cast(pl.Float64)


def submission_frame(
    submissions: pl.DataFrame, definitions: Definitions, business_now: datetime
) -> pl.DataFrame:
    """Submissions with form, frequency and period; days as numbers where rules compare them."""
    forms = definitions.table("forms").select(
        "form_code", "form_version", "form_zh", frequency=pl.col("frequency")
    )
    return (
        submissions.join(period_frame(submissions["period_code"].to_list()), on="period_code")
        .join(forms, on=["form_code", "form_version"], how="left")
        .with_columns(
            period_start=_days("start_on"),
            period_end=_days("end_on"),
            business_date=pl.lit(float((business_now.date() - date(1970, 1, 1)).days)),
            is_nil_return=pl.col("is_nil_return").fill_null(value=False),
        )
    )


def amount(number_text: str = "number_text", unit_factor: str = "unit_factor") -> pl.Expr:
    """The exact figure in the element's unit."""
    return pl.col(number_text).cast(AMOUNT, strict=False) * pl.col(unit_factor)


def form_cells(definitions: Definitions) -> pl.DataFrame:
    """One row per entry cell of every form version, with what its definitions ask of it."""
    elements = definitions.table("elements").select(
        "element_code",
        "element_zh",
        "kind",
        element_unit_zh="unit_zh",
        is_non_negative=pl.col("is_non_negative") == "true",
    )
    return (
        definitions.table("form_elements")
        .join(elements, on="element_code", how="left")
        .select(
            "form_code",
            "form_version",
            "row_code",
            "value_column",
            "element_code",
            "element_zh",
            "kind",
            "unit_zh",
            "element_unit_zh",
            "is_non_negative",
            unit_factor=pl.col("unit_factor").fill_null("1").cast(AMOUNT),
            is_required=pl.col("is_required") == "true",
            min_defined=pl.col("min_value").cast(pl.Float64),
            max_value=pl.col("max_value").cast(pl.Float64),
            decimals=pl.col("decimals").cast(pl.Int32),
        )
    )


def cell_frame(
    submissions: pl.DataFrame, values: pl.DataFrame, definitions: Definitions
) -> pl.DataFrame:
    """One row per entry cell of every submission, with the columns that value rules name."""
    keys = ["form_code", "form_version", "row_code", "value_column"]
    carried = [
        "submission_id",
        "unit_code",
        "form_code",
        "form_version",
        "form_zh",
        "period_code",
        "period_type",
        "period_zh",
        "start_on",
        "place",
        "previous_code",
        "is_first_of_year",
        "is_nil_return",
    ]
    number = pl.col("number_text").cast(pl.Float64, strict=False)
    plain = pl.col("number_text").str.replace(r"(\.[0-9]*?)0+$", "${1}").str.strip_suffix(".")
    is_asked = pl.col("is_required") & ~pl.col("is_nil_return")
    # An error cell or an uncached formula has no text either, yet it is not blank.
    issue = pl.col("issue_code").fill_null(pl.when(pl.col("text").is_null()).then(pl.lit("blank")))
    is_filled = ~issue.is_in(["blank", "missing_mark"]).fill_null(value=False)
    return (
        values.drop("element_code")
        .join(submissions.select(carried), on="submission_id")
        .join(form_cells(definitions), on=keys, how="inner")
        .with_columns(
            number=number, amount=amount(), plain_text=plain, is_asked=is_asked, is_filled=is_filled
        )
        .with_columns(
            entry=pl.when(~is_asked)
            .then(pl.lit(NOT_ASKED))
            .when("is_filled")
            .then(pl.col("text").fill_null("")),
            floor=pl.when("is_non_negative").then(0.0),
            # A negative count breaks the floor; the lower bound need not say it again.
            min_value=pl.when(~(pl.col("is_non_negative") & (pl.col("number") < 0))).then(
                "min_defined"
            ),
            count_text=pl.when(pl.col("decimals") == 0).then("plain_text"),
            decimals_used=pl.when(pl.col("number").is_not_null())
            .then(pl.col("plain_text").str.extract(r"\.([0-9]+)$").str.len_chars().fill_null(0))
            .cast(pl.Float64),
            decimals_allowed=pl.when(pl.col("decimals") > 0).then("decimals").cast(pl.Float64),
            nil_number=pl.when("is_nil_return").then("number"),
            element_rank=pl.int_range(pl.len()).over("submission_id", "element_code"),
        )
    )


ASKED: dict[str, pl.Expr] = {
    "entry": pl.col("is_asked"),
    "issue_code": pl.col("is_filled"),
    "count_text": pl.col("decimals") == 0,
    "nil_number": pl.col("is_nil_return"),
}
"""Of which cells a column is asked at all; a column not named here is asked of every cell."""
