"""Registers in the private warehouse: rows from Parquet, blocks for the rules, keys filed twice.

What is not here: what is wrong with a row (`expectations`) and which figures follow (models).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import duckdb
import polars as pl

from sources.registers import Register
from sources.registers.account import RegisterAccount, account_of
from warehouse.connection import transaction

BLOCK_ROWS = 200_000

_FINDINGS = ("submission_id", "rule_id", "column_code", "sheet", "row_no", "cell")
STANDING = """
    select submission_id, unit_code, period_code, form_version
    from (
        select
            *,
            row_number() over (
                partition by unit_code, period_code
                order by received_at desc, file_name desc, version desc
            ) as place
        from raw.submissions
        where form_code = $form
            and version is not null
            and state_code not in ('refused', 'returned', 'withdrawn', 'held', 'superseded')
    ) as newest
    where place = 1
"""


def load_register(
    connection: duckdb.DuckDBPyConnection,
    submission_id: str,
    form: tuple[str, str],
    rows: Path,
) -> RegisterAccount:
    """Replaces the rows of one submission by those of the Parquet file a reader wrote.

    The rows go from file to file; none of them enters this process as an object.
    """
    account = account_of(rows)
    headers = json.dumps([asdict(header) for header in account.headers], ensure_ascii=False)
    with transaction(connection):
        for table in ("register_rows", "register_files", "register_findings"):
            connection.execute(f"delete from raw.{table} where submission_id = ?", [submission_id])
        connection.execute(
            "insert into raw.register_rows by name"
            " select ? as submission_id, * from read_parquet(?)",
            [submission_id, str(rows)],
        )
        connection.execute(
            "insert into raw.register_files values (?, ?, ?, ?, ?, ?, ?)",
            [submission_id, *form, account.rows, account.cells, account.totals_rows, headers],
        )
    return account


def headers_of(
    connection: duckdb.DuckDBPyConnection, submission_ids: Sequence[str]
) -> pl.DataFrame:
    """Where each sheet has each column: submission_id, sheet, column_code, column_no from 0."""
    rows = connection.execute(
        "select submission_id, headers_json from raw.register_files"
        " where list_contains($ids, submission_id)",
        {"ids": list(submission_ids)},
    ).fetchall()
    found = [
        (submission_id, header["sheet"], column, number)
        for submission_id, text in rows
        for header in json.loads(text)
        for column, number in header["columns"].items()
    ]
    return pl.DataFrame(
        found, orient="row",
        schema={"submission_id": pl.String, "sheet": pl.String, "column_code": pl.String,
                "column_no": pl.Int32},
    )  # fmt: skip


def register_blocks(
    connection: duckdb.DuckDBPyConnection,
    register: Register,
    submission_ids: Sequence[str],
    columns: Iterable[str],
) -> Iterator[pl.DataFrame]:
    """The rows of some submissions in blocks: ids, sheet, row_no, issues and the columns asked.

    Only what a rule compares is fetched, by column code.
    """
    slots = ", ".join(f"{register.by_code[code].slot} as {code}" for code in sorted(set(columns)))
    reader = connection.sql(
        "select submission_id, sheet, row_no, issues"
        + (f", {slots}" if slots else "")
        + " from raw.register_rows where list_contains($ids, submission_id)",
        params={"ids": list(submission_ids)},
    ).to_arrow_reader(BLOCK_ROWS)
    for batch in reader:
        frame = pl.from_arrow(batch)
        if isinstance(frame, pl.DataFrame) and frame.height:
            yield frame


def replace_register_findings(
    connection: duckdb.DuckDBPyConnection, submission_ids: Sequence[str], found: pl.DataFrame
) -> None:
    """Writes every cell found, in place of what the submissions had."""
    connection.register("found", found.select(_FINDINGS).to_arrow())
    with transaction(connection):
        connection.execute(
            "delete from raw.register_findings where list_contains($ids, submission_id)",
            {"ids": list(submission_ids)},
        )
        connection.execute("insert into raw.register_findings by name select * from found")
    connection.unregister("found")


def keys_filed_twice(connection: duckdb.DuckDBPyConnection, register: Register) -> pl.DataFrame:
    """Rows whose key another unit files for the same period, of both units.

    Args:
        connection: the private warehouse, its copies of the ledger fresh.
        register: the register; the newest usable submission of each unit counts.

    Returns:
        submission_id, sheet, row_no, key, other_unit_code; one row per row and other unit.
    """
    key = register.key.slot
    return connection.sql(
        f"""
        with standing as ({STANDING}),

        keyed as (
            select
                filed.submission_id, filed.sheet, filed.row_no, filed.{key} as key,
                standing.unit_code, standing.period_code
            from raw.register_rows as filed
            inner join standing on filed.submission_id = standing.submission_id
            where filed.{key} is not null and standing.form_version = $version
        ),

        repeated as (
            select period_code, key
            from keyed
            group by period_code, key
            having count(distinct unit_code) > 1
        )

        select
            ours.submission_id, ours.sheet, ours.row_no, ours.key,
            theirs.unit_code as other_unit_code
        from keyed as ours
        inner join repeated
            on ours.period_code = repeated.period_code and ours.key = repeated.key
        inner join keyed as theirs
            on ours.period_code = theirs.period_code
            and ours.key = theirs.key
            and ours.unit_code <> theirs.unit_code
        order by ours.submission_id, ours.row_no, theirs.unit_code
        """,
        params={"form": register.form_code, "version": register.form_version},
    ).pl()


def standing_submissions(connection: duckdb.DuckDBPyConnection, form_code: str) -> pl.DataFrame:
    """The newest usable submission of each unit and period of a register."""
    return connection.sql(STANDING, params={"form": form_code}).pl()
