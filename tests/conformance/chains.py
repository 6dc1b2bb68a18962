"""The models' own SQL run again on generated figures, without a build for each case.

What lives here: a private warehouse with the tables of one city, and the compiled statements of the
sound build over it, in the order dbt ran them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from tests.conformance.worlds import TrapWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FROM_OBSERVATIONS = (
    "int_observations", "int_element_views", "int_elements_by_view", "int_elements_with_absent",
    "int_elements_counted", "int_indicator_parts", "int_indicators_of_cities",
)  # fmt: skip
RAW = ("submissions", "submission_events", "reported_values")


class Chain:
    """One city's raw tables in a private warehouse, and the models over them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, world: TrapWorld, city: str) -> None:
        self.connection = connection
        self.statements = {
            relation.split(".")[-1].strip('"'): (relation, sql) for relation, sql in world.compiled
        }
        missing = set(FROM_OBSERVATIONS) - set(self.statements)
        assert not missing, f"no longer a model: {missing}"
        for table in RAW:
            connection.execute(
                f"delete from raw.{table} where submission_id not like '{city[:4]}%'"
            )
        for table in ("int_form_periods_expected", "int_submissions_in_force"):
            connection.execute(
                f"delete from intermediate.{table} where unit_code not like '{city[:4]}%'"
            )

    def file(self, figures: Iterable[tuple[str, str, str | None]]) -> None:
        """Overwrites filed cells: submission, element, number."""
        self.connection.executemany(
            "update raw.reported_values set number_text = ? "
            "where submission_id = ? and element_code = ?",
            [(number, submission, element) for submission, element, number in figures],
        )

    def run(self, *models: str) -> None:
        """Runs models anew."""
        for name in models:
            relation, sql = self.statements[name]
            self.connection.execute(f"create or replace table {relation} as {sql}")

    @contextmanager
    def broken(self, model: str, found: str, put: str) -> Iterator[None]:
        """A model made wrong for a while."""
        relation, sql = self.statements[model]
        assert found in sql, f"{model} has no text {found!r}"
        self.statements[model] = (relation, sql.replace(found, put))
        try:
            yield
        finally:
            self.statements[model] = (relation, sql)

    def shuffled(self, seed: int) -> None:
        """Puts the rows of the raw tables in another order."""
        for table in RAW:
            self.connection.execute(
                f"create or replace temp table held as select * from raw.{table}"
                f" order by hash(submission_id || '{seed}'), random()"
            )
            self.connection.execute(f"delete from raw.{table}")
            self.connection.execute(f"insert into raw.{table} select * from held")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.connection.execute(sql, parameters).fetchall()


@contextmanager
def chain(world: TrapWorld, city: str, folder: Path) -> Iterator[Chain]:
    """A chain on a copy of the world's private warehouse; its name is the database's name."""
    copy = folder / world.warehouse_file.name
    shutil.copyfile(world.warehouse_file, copy)
    with duckdb.connect(str(copy)) as connection:
        yield Chain(connection, world, city)
