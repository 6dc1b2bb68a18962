"""The night beside the bare cost of the tools it starts: `make benchmark` prints one table.

Measured in one run on one machine: demo writing, the first night over all demo filings, a night
with one new month, a night with nothing new; wall time of each stage and peak memory of the process
tree; and, in fresh processes, the import of Great Expectations, the import of Dagster and a
`dbt build` of the same models over the same warehouse.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
MONTH = "2025年11月"
QIANGSHI = [str(Path(sys.executable).parent / "qiangshi")]


@dataclass
class Measured:
    """One command: wall seconds, peak memory of its process tree, stages as it told them."""

    seconds: float
    peak_mib: float
    stages: dict[str, float] = field(default_factory=dict)


def run(command: list[str], env: dict[str, str]) -> Measured:
    """The command run to its end, its tree's memory sampled every 50 ms.

    Raises:
        SystemExit: the command failed.
    """
    started = time.perf_counter()
    process = psutil.Popen(command, env=env, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    peak = 0
    while process.poll() is None:
        try:
            tree = [process, *process.children(recursive=True)]
            peak = max(peak, sum(p.memory_info().rss for p in tree if p.is_running()))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{output}")
    stages = json.loads(output)["steps"] if "--json" in command else {}
    return Measured(seconds, peak / 2**20, stages)


def bare_dbt(home: Path, env: dict[str, str]) -> Measured:
    """`dbt build` of the same models by dbt's own command over a copy of the private warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "warehouse.duckdb"
        shutil.copy(home / "work/warehouse.duckdb", copy)
        return run(
            [str(Path(sys.executable).parent / "dbt"), "build", "--quiet", "--exclude",
             "resource_type:unit_test"],
            env | {
                "QIANGSHI_WAREHOUSE": str(copy),
                "QIANGSHI_RELEASE_FILE": str(Path(folder) / "ip_marts.duckdb"),
                "QIANGSHI_SEEDS": str(home / "work/definitions"),
                "DBT_PROJECT_DIR": str(ROOT / "models"),
                "DBT_PROFILES_DIR": str(ROOT / "models"),
                "DBT_TARGET_PATH": str(Path(folder) / "target"),
                "DBT_LOG_PATH": str(Path(folder) / "logs"),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            },
        )  # fmt: skip


def hold_back(inbox: Path, later: Path) -> list[tuple[Path, Path]]:
    """The files of one month put aside: where each lies now, and where it belongs."""
    later.mkdir()
    moved = []
    for number, path in enumerate(sorted(inbox.rglob(f"*{MONTH}*"))):
        aside = later / f"{number}"
        path.rename(aside)
        moved.append((aside, path))
    if not moved:
        raise SystemExit(f"no file of {MONTH} in the demo")
    return moved


def hand_in(moved: list[tuple[Path, Path]]) -> None:
    """The files put aside, in the inbox again with the times they had."""
    for aside, path in moved:
        aside.rename(path)


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory(prefix="qiangshi-bench-") as folder:
        home = Path(folder) / "var"
        env = os.environ | {"QIANGSHI_HOME": str(home)}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        night = [*QIANGSHI, "nightly", "--json"]
        rows: dict[str, Measured] = {}
        rows["demo 2021-01..2025-12 written"] = run([*QIANGSHI, "demo"], env)
        month = hold_back(home / "inbox", Path(folder) / "later")
        rows["first night"] = run(night, env)
        hand_in(month)
        rows["night with one new month"] = run(night, env)
        rows["night with nothing new"] = run(night, env)
        bare = {
            "import great_expectations": run(
                [sys.executable, "-c", "import great_expectations"], env
            ),
            "dbt build of the same models": bare_dbt(home, env),
            "import dagster, dagster_dbt": run(
                [sys.executable, "-c", "import dagster, dagster_dbt"], env
            ),
        }
    show(rows, bare)


def show(rows: dict[str, Measured], bare: dict[str, Measured]) -> None:
    """Prints the two tables and the ratio of the month's night to the bare start-ups."""
    console = Console(width=110)
    table = Table(title="Nights", title_justify="left")
    for heading in ("run", "seconds", "peak MiB", "stages (s)"):
        table.add_column(heading)
    for name, measured in {**rows, **bare}.items():
        stages = ", ".join(f"{step} {seconds:.1f}" for step, seconds in measured.stages.items())
        table.add_row(name, f"{measured.seconds:.1f}", f"{measured.peak_mib:.0f}", stages)
    console.print(table)
    floor = sum(measured.seconds for measured in bare.values())
    month = rows["night with one new month"].seconds
    console.print(f"night with one new month / sum of bare start-ups: {month / floor:.2f}")


if __name__ == "__main__":
    main()
