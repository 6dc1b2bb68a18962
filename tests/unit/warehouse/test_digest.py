"""The content digest: the same rows, the same digest; anything else, another."""

from __future__ import annotations

import duckdb
import pytest

from warehouse.releases.digest import digest_tables

ROWS = "(1, 'ab', 1.50, date '2026-01-31'), (2, null, 2.25, null), (2, null, 2.25, null)"


def digest(rows: str, columns: str = "n int, t varchar, d decimal(9, 2), as_of date") -> object:
    with duckdb.connect() as connection:
        connection.execute(f"create schema marts; create table marts.a ({columns})")
        connection.execute(f"insert into marts.a values {rows}")
        return digest_tables(connection)["a"]["digest"]


def test_neither_the_order_of_rows_nor_of_columns_matters():
    backwards = "(2, null, 2.25, null), (1, 'ab', 1.50, date '2026-01-31'), (2, null, 2.25, null)"
    assert digest(backwards) == digest(ROWS)
    swapped = "('ab', 1, 1.50, date '2026-01-31'), (null, 2, 2.25, null), (null, 2, 2.25, null)"
    assert digest(swapped, "t varchar, n int, d decimal(9, 2), as_of date") == digest(ROWS)


def test_the_columns_that_name_the_release_do_not_count():
    assert digest(ROWS.replace("2026-01-31", "2026-02-01")) == digest(ROWS)


@pytest.mark.parametrize(
    "changed",
    [
        ROWS.replace("1.50", "1.51"),
        ROWS.replace("'ab'", "'AB'"),
        ROWS.replace("null, 2.25", "'', 2.25"),
        # One copy of a doubled row less, and one more.
        "(1, 'ab', 1.50, date '2026-01-31'), (2, null, 2.25, null)",
        f"{ROWS}, (2, null, 2.25, null)",
    ],
)
def test_any_other_change_counts(changed: str):
    assert digest(changed) != digest(ROWS)


def test_a_type_or_name_of_a_column_counts():
    assert digest(ROWS, "n bigint, t varchar, d decimal(9, 2), as_of date") != digest(ROWS)
    assert digest(ROWS, "m int, t varchar, d decimal(9, 2), as_of date") != digest(ROWS)


def test_values_that_run_together_to_the_same_text_are_told_apart():
    columns = "a varchar, b varchar"
    assert digest("('x|1:y', 'z')", columns) != digest("('x', 'y|1:z')", columns)


def test_one_thread_and_two_find_the_same_digest():
    with duckdb.connect() as connection:
        connection.execute(
            "create schema marts; create table marts.a as "
            "select range as n, range * 1.5 as d from range(300000)"
        )
        found = []
        for threads in (1, 2):
            connection.execute(f"set threads = {threads}")
            found.append(digest_tables(connection))
    assert found[0] == found[1]
    assert found[0]["a"]["rows"] == 300000
