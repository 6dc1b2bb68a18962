"""A reader process of the published file: asks, opens anew, asks again, until told to stop.

Arguments: how to read (`python`, `sqlalchemy`, `holding`), the published file, the report.
One line per answer that differs from the one before, then `end` and the number of answers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

# All of one release, or a half: its tables' ids, its figures, its rows.
QUESTION = """
    select
        (select release_id from marts.release),
        (select min(release_id) || '/' || max(release_id) from marts.periods)
        || '/' || (select min(release_id) || '/' || max(release_id) from marts.plan_progress)
        || '/' || (select min(release_id) || '/' || max(release_id) from marts.unit_observations),
        (select min(value) || '/' || max(value) from marts_zh.figures)
        || '/' || (select min(actual_value) || '/' || max(actual_value) from marts.plan_progress)
        || '/' || (select min(value) || '/' || max(value) from marts.unit_observations),
        (select count(number) from marts_zh.figures),
        (select count(*) from marts.plan_progress),
        (select count(*) from marts.release),
        (select count(*) from marts.unit_observations)
"""
Answer = tuple[object, ...]


def opening(path: str) -> Callable[[], Answer]:
    """A connection per question."""

    def ask() -> Answer:
        with duckdb.connect(path, read_only=True) as connection:
            return connection.execute(QUESTION).fetchall()[0]

    return ask


def pooling(path: str) -> Callable[[], Answer]:
    """SQLAlchemy with a pool that keeps nothing: a kept connection is a kept release."""
    import sqlalchemy as sa

    engine = sa.create_engine(
        f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=sa.pool.NullPool
    )

    def ask() -> Answer:
        with engine.connect() as connection:
            return tuple(connection.execute(sa.text(QUESTION)).fetchall()[0])

    return ask


def holding(path: str) -> Callable[[], Answer]:
    """One connection for the whole time."""
    connection = duckdb.connect(path, read_only=True)
    return lambda: connection.execute(QUESTION).fetchall()[0]


def main(kind: str, path: str, report: Path) -> None:
    """Asks until the file `stop` stands beside the report."""
    ask = {"python": opening, "sqlalchemy": pooling, "holding": holding}[kind](path)
    stop, last, answers = report.with_name("stop"), None, 0
    ends = time.monotonic() + 1800
    with report.open("w", encoding="utf-8") as out:
        while time.monotonic() < ends:
            is_last = stop.exists()
            answer = ask()
            answers += 1
            if answer != last:
                out.write("\t".join(map(str, answer)) + "\n")
                out.flush()
                last = answer
            if is_last:
                break
            time.sleep(0.1)
        out.write(f"end\t{answers}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
