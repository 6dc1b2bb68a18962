"""A million register rows at 1 % and 50 % bad, beside a bare Polars check of the same rules.

Run by hand: `.venv/bin/python tests/benchmarks/registers.py [rows] [rounds]`. Each measurement is a
process of its own, its peak memory sampled with its children's. `ours` is the whole way of the
night: guarded reading, warehouse, rules, every cell found written down and the list for the filer;
`rules` is the judging alone; `polars` reads the same file and counts the rows each rule fails.
Seconds are CPU seconds of a process and its children, so that the ratio holds on a busy machine;
both are measured in turn, `rounds` times, and the smaller counts. `wall` is what the clock said.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
HEAD = "专利台账\n表号：强市知台1表,填报单位：红山区,单位代码：150402,报告期：2025年4季度\n"


def rows(count: int, bad: float) -> pl.DataFrame:
    """Patents with a right check digit; of `bad` of them one of eight things is wrong, in turn."""
    place = pl.int_range(count, dtype=pl.Int64)
    number = (2010 + place % 14) * 100_000_000 + 10_000_000 + place // 14 % 10_000_000
    total = pl.lit(0)
    for position, weight in enumerate(WEIGHTS):
        total = total + number // 10 ** (11 - position) % 10 * weight
    frame = pl.select(place=place, number=number, check=total % 11)
    is_bad = (pl.col("place") * 7919 % 10_000) < int(bad * 10_000)
    kind = pl.when(is_bad).then(pl.col("place") // 2 % 8).otherwise(-1)
    year = 2010 + pl.col("place") % 14
    digit = pl.when(kind == 0).then((pl.col("check") + 1) % 10).otherwise(pl.col("check"))
    return frame.select(
        pl.when(kind == 1).then(pl.lit("12345")).otherwise(
            pl.col("number").cast(pl.String) + "."
            + pl.when(digit == 10).then(pl.lit("X")).otherwise(digit.cast(pl.String))
        ).alias("申请号"),
        pl.when(kind == 2).then(pl.lit("实用新型")).when(kind == 3).then(pl.lit("其他"))
        .otherwise(pl.lit("发明专利")).alias("专利类型"),
        pl.format("一种第{}号装置", pl.col("place")).alias("发明名称"),
        pl.when(kind == 4).then(None)
        .otherwise(pl.format("演示企业{}", pl.col("place") % 5000)).alias("专利权人"),
        pl.lit("某市某路1号").alias("地址"),
        (year.cast(pl.String) + pl.when(kind == 5).then(pl.lit("年九月")).otherwise(
            pl.lit("-03-05"))).alias("申请日"),
        pl.when(kind == 6).then(pl.lit("2026-02-01"))
        .otherwise((year + 2).cast(pl.String) + "-06-30").alias("授权公告日"),
        pl.when(kind == 7).then(pl.lit("未知")).otherwise(pl.lit("有效")).alias("法律状态"),
        pl.when(pl.col("place") % 3 == 0).then(pl.lit("是")).otherwise(pl.lit("否"))
        .alias("战略性新兴产业"),
        pl.lit("否").alias("海外同族"), pl.lit("否").alias("较高质押金额"),
        pl.lit("否").alias("获奖"),
    )  # fmt: skip


def write(path: Path, count: int, bad: float) -> None:
    """The register as a county would save it, as csv."""
    path.write_text(HEAD, encoding="utf-8")
    with path.open("ab") as handle:
        rows(count, bad).write_csv(handle)


def polars_check(path: Path) -> dict[str, int]:
    """The rows that fail each rule, by plain Polars over the same file."""
    end = date(2025, 12, 31)
    lazy = pl.scan_csv(path, skip_rows=2, infer_schema=False)
    number = pl.col("申请号").str.strip_chars().str.replace("^ZL", "")
    pattern = r"^((?:19|20)[0-9]{2}[12389][0-9]{7})\.?([0-9X])$"
    digits = number.str.extract(pattern, 1).cast(pl.Int64)
    total = pl.lit(0)
    for position, weight in enumerate(WEIGHTS):
        total = total + digits // 10 ** (11 - position) % 10 * weight
    check = number.str.extract(pattern, 2)
    printed = pl.when(check == "X").then(10).otherwise(check.cast(pl.Int64, strict=False))
    applied = pl.col("申请日").str.to_date("%Y-%m-%d", strict=False)
    granted = pl.col("授权公告日").str.to_date("%Y-%m-%d", strict=False)
    kinds = {"1": "发明专利", "8": "发明专利", "2": "实用新型", "9": "实用新型", "3": "外观设计"}
    kind = pl.col("专利类型")
    known = kind.is_in(["发明专利", "实用新型", "外观设计"])
    told = number.str.extract(pattern, 1).str.slice(4, 1).replace_strict(kinds, default=None)
    required = ("申请号", "专利类型", "专利权人", "申请日", "授权公告日", "法律状态")
    flags = ("战略性新兴产业", "海外同族", "较高质押金额", "获奖")
    found = lazy.select(
        R01=sum(pl.col(name).is_null().sum() for name in required),
        R02=digits.is_null().sum(),
        R03=(total % 11 != printed).sum(),
        R04=applied.is_null().sum() + granted.is_null().sum(),
        R07=(~known).sum() + (~pl.col("法律状态").is_in(["有效", "失效"])).sum()
        + sum((~pl.col(name).is_in(["是", "否"])).sum() for name in flags),
        R08=digits.drop_nulls().len() - digits.drop_nulls().n_unique(),
        R09=(known & (told != kind)).sum(),
        R10=(granted > end).sum(),
        R11=(applied > granted).sum(),
        R12=((pl.col("战略性新兴产业") == "是") & known & (kind != "发明专利")).sum(),
        R13=((pl.col("海外同族") == "是") & (kind != "发明专利")).sum(),
    )  # fmt: skip
    return {name: int(value) for name, value in found.collect().row(0, named=True).items()}


def cpu_seconds() -> float:
    """CPU seconds of this process and of the children that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def ours(path: Path, home: Path) -> dict[str, float]:
    """Seconds of each part of the night's way, with the cells each rule found."""
    os.environ["QIANGSHI_HOME"] = str(home)
    from expectations.rules import Rules
    from orchestration.stages.registering import judge_registers, read_registers, write_lists
    from sources.contract import FileToParse
    from sources.definitions import Definitions
    from warehouse.connection import private_warehouse, warehouse_writer
    from warehouse.registers import load_register
    from warehouse.settings import Settings
    from warehouse.workspace import init

    settings = Settings.load()
    init(settings)
    definitions = Definitions.load()
    rules = Rules.load(definitions)
    import great_expectations  # noqa: F401  (its import is measured in the night's table)

    filed = pl.DataFrame({
        "submission_id": ["S"], "unit_code": ["150402"], "city_code": ["150400"],
        "form_code": ["IP-R1"], "form_version": ["2021"], "period_code": ["2025-Q4"],
    })  # fmt: skip
    began = time.perf_counter()
    marks = [cpu_seconds()]
    read = read_registers(
        [FileToParse("S", path, path.name, "150402")], definitions, None, home / "rows"
    )
    assert not read.errors, read.errors
    marks.append(cpu_seconds())
    with warehouse_writer(settings) as connection:
        load_register(connection, "S", ("IP-R1", "2021"), read.rows["S"])
    marks.append(cpu_seconds())
    with warehouse_writer(settings) as connection:
        found = judge_registers(connection, filed, definitions, rules)
    marks.append(cpu_seconds())
    with private_warehouse(settings) as connection:
        counts = dict(connection.execute(
            "select rule_id, count(*) from raw.register_findings group by rule_id"
        ).fetchall())  # fmt: skip
        write_lists(settings, connection, filed, definitions, rules)
    marks.append(cpu_seconds())
    parts = dict(
        zip(("read", "load", "rules", "list"), (b - a for a, b in pairwise(marks)),
            strict=True)
    )  # fmt: skip
    assert found.findings.height
    wall = time.perf_counter() - began
    return parts | {"wall": wall, "counts": counts}  # type: ignore[dict-item]


def measured(*arguments: str) -> tuple[dict[str, object], float]:
    """What a part of this script printed, and the peak MiB of its process tree."""
    process = psutil.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    peak = 0
    while process.poll() is None:
        try:
            tree = [process, *process.children(recursive=True)]
            peak = max(peak, sum(one.memory_info().rss for one in tree if one.is_running()))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.05)
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(output)
    return json.loads(output.splitlines()[-1]), peak / 2**20


def smaller(rows: list[dict[str, float]], part: str) -> float:
    """The least that a part took in any round."""
    return min(row[part] for row in rows)


def main(count: int, rounds: int) -> None:
    """Prints one table."""
    table = Table(title=f"{count:,} register rows, CPU seconds, best of {rounds} rounds")
    for name in ("bad", "polars", "read", "load", "rules", "list", "all", "× polars",
                 "rules × polars", "wall", "polars wall", "peak MiB", "polars MiB"):  # fmt: skip
        table.add_column(name)
    for bad in ("0.01", "0.5"):
        theirs: list[dict[str, float]] = []
        mine: list[dict[str, float]] = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "register.csv"
            write(path, count, float(bad))
            for number in range(rounds):
                bare, bare_peak = measured("polars", str(path))
                own, peak = measured("ours", str(path), str(Path(folder) / f"var{number}"))
                expected = {rule: n for rule, n in bare.pop("counts").items() if n}  # type: ignore[attr-defined]
                counts = {rule: n for rule, n in own.pop("counts").items() if n}  # type: ignore[attr-defined]
                assert counts == expected, (counts, expected)
                theirs.append({**bare, "peak": bare_peak})  # type: ignore[dict-item]
                mine.append({**own, "peak": peak})  # type: ignore[dict-item]
        parts = [smaller(mine, name) for name in ("read", "load", "rules", "list")]
        seconds = smaller(theirs, "seconds")
        table.add_row(
            bad, *(f"{n:.1f}" for n in (seconds, *parts, sum(parts), sum(parts) / seconds)),
            f"{parts[2] / seconds:.1f}", f"{smaller(mine, 'wall'):.0f}",
            f"{smaller(theirs, 'wall'):.0f}", f"{max(row['peak'] for row in mine):.0f}",
            f"{max(row['peak'] for row in theirs):.0f}",
        )  # fmt: skip
    Console(width=150).print(table)


def said(record: dict[str, object]) -> None:
    """One line of JSON for the measuring process."""
    sys.stdout.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "polars":
        began, used = time.perf_counter(), time.process_time()
        failing = polars_check(Path(sys.argv[2]))
        said({"seconds": time.process_time() - used, "wall": time.perf_counter() - began,
              "counts": failing})  # fmt: skip
    elif len(sys.argv) > 1 and sys.argv[1] == "ours":
        said(ours(Path(sys.argv[2]), Path(sys.argv[3])))  # type: ignore[arg-type]
    else:
        main(*(int(text) for text in [*sys.argv[1:], *["1000000", "2"][len(sys.argv) - 1 :]]))
