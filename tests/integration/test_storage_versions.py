"""The published file opens in every DuckDB that BI tools ship with, from 1.2 to the pipeline's own.

`make drivers` puts each older driver into a folder of its own; a process per driver reads the file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Workspace

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "tests/drivers").glob("duckdb-*.lock"))
OLDER = [lock.stem.removeprefix("duckdb-") for lock in LOCKS]

READ = """
import json, sys
if sys.argv[2]:
    sys.path.insert(0, sys.argv[2])
import duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
found = {"version": duckdb.__version__}
names = con.execute(
    "select schema_name, table_name, count(*) from duckdb_columns()"
    " where schema_name in ('marts', 'marts_zh') group by all order by all").fetchall()
for schema, table, columns in names:
    name = '"%s"."%s"' % (schema, table.replace('"', '""'))
    rows = con.execute("select count(*) from " + name).fetchall()[0][0]
    found[schema + "." + table] = [columns, rows]
found["plan_table"] = [list(map(str, row)) for row in con.execute(
    "select target_code, actual_value, status_code, indicator_zh from marts.plan_table"
    " order by 1").fetchall()]
found["decimals"] = str(con.execute("select sum(value) from marts.unit_observations").fetchall())
found["comment"] = con.execute(
    "select comment from duckdb_tables() where table_name = 'plan_table'").fetchall()
print(json.dumps(found, ensure_ascii=False))
"""


def read_with(driver: str | None, path: Path) -> dict[str, Any]:
    """What a driver's own process reads; None for the pipeline's."""
    folder = ROOT / ".venv/drivers" / f"duckdb-{driver}" if driver else ""
    if folder and not (folder / "duckdb").is_dir():
        said = f"DuckDB {driver} is not installed (make drivers)"
        if os.environ.get("QIANGSHI_REQUIRE_ALL"):
            pytest.fail(said)
        pytest.skip(said)
    done = subprocess.run(
        [sys.executable, "-I", "-c", READ, str(path), str(folder)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def own(demo: Workspace) -> dict[str, Any]:
    return read_with(None, demo.home / "published/ip_marts.duckdb")


def test_the_oldest_driver_promised_is_among_them() -> None:
    assert OLDER[0] == "1.2"
    assert {"1.2", "1.4", "1.5"} <= set(OLDER)


@pytest.mark.parametrize("driver", OLDER)
def test_an_older_driver_reads_what_the_newest_reads(
    demo: Workspace, own: dict[str, Any], driver: str
) -> None:
    found = read_with(driver, demo.home / "published/ip_marts.duckdb")
    assert found.pop("version").startswith(f"{driver}.")
    assert own["version"].startswith("2.")
    assert found == {name: value for name, value in own.items() if name != "version"}
    assert len(found["plan_table"]) == 47


def test_what_is_newer_than_the_pin_is_refused_by_the_oldest(tmp_path: Path) -> None:
    """The test would tell a file that old drivers cannot read."""
    import duckdb

    path = tmp_path / "newer.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as newer (storage_version 'latest')")
        connection.execute("create schema newer.marts; create table newer.marts.t (a integer)")
    with pytest.raises(AssertionError, match=r"(?i)version|storage|serializ"):
        read_with(OLDER[0], path)
