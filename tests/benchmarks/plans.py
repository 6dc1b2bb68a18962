"""A hundred plans at once beside the five of the demo, in one run: `make` has no target for it.

`python tests/benchmarks/plans.py [TIMES] [FROM]`: the demo from a month on (2025-10), once as it is
and once with every city, its units, plan and targets TIMES over (20: a hundred plans of a hundred
cities). Measured of each: a whole night by stage with its exports and the files of cities, CPU
seconds, wall, peak memory of the process tree; then what lies in the release. The ratio of the CPU
seconds is held against TIMES: above it, something grows faster than what there is to do.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
QIANGSHI = str(Path(sys.executable).parent / "qiangshi")
UNTIL = "2025-12"


@dataclass
class Measured:
    """One night: CPU and wall seconds, peak memory of its tree, seconds by stage, sizes in KiB."""

    cpu: float
    seconds: float
    peak_mib: float
    stages: dict[str, float]
    sizes: dict[str, float]


def night(home: Path) -> Measured:
    """A first night over all that lies in the inbox.

    Raises:
        SystemExit: it failed, or an export or a file of a city did.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = psutil.Popen(
            [QIANGSHI, "nightly", "--json"], env=os.environ | {"QIANGSHI_HOME": str(home)},
            stdout=out, cwd=ROOT,
        )  # fmt: skip
        peak = 0
        while process.poll() is None:
            try:
                tree = [process, *process.children(recursive=True)]
                peak = max(peak, sum(p.memory_info().rss for p in tree if p.is_running()))
            except psutil.Error:
                pass
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        out.seek(0)
        output = out.read().decode("utf-8")
    if process.returncode:
        raise SystemExit(f"the night ended with {process.returncode}\n{output}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(output)
    exports = told["exports"]
    if exports["failed"] or exports["city_files"]["failed"]:
        raise SystemExit(f"not all was written: {exports}")
    stages = {name: float(spent) for name, spent in told["steps"].items()}
    stages["of these: exports"] = float(exports["seconds"])
    stages["of these: files of cities"] = float(exports["city_files"]["seconds"])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sizes = release_sizes(home / "releases" / told["release_id"])
    return Measured(cpu, seconds, peak / 2**20, stages, sizes)


def release_sizes(release: Path) -> dict[str, float]:
    """KiB of what a leader opens, and of the release's file."""
    exports = release / "exports"
    named = {
        name: exports / name
        for name in ("report.html", "plan_tables.xlsx", "sdmx/city_indicators.csv")
    }
    sizes = {name: path.stat().st_size / 1024 for name, path in named.items()}
    sizes["ip_marts.duckdb"] = (release / "ip_marts.duckdb").stat().st_size / 1024
    for name in ("brief", "notices", "csv"):
        sizes[f"{name}/"] = sum(one.stat().st_size for one in (exports / name).iterdir()) / 1024
    return sizes


def measure(folder: Path, times: int, first: str) -> Measured:
    """The demo written so many times over, and its first night."""
    home = folder / f"times-{times}"
    subprocess.run(
        [QIANGSHI, "demo", "--from", first, "--to", UNTIL, "--scale", str(times)],
        env=os.environ | {"QIANGSHI_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )  # fmt: skip
    return night(home)


def show(once: Measured, many: Measured, times: int) -> None:
    """Prints both nights side by side, stage by stage, and their ratio."""
    console = Console(width=100)
    table = Table(title=f"The demo once, and {times} times over")
    for heading in ("", "once", f"{times} times", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")

    def row(name: str, one: float, other: float) -> None:
        ratio = f"{other / one:.1f}" if one > 0.5 else "–"
        table.add_row(name, f"{one:,.1f}", f"{other:,.1f}", ratio)

    row("CPU s", once.cpu, many.cpu)
    row("wall s", once.seconds, many.seconds)
    row("peak MiB", once.peak_mib, many.peak_mib)
    for name, spent in once.stages.items():
        row(f"{name}, s", spent, many.stages[name])
    for name, size in once.sizes.items():
        row(f"{name}, KiB", size, many.sizes[name])
    console.print(table)


def main() -> None:
    """Measures and prints."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    first = sys.argv[2] if len(sys.argv) > 2 else "2025-10"
    with tempfile.TemporaryDirectory(prefix="qiangshi-bench-") as folder:
        show(measure(Path(folder), 1, first), measure(Path(folder), times, first), times)


if __name__ == "__main__":
    main()
