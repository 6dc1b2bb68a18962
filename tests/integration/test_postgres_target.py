"""The marts in PostgreSQL: same rows, exact figures and comments, swapped in one transaction."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest

from tests.integration.conftest import Workspace
from tests.integration.plain_sums import additive_indicators, differing, question
from tests.postgres import PASSWORD, Postgres
from warehouse.releases import postgres as target
from warehouse.releases.history import read_manifest
from warehouse.releases.targets import deliver
from warehouse.settings import Settings

FIRST, SECOND = "20260201-001", "20260202-001"


def settings_of(home: Path, url: str) -> Settings:
    return Settings.load(home, environ={"QIANGSHI_PUBLISH_POSTGRES": url})


@pytest.fixture(scope="module")
def home(demo: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only what is published of the demo: handing over reads nothing else."""
    home = tmp_path_factory.mktemp("published") / "var"
    for name in ("published", "releases"):
        shutil.copytree(demo.home / name, home / name, symlinks=True)
    return home


@pytest.fixture(scope="module")
def handed(postgres: Postgres, home: Path) -> str:
    """The URL of a database that has taken the demo's release."""
    url = postgres.new_database("bi")
    (delivery,) = deliver(settings_of(home, url))
    assert (delivery.is_new, delivery.problem_zh) == (True, None)
    assert PASSWORD not in delivery.target
    return url


@pytest.fixture
def client(handed: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(handed) as connection:
        yield connection


@pytest.fixture
def marts(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = str(home / "published/ip_marts.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        yield connection


def test_every_table_has_the_same_rows_to_the_last_digit(
    client: psycopg.Connection, marts: duckdb.DuckDBPyConnection
) -> None:
    tables = marts.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    ).fetchall()
    assert len(tables) > 20
    for (table,) in tables:
        kinds = {row[0]: row[1] for row in marts.execute(f'describe marts."{table}"').fetchall()}
        said = [f'count(distinct "{column}")' for column in kinds]
        said += [f'count("{column}")' for column in kinds]
        said += [f'cast(sum("{name}") as text)' for name, kind in kinds.items() if "DEC" in kind]
        question = f'select count(*), {", ".join(said)} from marts."{table}"'
        assert client.execute(question).fetchall() == marts.execute(question).fetchall(), table


def test_the_rows_of_a_table_are_the_same_one_by_one(
    client: psycopg.Connection, marts: duckdb.DuckDBPyConnection
) -> None:
    for table in ("plan_table", "plan_progress", "unit_progress", "units", "findings", "periods"):
        columns = [row[0] for row in marts.execute(f'describe marts."{table}"').fetchall()]
        listed = ", ".join(f'"{column}"' for column in columns)
        ours = marts.execute(f'select {listed} from marts."{table}"').fetchall()
        theirs = client.execute(f'select {listed} from marts."{table}"').fetchall()
        assert sorted(map(repr, theirs)) == sorted(map(repr, ours)), table


def test_a_plain_sum_over_members_is_the_city_there_too(
    client: psycopg.Connection, marts: duckdb.DuckDBPyConnection
) -> None:
    rows = client.execute(question()).fetchall()  # type: ignore[call-overload]
    ours = marts.execute(question()).fetchall()
    assert additive_indicators(rows) == additive_indicators(ours)
    assert len(rows) == len(ours)
    assert differing(rows) == []


def test_types_comments_and_views_arrive(
    client: psycopg.Connection, marts: duckdb.DuckDBPyConnection
) -> None:
    said = {
        (table, column): comment
        for table, column, comment in marts.execute(
            "select table_name, column_name, comment from duckdb_columns()"
            " where schema_name in ('marts', 'marts_zh')"
        ).fetchall()
    }
    arrived = client.execute(
        "select relname, attname, col_description(attrelid, attnum) from pg_attribute"
        " inner join pg_class on attrelid = pg_class.oid"
        " where relnamespace::regnamespace::text in ('marts', 'marts_zh') and attnum > 0"
    ).fetchall()
    assert {(table, column): comment for table, column, comment in arrived} == said
    kinds = dict(
        client.execute(
            "select column_name, data_type from information_schema.columns"
            " where table_schema = 'marts' and table_name = 'unit_observations'"
        ).fetchall()
    )
    assert (kinds["value"], kinds["period_start"]) == ("numeric", "date")
    rows = client.execute('select count(*) from marts_zh."规划指标表"').fetchall()
    assert rows == [(47,)]


def test_a_release_that_stands_is_not_loaded_again(handed: str, home: Path) -> None:
    (delivery,) = deliver(settings_of(home, handed))
    assert (delivery.is_new, delivery.problem_zh) == (False, None)


def changed_copy(home: Path, release_id: str, *statements: str) -> None:
    """A further kept release, with some figures changed."""
    published = str(read_manifest(home / "published/manifest.json")["release_id"])
    folder = home / "releases" / release_id
    folder.mkdir()
    path = folder / "ip_marts.duckdb"
    shutil.copyfile(home / "releases" / published / "ip_marts.duckdb", path)
    with duckdb.connect(str(path)) as connection:
        for statement in (f"update marts.release set release_id = '{release_id}'", *statements):
            connection.execute(statement)


@pytest.fixture(scope="module")
def two(home: Path) -> Path:
    """Two kept releases with few rows: what a swap does depends on no size."""
    few = [
        f"delete from marts.{table} where period_end < date '2025-10-01'"
        for table in ("unit_observations", "unit_indicators", "city_indicators")
    ]
    few += ["delete from marts.unit_observation_versions"]
    changed_copy(home, FIRST, *few)
    changed_copy(
        home, SECOND, *few,
        "update marts.units set unit_name_zh = 'O''Brien\"县\",\\N' where level_code = 'city'",
        "update marts.unit_observations set value = 12345678901234567890.123456,"
        " source_cell = '' where unit_code = '150402'",
    )  # fmt: skip
    return home


def test_a_reader_sees_one_release_or_the_next_and_keeps_its_rights(
    postgres: Postgres, two: Path
) -> None:
    settings = settings_of(two, postgres.new_database("swapped"))
    target.hand_over(settings, FIRST)
    url = str(settings.publish_postgres)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"create role bi_reader login password '{PASSWORD}'")
        for schema in ("marts", "marts_zh"):
            owner.execute(f"grant usage on schema {schema} to bi_reader")
            owner.execute(f"grant select on all tables in schema {schema} to bi_reader")
    seen, failed, stop = [], [], threading.Event()

    def read() -> None:
        with psycopg.connect(postgres.plain_url("swapped", "bi_reader"), autocommit=True) as reader:
            while not stop.is_set():
                try:
                    seen.append(
                        reader.execute(
                            "select release_id, (select count(*) from marts.plan_table),"
                            ' (select count(*) from marts_zh."单位观测值") from marts.release'
                        ).fetchall()[0]
                    )
                except psycopg.Error as error:
                    failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert target.hand_over(settings, SECOND)
    while not failed and (not seen or seen[-1][0] != SECOND) and thread.is_alive():
        stop.wait(0.01)
    stop.set()
    thread.join(timeout=30)
    assert failed == []
    assert {row[0] for row in seen} == {FIRST, SECOND}
    assert len({row[1:] for row in seen}) == 1
    with psycopg.connect(url) as reader:
        names = reader.execute(
            "select distinct unit_name_zh from marts.units where level_code = 'city'"
        ).fetchall()
        assert names == [('O\'Brien"县",\\N',)]
        figures = reader.execute(
            "select distinct value, source_cell from marts.unit_observations"
            " where unit_code = '150402'"
        ).fetchall()
        assert figures == [(Decimal("12345678901234567890.123456"), "")]
        left = reader.execute("select nspname from pg_namespace where nspname ~ '_next$'")
        assert left.fetchall() == []


def test_what_is_not_ours_is_left_alone_and_told(postgres: Postgres, home: Path) -> None:
    url = postgres.new_database("theirs")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("create schema marts")
        owner.execute("create table marts.kept as select 1 as a")
    (delivery,) = deliver(settings_of(home, url))
    assert "不是本系统建立的" in str(delivery.problem_zh)
    with psycopg.connect(url) as owner:
        assert owner.execute("select a from marts.kept").fetchall() == [(1,)]


def test_a_view_that_somebody_built_on_the_marts_is_not_dropped_unasked(
    postgres: Postgres, two: Path
) -> None:
    settings = settings_of(two, postgres.new_database("built_on"))
    target.hand_over(settings, FIRST)
    with psycopg.connect(str(settings.publish_postgres), autocommit=True) as owner:
        owner.execute("create view public.mine as select * from marts.plan_table")
    with pytest.raises(target.TargetRefused, match=r"public\.mine"):
        target.hand_over(settings, SECOND)


def test_a_database_that_cannot_be_reached_is_a_line_without_its_password(home: Path) -> None:
    url = f"postgresql://bi:{PASSWORD}@127.0.0.1:9/nowhere"
    (delivery,) = deliver(settings_of(home, url))
    assert "没有写成" in str(delivery.problem_zh)
    assert PASSWORD not in str(delivery)
    assert PASSWORD not in repr(settings_of(home, url))


def test_a_reader_that_goes_on_and_on_puts_the_swap_off_and_loses_nothing(
    postgres: Postgres, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(two, postgres.new_database("busy"))
    target.hand_over(settings, FIRST)
    monkeypatch.setattr(target, "SECONDS_FOR_READERS", 0.2)
    with psycopg.connect(str(settings.publish_postgres)) as reader:
        reader.execute("select count(*) from marts.plan_table")  # its transaction stays open
        with pytest.raises(target.TargetRefused, match="占用"):
            target.hand_over(settings, SECOND)
        found = reader.execute("select release_id from marts.release").fetchall()
        assert found == [(FIRST,)]
    assert target.hand_over(settings, SECOND)
