"""A private warehouse small enough to read: the raw tables, their literal rows, and dbt over them.

What lives here: the shape of the raw tables, the calendar every model reads, one-line builders for
filed values, and the runner that owns dbt's hold on the DuckDB file. No assertion stands here.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2] / "models"

SCHEMA = Path(__file__).resolve().parents[2] / "warehouse" / "schema" / "raw.sql"


def raw_columns() -> dict[str, list[str]]:
    """Columns of the raw tables, in order, as the warehouse itself creates them."""
    with duckdb.connect() as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        found: dict[str, list[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'raw'"
            " order by table_name, column_index"
        ).fetchall():
            found.setdefault(table, []).append(column)
        return found


RAW_COLUMNS = raw_columns()

MONTHS_IN = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def period_code(period_type: str, year: int, position: int) -> str:
    """The SDMX code of the position-th (from 0) period of a type in a year."""
    return {
        "month": f"{year}-{position + 1:02d}",
        "quarter": f"{year}-Q{position + 1}",
        "half": f"{year}-S{position + 1}",
        "year": f"{year}",
    }[period_type]


def month_end(year: int, month: int) -> date:
    """The last day of a month, which may be counted past December."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def calendar_rows(first: int = 2015, last: int = 2035) -> Iterator[tuple[Any, ...]]:
    """Every month, quarter, half, year and year-to-date of the given years."""
    for year in range(first, last + 1):
        for period_type, length in MONTHS_IN.items():
            for position in range(12 // length):
                code = period_code(period_type, year, position)
                earlier = (year, position - 1) if position else (year - 1, 12 // length - 1)
                start = date(year, position * length + 1, 1)
                end = month_end(year, position * length + length)
                year_ago = period_code(period_type, year - 1, position)
                yield (
                    code,
                    period_type,
                    start,
                    end,
                    year,
                    period_code(period_type, *earlier),
                    year_ago,
                )
                if period_type in ("month", "quarter"):
                    before = period_code(period_type, year, position - 1) if position else None
                    yield (code, "ytd", date(year, 1, 1), end, year, before, year_ago)


@dataclass
class Warehouse:
    """A raw warehouse, a folder of definitions and a release file, all in one temporary folder."""

    home: Path
    as_of: date = date(2026, 1, 31)
    project: Path = PROJECT
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    definitions: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    due_days: Mapping[str, int] = field(
        default_factory=lambda: {"month": 5, "quarter": 10, "half": 15, "year": 20}
    )

    @property
    def warehouse_file(self) -> Path:
        """The private warehouse."""
        return self.home / "warehouse.duckdb"

    @property
    def release_file(self) -> Path:
        """The release being built."""
        return self.home / "ip_marts.duckdb"

    @property
    def seeds(self) -> Path:
        """The folder of definition tables dbt seeds from."""
        return self.home / "definitions"

    def define(self, table: str, *rows: Mapping[str, object]) -> None:
        """Adds definition rows; columns not named stay empty."""
        self.definitions.setdefault(table, []).extend(
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in rows
        )

    def insert(self, table: str, **values: object) -> None:
        """Adds one raw row; columns not named stay null."""
        names = RAW_COLUMNS[table]
        unknown = set(values) - set(names)
        if unknown:
            raise KeyError(f"{table} has no column {sorted(unknown)}")
        self.rows.setdefault(table, []).append(tuple(values.get(name) for name in names))

    def file(
        self,
        unit: str,
        form: str,
        period: str,
        numbers: Mapping[str, str | None],
        *,
        version: int = 1,
        state: str = "accepted_city",
        history: Sequence[tuple[str, str]] | None = None,
        is_nil_return: bool = False,
        received: str = "2026-01-03 09:00:00",
        city: str | None = None,
    ) -> str:
        """Files one submission: element → number as filed. Its events default to its one state."""
        submission = f"{unit}.{form}.{period}.v{version}"
        cells = {
            row["element_code"]: row
            for row in self.definitions["form_elements"]
            if row["form_code"] == form
        }
        form_version = next(iter(cells.values()))["form_version"]
        units = {row["unit_code"]: row for row in self.definitions["units"]}
        self.insert(
            "submissions",
            submission_id=submission,
            unit_code=unit,
            city_code=city or units[unit]["city_code"],
            form_code=form,
            form_version=form_version,
            period_code=period,
            version=version,
            file_name=f"{submission}.xlsx",
            received_at=received,
            known_from=received,
            state_code=state,
            is_nil_return=is_nil_return,
            is_synthetic=True,
        )
        for order, (to_state, at) in enumerate(history or [(state, received)], start=1):
            self.insert(
                "submission_events",
                submission_id=submission,
                event_order=order,
                to_state=to_state,
                author="张三",
                effective_at=at,
            )
        for position, (element, cell) in enumerate(cells.items()):
            number = numbers.get(element)
            self.insert(
                "reported_values",
                submission_id=submission,
                unit_code=unit,
                form_code=form,
                form_version=form_version,
                period_code=period,
                row_code=cell["row_code"],
                value_column=cell["value_column"],
                element_code=element,
                sheet="报表",
                cell=f"D{position + 8}",
                text=number,
                number_text=number,
                issue_code=None if number is not None else "blank",
            )
        return submission

    def write(self) -> None:
        """Writes the definitions, the raw tables and an empty place for the release."""
        self.seeds.mkdir(parents=True, exist_ok=True)
        for path in sorted((PROJECT / "seeds").glob("*.csv")):
            columns = next(csv.reader(path.open(encoding="utf-8")))
            rows = self.definitions.get(path.stem, [])
            strange = {name for row in rows for name in row} - set(columns)
            if strange:
                raise KeyError(f"{path.stem} has no column {sorted(strange)}")
            with (self.seeds / path.name).open("w", encoding="utf-8", newline="") as handle:
                writer = csv.DictWriter(handle, columns, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        for path in (self.warehouse_file, self.release_file):
            path.unlink(missing_ok=True)
        with duckdb.connect(str(self.warehouse_file)) as connection:
            connection.execute(SCHEMA.read_text(encoding="utf-8"))
            self._fill(connection)

    def _fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        calendar = list(calendar_rows())
        for table, rows in (*self.rows.items(), ("periods", calendar)):
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(f"insert into raw.{table} values ({marks})", rows)
        cities = {row["city_code"] for row in self.definitions.get("units", [])}
        due = [
            (form["form_code"], form["form_version"], city, code, self._due(end, form["frequency"]))
            for form in self.definitions.get("forms", [])
            for city in sorted(cities)
            for code, period_type, _, end, *_ in calendar
            if period_type == form["frequency"]
        ]
        if due:
            # One insert per row takes half a minute for fifty cities.
            frame = pl.DataFrame(due, schema=RAW_COLUMNS["due_dates"], orient="row")
            connection.register("due", frame)
            connection.execute("insert into raw.due_dates select * from due")
        connection.execute(
            "insert into raw.run_context"
            " values (?, 'R1', ?, '0.1.0', 'abc', true, 'nightly', null)",
            [self.as_of, datetime.combine(self.as_of, datetime.max.time()).replace(microsecond=0)],
        )

    def _due(self, end: date, frequency: str) -> datetime:
        day = self.due_days[frequency]
        following = end + timedelta(days=1)
        return datetime(following.year, following.month, day, 23, 59, 59)

    def build(self, *selection: str) -> Any:
        """Runs dbt build without unit tests over what was written; returns dbt's result."""
        self.write()
        return self.dbt("build", "--exclude", "resource_type:unit_test", *selection)

    def dbt(self, *arguments: str) -> Any:
        """Runs one dbt command in this process and lets go of the DuckDB file afterwards."""
        with environment(
            QIANGSHI_WAREHOUSE=str(self.warehouse_file),
            QIANGSHI_RELEASE_FILE=str(self.release_file),
            QIANGSHI_SEEDS=str(self.seeds),
            DBT_TARGET_PATH=str(self.home / "target"),
            DBT_LOG_PATH=str(self.home / "logs"),
        ):
            return invoke(*arguments, project=self.project)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the release, read-only, as BI would ask."""
        with duckdb.connect(str(self.release_file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def private(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the private warehouse."""
        with duckdb.connect(str(self.warehouse_file), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """The process environment with some variables set, restored at the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def invoke(*arguments: str, project: Path = PROJECT) -> Any:
    """One dbt command in process; the connections it leaves open are closed here."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        return dbtRunner().invoke(
            [
                *arguments,
                "--project-dir",
                str(project),
                "--profiles-dir",
                str(project),
                "--quiet",
            ]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()


def problems(result: Any) -> list[str]:
    """What did not succeed in a dbt run, as `name: message`."""
    if result.exception is not None:
        return [str(result.exception)]
    return [
        f"{node.node.name}: {node.status}: {node.message}"
        for node in result.result
        if str(node.status) not in ("success", "pass", "no-op")  # an exposure is nothing to build
    ]
