"""What publishing costs beside a bare copy of the same tables to DuckDB and Parquet, in one run.

`python tests/benchmarks/publishing.py WORKSPACE [ROUNDS]`: the release published there is the
one copied and published, the second time with a changed figure, so that revisions are sought too.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb

from warehouse.raw_store import RunContext
from warehouse.releases.build import begin_build
from warehouse.releases.digest import mart_names
from warehouse.releases.gate import Verdict
from warehouse.releases.publish import publish
from warehouse.settings import Settings


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a piece of work."""
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - wall, cpu


def bare(source: Path, folder: Path) -> None:
    """The same tables to a DuckDB file and to Parquet, by DuckDB alone."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{source}' as old (read_only)")
        connection.execute(f"attach '{folder}/copy.duckdb' as fresh (storage_version 'v1.2.0')")
        connection.execute("create schema fresh.marts")
        for table in mart_names(connection, "old", with_views=False):
            connection.execute(f"create table fresh.marts.{table} as from old.marts.{table}")
            connection.execute(f"copy fresh.marts.{table} to '{folder}/{table}.parquet'")
        connection.execute("checkpoint fresh")


def published(settings: Settings, source: Path, figure: int) -> tuple[float, float]:
    """Seconds of publishing a build that differs from the last one by a figure."""
    building = begin_build(settings, date(2026, 1, 31))
    shutil.copyfile(source, building.file)
    building.file.chmod(0o644)
    with duckdb.connect(str(building.file)) as connection:
        connection.execute(f"update marts.release set release_id = '{building.release_id}'")
        connection.execute(
            f"update marts.unit_observations set value = {figure} where rowid = ("
            " select min(rowid) from marts.unit_observations where value is not null)"
        )
        # As dbt leaves it: publishing sets NOT NULL.
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where database_name ="
            " current_database() and schema_name = 'marts' and not is_nullable"
        ).fetchall():
            connection.execute(f'alter table marts.{table} alter "{column}" drop not null')
        connection.execute("drop schema if exists marts_zh cascade")
        row = connection.execute("select software_version, definitions_hash from marts.release")
        software, definitions = row.fetchall()[0]
    run = RunContext(
        date(2026, 1, 31), building.release_id, datetime(2026, 2, 1, 2), software, definitions,
        is_synthetic=True,
    )  # fmt: skip
    outcomes: list[str] = []
    cost = spent(lambda: outcomes.append(publish(settings, building, run, Verdict()).outcome))
    if outcomes != ["released"]:
        raise SystemExit(f"nothing was published: {outcomes}")
    return cost


def main(home: Path, rounds: int) -> None:
    """Prints seconds of both sides and their ratio, the best of the rounds."""
    source = home.absolute() / "published/ip_marts.duckdb"
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(Path(folder) / "var", environ={})
        published(settings, source, 0)
        for number in range(1, rounds + 1):
            ours.append(published(settings, source, number))
            aside = Path(folder) / str(number)
            aside.mkdir()
            theirs.append(spent(lambda aside=aside: bare(source, aside)))
    for name, place in (("wall", 0), ("cpu", 1)):
        one, two = min(row[place] for row in ours), min(row[place] for row in theirs)
        sys.stdout.write(f"{name}: publish {one:.2f} s, bare {two:.2f} s, {one / two:.2f} times\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
