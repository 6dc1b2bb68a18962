"""The files of one city for one audience, of a real night: nobody else's rows, nothing withheld."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sources.definitions import SEEDS, Definitions
from tests.integration.conftest import Workspace
from tests.integration.test_storage_versions import OLDER, read_with
from warehouse.audiences.selection import TOLD
from warehouse.audiences.writing import write_audience_file

CITY = "150200"
PLANTED = 987654321
# A part of a sum with its total, and a stock with the ratio made of it.
SECRET = {"patent_grants_design": "内部", "inv_valid_stock": "涉个人或企业"}
FACTS = ("city_indicators", "unit_indicators", "plan_table", "plan_progress")


def published(demo: Workspace) -> Path:
    manifest = json.loads((demo.home / "published/manifest.json").read_text(encoding="utf-8"))
    return demo.home / "releases" / manifest["release_id"]


def folder_of(demo: Workspace, city: str, audience: str) -> Path:
    return demo.home / "published/cities" / city / audience


def opened(file: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(file), read_only=True)


def columns(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    """Every column of every table of a file, which the views are made of: schema, table, column."""
    yield from connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where schema_name = 'marts' order by all"
    ).fetchall()


def holding(connection: duckdb.DuckDBPyConnection, condition: str) -> list[str]:
    """The columns in which some value, as a text, meets a condition."""
    found = []
    for schema, table, column in columns(connection):
        text = f'cast("{column}" as varchar)'
        sql = f'select count(*) from {schema}."{table}" where {condition.format(text)}'
        if connection.execute(sql).fetchall() != [(0,)]:
            found.append(f"{schema}.{table}.{column}")
    return found


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    """The project's definitions, two elements of which are not public."""
    folder = tmp_path_factory.mktemp("secret")
    with (SEEDS / "elements.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["element_code"] in SECRET]
    assert len(rows) == len(SECRET)
    with (folder / "elements.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(row | {"confidentiality_zh": SECRET[row["element_code"]]})
    return Definitions.load(folder)


@pytest.fixture(scope="module")
def withheld(
    demo: Workspace, secret: Definitions, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Mapping[str, Any], set[str]]:
    """The public file of a release into which a number was planted wherever nothing may be told."""
    planted = tmp_path_factory.mktemp("planted") / "20260131-001"
    planted.mkdir()
    for name in ("ip_marts.duckdb", "manifest.json"):
        shutil.copyfile(published(demo) / name, planted / name)
    codes = {"PATENT_GRANTS_DESIGN", "PATENT_GRANTS", "INV_VALID_STOCK", "INV_VALID_PER_10K"}
    with duckdb.connect(str(planted / "ip_marts.duckdb")) as connection:
        listed = ", ".join(f"'{code}'" for code in codes)
        for table in FACTS:
            planted_in = []
            for name, kind in connection.execute(
                "select column_name, data_type from duckdb_columns()"
                f" where schema_name = 'marts' and table_name = '{table}'"
            ).fetchall():
                if name in TOLD or kind in ("DATE", "BOOLEAN", "INTEGER"):
                    continue
                if name.startswith("baseline_"):
                    continue
                value = f"'是 {PLANTED}'" if kind == "VARCHAR" else PLANTED
                planted_in.append(f'"{name}" = {value}')
            assert len(planted_in) > 3
            connection.execute(
                f'update marts."{table}" set {", ".join(planted_in)}'
                f" where indicator_code in ({listed})"
            )
        connection.execute(
            "insert into marts.revisions by name select 'r' as release_id, 'city_indicators' as"
            f" table_name, '{CITY}|PATENT_GRANTS|2025|year' as key_text, 'value' as column_name,"
            f" '{PLANTED}' as old_value, '{PLANTED}1' as new_value, '更正' as reason_zh"
            " union all by name select 'r' as release_id, 'city_indicators' as table_name,"
            f" '{CITY}|TM_REGISTERED|2025|year' as key_text, 'value' as column_name,"
            " '4' as old_value, '5' as new_value, '更正' as reason_zh"
            " union all by name select 'r' as release_id, 'city_indicators' as table_name,"
            " '150400|TM_REGISTERED|2025|year' as key_text, 'value' as column_name,"
            " '6' as old_value, '7' as new_value, '更正' as reason_zh"
        )
        connection.executemany(
            "insert into marts.official_figures by name select 'r' as release_id, 'o' as"
            " official_release_id, ? as city_code, 'annual' as report_code, '2025' as"
            " official_period_code, 'city_indicators' as table_name, ? as indicator_code,"
            " '2025' as period_code, 'year' as period_type, ?::double as official_value,"
            " true as is_changed",
            [[CITY, "PATENT_GRANTS", PLANTED], [CITY, "TM_REGISTERED", 5]],
        )
    target = planted.parent / "target"
    told = write_audience_file(planted, CITY, "public", target, secret)
    return target / "ip_marts.duckdb", told, codes


def test_the_night_wrote_a_signed_file_for_each_city_and_audience(demo: Workspace) -> None:
    release = published(demo)
    signed = hashlib.sha256((release / "manifest.json").read_bytes()).hexdigest()
    cities = {row[0] for row in demo.query("select distinct city_code from marts.plans")}
    assert len(cities) == 5
    for city in cities:
        for audience in ("office", "public"):
            folder = folder_of(demo, city, audience)
            told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            data = (folder / "ip_marts.duckdb").read_bytes()
            assert hashlib.sha256(data).hexdigest() == told["sha256"]
            assert told["size"] == len(data)
            assert told["release_manifest_sha256"] == signed
            assert (told["release_id"], told["is_synthetic"]) == (release.name, True)
            for table, counts in told["tables"].items():
                assert counts["rows_selected"] == counts["rows_written"], (city, table)
            assert told["absent_tables"] == []


def test_no_file_names_a_unit_or_holds_a_row_of_another_city(demo: Workspace) -> None:
    for audience in ("office", "public"):
        with opened(folder_of(demo, CITY, audience) / "ip_marts.duckdb") as connection:
            others = ", ".join(f"'{row[0]}'" for row in demo.query(
                "select unit_code from marts.units where city_code in"
                " (select city_code from marts.plans) and city_code <> ?"
                " union all select plan_code from marts.plans where city_code <> ?", CITY, CITY
            ))  # fmt: skip
            assert others
            assert holding(connection, f"{{}} in ({others})") == []


def test_together_the_office_files_are_the_release(demo: Workspace) -> None:
    cities = [row[0] for row in demo.query("select city_code from marts.plans order by all")]
    for table, column in (
        ("unit_observations", "value"), ("unit_indicators", "value"), ("city_indicators", "value"),
        ("plan_progress", "actual_value"), ("findings", None), ("reporting_rates", "filled_cells"),
    ):  # fmt: skip
        asked = f"select count(*), {f'round(sum({column}), 4)' if column else 0} from marts.{table}"
        for city in cities:
            with opened(folder_of(demo, city, "office") / "ip_marts.duckdb") as connection:
                mine = connection.execute(asked).fetchall()
            assert mine == demo.query(f"{asked} where city_code = ?", city), (table, city)


def test_the_public_file_has_no_filing_in_it(demo: Workspace) -> None:
    with opened(folder_of(demo, CITY, "public") / "ip_marts.duckdb") as connection:
        ids = ", ".join(f"'{row[0]}'" for row in demo.query(
            "select distinct submission_id from marts.unit_observations"
            " where submission_id is not null and city_code = ? limit 500", CITY
        ))  # fmt: skip
        assert ids
        assert holding(connection, f"{{}} in ({ids})") == []
        names = {column for _, _, column in columns(connection)}
        assert not names & {"submission_id", "source_cell", "received_at", "value_text"}
        late = "select count(missing_units_zh) from marts.city_indicators"
        assert connection.execute(late).fetchall() == [(0,)]
        comment = connection.execute(
            "select comment from duckdb_columns() where schema_name = 'marts'"
            " and table_name = 'city_indicators' and column_name = 'missing_units_zh'"
        ).fetchall()[0][0]
        assert comment.endswith("（本文件不提供）")
        lists = "select distinct code_list from marts.{} where code_list is not null order by 1"
        named = connection.execute(lists.format("data_dictionary")).fetchall()
        assert connection.execute(lists.format("codelists")).fetchall() == named
        assert "submission_state" not in {row[0] for row in named}


def test_a_withheld_value_stands_nowhere_in_the_public_file(
    withheld: tuple[Path, Mapping[str, Any], set[str]],
) -> None:
    file, told, codes = withheld
    with opened(file) as connection:
        assert holding(connection, "{} like '%" + str(PLANTED) + "%'") == []
        for table in FACTS:
            rows = connection.execute(
                f"select count(*) from marts.{table} where list_contains(?, indicator_code)",
                [sorted(codes)],
            ).fetchall()[0][0]
            counted = sum(one.get("rows", 0) for one in told["withheld"] if one["table"] == table)
            assert counted == rows, table
        assert told["tables"]["unit_indicators"]["rows_written"] > 0
        reasons = connection.execute(
            "select distinct indicator_code, value_reason_zh, yoy_status from marts.city_indicators"
            " where list_contains(?, indicator_code)", [sorted(codes)],
        ).fetchall()  # fmt: skip
        assert ("PATENT_GRANTS", "不予公开（由此可推算出不公开的数）", "withheld") in reasons
        assert ("PATENT_GRANTS_DESIGN", "不予公开（内部）", "withheld") in reasons
        status = connection.execute(
            "select distinct status_code, status_reason_zh, actual_value, target_printed is null"
            " from marts.plan_table where indicator_code = 'PATENT_GRANTS'"
        ).fetchall()
        assert status == [("withheld", "不予公开（由此可推算出不公开的数）", None, False)]
        zh = f'select 状态, 本期实际值 from marts_zh."规划表_{plan_of(connection)}"'
        assert ("不予公开", None) in connection.execute(zh).fetchall()

        official = "select indicator_code, official_value, is_changed from marts.official_figures"
        assert sorted(connection.execute(official).fetchall()) == [
            ("PATENT_GRANTS", None, None), ("TM_REGISTERED", 5.0, True),
        ]  # fmt: skip


def plan_of(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("select plan_code from marts.plans").fetchall()[0][0])


def test_what_is_public_stands_untouched_beside_what_is_withheld(
    demo: Workspace, withheld: tuple[Path, Mapping[str, Any], set[str]]
) -> None:
    file, _, codes = withheld
    asked = (
        "select * exclude (missing_units_zh) from marts.city_indicators where city_code = ?"
        " and not list_contains(?, indicator_code) order by all"
    )
    with opened(file) as connection:
        mine = connection.execute(asked, [CITY, sorted(codes)]).fetchall()
        assert len(mine) > 1000
        assert mine == demo.query(asked, CITY, sorted(codes))


def test_revisions_are_those_of_the_city_and_tell_no_withheld_value(
    withheld: tuple[Path, Mapping[str, Any], set[str]],
) -> None:
    with opened(withheld[0]) as connection:
        rows = connection.execute(
            "select key_text, old_value, new_value, reason_zh from marts.revisions"
            " where release_id = 'r' order by all"
        ).fetchall()
    assert rows == [
        (f"{CITY}|PATENT_GRANTS|2025|year", None, None, "不予公开（由此可推算出不公开的数）"),
        (f"{CITY}|TM_REGISTERED|2025|year", "4", "5", "更正"),
    ]


def test_the_file_tells_what_it_is(withheld: tuple[Path, Mapping[str, Any], set[str]]) -> None:
    with opened(withheld[0]) as connection:
        [row] = connection.execute(
            'select 城市代码, 读者范围, 不提供的内容与原因 from marts_zh."本文件"'
        ).fetchall()
    assert row[:2] == (CITY, "公开")
    assert "不予公开（内部）；不予公开（涉个人或企业）" in row[2]


@pytest.mark.parametrize("driver", OLDER[:1])
def test_the_oldest_driver_opens_it_too(demo: Workspace, driver: str) -> None:
    file = folder_of(demo, CITY, "office") / "ip_marts.duckdb"
    assert read_with(driver, file) | {"version": None} == read_with(None, file) | {"version": None}
