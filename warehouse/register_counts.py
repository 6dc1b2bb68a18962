"""What a register counts, before the models do: held against the summary form while it is checked.

The rows of `register_derivations` and `register_conditions` say what is counted, as in the models
(`int_register_figures`, from which every published figure comes); a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import polars as pl

from sources.definitions import Definitions
from sources.periods import parse_period
from sources.registers import Register
from sources.registers.definition import YES
from warehouse.registers import STANDING

_FEW = 2
"""A sum over so few firms tells what a firm has."""
_AMOUNT = "decimal(28, 6)"

Row = Mapping[str, str | None]


def register_counts(
    connection: duckdb.DuckDBPyConnection, register: Register, definitions: Definitions
) -> pl.DataFrame:
    """The figures of the standing submissions of a register.

    Args:
        connection: the private warehouse, its copies of the ledger fresh.
        register: the register; the newest usable submission of each unit and period counts.
        definitions: what is counted.

    Returns:
        submission_id, unit_code, form_code, period_code, element_code, counted (in the element's
        unit) and is_disclosive; one row per submission and element.
    """
    parts = dict(_parts(register, definitions))
    standing = connection.sql(STANDING, params={"form": register.form_code}).pl()
    standing = standing.filter(pl.col("form_version") == register.form_version)
    if not parts or standing.is_empty():
        return pl.DataFrame(schema=COUNTS_SCHEMA)
    spans = {code: parse_period(code) for code in standing["period_code"].unique()}
    filings = standing.with_columns(
        period_start=pl.col("period_code").replace_strict(
            {code: span.start for code, span in spans.items()}, return_dtype=pl.Date
        ),
        period_end=pl.col("period_code").replace_strict(
            {code: span.end for code, span in spans.items()}, return_dtype=pl.Date
        ),
    )
    connection.register("register_filings", filings.to_arrow())
    try:
        found = connection.sql(_query(register, parts)).pl()
    finally:
        connection.unregister("register_filings")
    return found.with_columns(form_code=pl.lit(register.form_code)).select(list(COUNTS_SCHEMA))


COUNTS_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(), "unit_code": pl.String(), "form_code": pl.String(),
    "period_code": pl.String(), "element_code": pl.String(), "counted": pl.Decimal(28, 6),
    "is_disclosive": pl.Boolean(),
}  # fmt: skip


def _query(register: Register, parts: Mapping[str, str]) -> str:
    elements = ", ".join(f"({_quoted(element)})" for element in sorted(parts))
    key = f"filed.{register.key.slot}"
    return f"""
        with keyed as (
            select
                filed.*, filings.unit_code, filings.period_code,
                filings.period_start, filings.period_end,
                row_number() over (
                    partition by
                        filings.submission_id,
                        coalesce({key}, filed.sheet || '#' || cast(filed.row_no as varchar))
                    order by filed.sheet, filed.row_no
                ) as place
            from raw.register_rows as filed
            inner join register_filings as filings using (submission_id)
        ),

        counted as (select * from keyed where place = 1),

        figures as ({" union all ".join(parts.values())})

        -- A register without such a row says that there is none.
        select
            filings.submission_id, filings.unit_code, filings.period_code, elements.element_code,
            coalesce(figures.counted, cast(0 as {_AMOUNT})) as counted,
            coalesce(figures.contributors between 1 and {_FEW} and figures.is_of_firms, false)
                as is_disclosive
        from register_filings as filings
        cross join (values {elements}) as elements (element_code)
        left join figures
            on filings.submission_id = figures.submission_id
            and elements.element_code = figures.element_code
        order by filings.submission_id, elements.element_code
    """


def _parts(register: Register, definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Every element that is counted, and the query that counts it."""
    for row in _of(register, definitions, "register_derivations"):
        conditions = [
            one
            for one in _of(register, definitions, "register_conditions")
            if one["element_code"] == row["element_code"]
        ]
        holds = _holds(register, conditions)
        column = register.by_code.get(row["column_code"] or "")
        cell = column.slot if column is not None else "row_no"
        factor = row["unit_factor"] or "1"
        amount = {
            "sum": f"sum(case when {holds} then try_cast({cell} as decimal(24, 6))"
            f" * cast({_quoted(factor)} as decimal(12, 6)) end)",
            "count_distinct": f"count(distinct case when {holds} then {cell} end)",
        }.get(row["aggregation"] or "", f"count(case when {holds} then 1 end)")
        is_of_firms = row["aggregation"] == "sum" and column is not None and not column.is_shown
        element = row["element_code"] or ""
        yield (
            element,
            f"""
            select
                {_quoted(element)} as element_code, submission_id,
                cast({amount} as {_AMOUNT}) as counted,
                count(case when {holds} then 1 end) as contributors,
                {str(is_of_firms).lower()} as is_of_firms
            from counted
            group by submission_id
        """,
        )


def _of(register: Register, definitions: Definitions, table: str) -> list[Row]:
    return [
        row
        for row in definitions.table(table).iter_rows(named=True)
        if (row["form_code"], row["form_version"]) == (register.form_code, register.form_version)
    ]


def _holds(register: Register, conditions: list[Row]) -> str:
    """What a row must meet to count: any of a group, all groups."""
    groups: dict[str | None, list[str]] = {}
    for row in conditions:
        groups.setdefault(row["condition_group"], []).append(_condition(register, row))
    return " and ".join(f"({' or '.join(texts)})" for texts in groups.values()) or "true"


def _condition(register: Register, row: Row) -> str:
    cell = register.by_code[row["column_code"] or ""].slot
    day = f"try_cast({cell} as date)"
    match row["operator"]:
        case "equals":
            return f"{cell} = {_quoted(row['operand'])}"
        case "is_yes":
            return f"{cell} = {_quoted(YES)}"
        case "in_period":
            return f"{day} between period_start and period_end"
        case "by_period_end":
            return f"{day} <= period_end"
        case _:
            years = int(row["operand"] or "0")
            return f"{day} < cast(period_end - interval '{years}' year as date)"


def _quoted(text: str | None) -> str:
    escaped = (text or "").replace("'", "''")
    return f"'{escaped}'"
