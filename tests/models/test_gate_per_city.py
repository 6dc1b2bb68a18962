"""One city's spoilt row, through each generic check, holds back that city and no other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.models.builders import problems
from tests.models.test_manifest import COMMON_CHECKS
from tests.models.worlds import CITY, OTHER_CITY, small_city
from warehouse.releases.gate import FailedTest, Verdict, judge

if TYPE_CHECKING:
    from tests.models.builders import Warehouse

DUMMY = {"DATE": "date '2025-01-01'", "TIMESTAMP": "timestamp '2025-01-01'", "BOOLEAN": "false",
         "VARCHAR": "'x'"}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """A generic check of the models, and the table it looks at."""

    name: str
    kind: str
    column: str | None
    place: str

    @property
    def is_public(self) -> bool:
        return self.place.startswith("marts.")


def checks_of(world: Warehouse) -> list[Check]:
    nodes = json.loads((world.home / "target/manifest.json").read_text("utf-8"))["nodes"]
    found = []
    for node in nodes.values():
        told = node.get("test_metadata")
        if node["resource_type"] == "test" and told and node["name"] not in COMMON_CHECKS:
            model = nodes[node["attached_node"]]
            place = f"{model['schema']}.{model['alias']}"
            found.append(
                Check(node["name"], told["name"], told["kwargs"].get("column_name"), place)
            )
    return found


def a_row(connection: duckdb.DuckDBPyConnection, place: str, city: str) -> int:
    """The row id of one row of a city, made up where it has none."""
    asked = f"select min(rowid) from {place} where city_code = '{city}'"
    (found,) = connection.execute(asked).fetchall()[0]
    if found is None:
        columns = {
            r[0]: r[1].split("(")[0] for r in connection.execute(f"describe {place}").fetchall()
        }
        values = [
            f"'{city}'" if c == "city_code" else DUMMY.get(t, "0") for c, t in columns.items()
        ]
        connection.execute(f"insert into {place} values ({', '.join(values)})")
        (found,) = connection.execute(asked).fetchall()[0]
    return int(found)


def spoil(connection: duckdb.DuckDBPyConnection, check: Check, city: str) -> None:
    row = f"{check.place} where rowid = {a_row(connection, check.place, city)}"
    if check.kind == "unique_key":
        connection.execute(f"insert into {check.place} select * from {row}")
        return
    place, condition = row.split(" where ")
    if check.kind == "required_values":
        connection.execute(f"update {place} set release_id = null where {condition}")
    else:
        connection.execute(f"update {place} set {check.column} = '?' where {condition}")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    world = small_city(tmp_path_factory.mktemp("gate_per_city"))
    assert problems(world.build()) == []
    return world


@pytest.fixture
def judged(city: Warehouse) -> Any:
    """Spoils a city through every check of a kind at once, and judges each of them."""
    sound = {path: path.read_bytes() for path in (city.release_file, city.warehouse_file)}

    def judge_spoilt(kind: str, *cities: str) -> dict[str, Verdict]:
        checks = [check for check in checks_of(city) if check.kind == kind]
        for public, path in ((True, city.release_file), (False, city.warehouse_file)):
            with duckdb.connect(str(path)) as connection:
                for check in checks:
                    for one in cities if check.is_public is public else ():
                        spoil(connection, check, one)
        result = city.dbt("test", "--select", *(check.name for check in checks))
        failed = {n.node.name: n.node.relation_name for n in result.result if n.status == "fail"}
        assert set(failed) == {check.name for check in checks}
        with duckdb.connect(str(city.warehouse_file), read_only=True) as connection:
            return {n: judge(connection, [FailedTest(n, place)]) for n, place in failed.items()}

    yield judge_spoilt
    for path, content in sound.items():
        path.write_bytes(content)


@pytest.mark.parametrize("kind", ["unique_key", "closed_list", "points_to", "required_values"])
def test_one_city_s_spoilt_row_holds_that_city_alone(judged: Any, kind: str) -> None:
    verdicts = judged(kind, CITY)
    assert verdicts
    told = {name: (one.held_codes, one.holds_all) for name, one in verdicts.items()}
    assert told == dict.fromkeys(verdicts, ((CITY,), False))


def test_two_cities_rows_hold_both(judged: Any) -> None:
    for name, verdict in judged("closed_list", CITY, OTHER_CITY).items():
        assert (verdict.held_codes, verdict.holds_all) == ((CITY, OTHER_CITY), False), name
