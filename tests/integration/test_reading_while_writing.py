"""BI reads on while the night publishes: no question fails, none is answered by two releases."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.raw_store import RunContext
from warehouse.releases.build import begin_build
from warehouse.releases.gate import Verdict
from warehouse.releases.publish import publish
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PUBLISHES = 200
READERS = ("python", "python", "sqlalchemy", "sqlalchemy", "holding")
ENGINE = ROOT / ".venv/drivers/sqlalchemy-duckdb"


@dataclass(frozen=True)
class Read:
    """What a reader reported."""

    kind: str
    exit_code: int
    said: str
    answers: list[list[str]]
    asked: int


DAY = date(2026, 1, 1)
ROWS = {"periods": 3000, "plan_progress": 50, "release": 1, "unit_observations": 5}
"""Rows of a release; big enough in one table not to be read in one go."""


def publish_next(settings: Settings, figure: int) -> dict[str, Any]:
    """A whole publishing, gate to manifest, of a release whose every figure is `figure`."""
    building = begin_build(settings, DAY)
    told = RunContext(
        DAY, building.release_id, datetime(2026, 1, 2), "0.1.0", "d1", is_synthetic=True
    )
    release = f"'{building.release_id}' as release_id"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{building.file}' as rel (storage_version 'v1.2.0'); use rel")
        connection.execute(
            f"""
            begin;
            create schema marts; create schema marts_zh;
            create table marts.release as
                select {release}, 'd1' as definitions_hash, '0.1.0' as software_version;
            create table marts.plan_progress as select {release}, 'p' as plan_code,
                'c' as city_code, 't' || range as target_code, {figure} as actual_value
                from range({ROWS["plan_progress"]});
            create table marts.unit_observations as select {release}, 'u' || range as unit_code,
                'c' as city_code, 'e' as element_code, '2025' as period_code,
                'year' as period_type, date '2025-01-01' as period_start,
                date '2025-12-31' as period_end, {figure} as value, 'reported' as obs_status,
                's' as submission_id, 1 as version from range({ROWS["unit_observations"]});
            create table marts.periods as
                select {release}, {figure} as value, range as number from range({ROWS["periods"]});
            create table marts.revisions (release_id varchar, from_release varchar,
                to_release varchar, table_name varchar, key_text varchar, column_name varchar,
                old_value varchar, new_value varchar, reason_code varchar, reason_zh varchar);
            create view marts_zh.figures as select * from marts.periods;
            commit;
            """
        )
    done = publish(settings, building, told, Verdict())
    assert (done.outcome, done.warning_zh) == ("released", None)
    assert done.manifest is not None
    return dict(done.manifest)


def start(kind: str, path: Path, report: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests/integration/reader.py"), kind, str(path), str(report)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Weather:
    """Five readers throughout 200 publishes, and what each release was."""

    readings: list[Read]
    manifests: dict[str, dict[str, Any]]

    @property
    def order(self) -> list[str]:
        return list(self.manifests)


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Weather:
    """The readers begin before the second publishing and end after the last."""
    if not ENGINE.is_dir():
        said = "duckdb-engine is not installed (make drivers)"
        if os.environ.get("QIANGSHI_REQUIRE_ALL"):
            pytest.fail(said)
        pytest.skip(said)
    home = tmp_path_factory.mktemp("readers")
    settings = Settings.load(home / "var", environ={})
    settings.published.mkdir(parents=True)
    manifests = [publish_next(settings, 0)]
    reports = [home / f"{index}-{kind}" for index, kind in enumerate(READERS)]
    readers = [
        start(kind, settings.published_db, report)
        for kind, report in zip(READERS, reports, strict=True)
    ]
    try:
        ends = time.monotonic() + 120
        while not all(report.exists() and report.stat().st_size for report in reports):
            assert time.monotonic() < ends, "a reader did not begin"
            assert all(reader.poll() is None for reader in readers), "a reader ended"
            time.sleep(0.02)
        for figure in range(1, PUBLISHES + 1):
            manifests.append(publish_next(settings, figure))
        (home / "stop").touch()
        found = []
        for kind, reader, report in zip(READERS, readers, reports, strict=True):
            said, _ = reader.communicate(timeout=60)
            lines = [line.split("\t") for line in report.read_text("utf-8").splitlines()]
            asked = int(lines[-1][1]) if lines[-1][0] == "end" else 0
            answers = [line for line in lines if line[0] != "end"]
            found.append(Read(kind, reader.returncode, said, answers, asked))
        return Weather(found, {one["release_id"]: one for one in manifests})
    finally:
        for reader in readers:
            if reader.poll() is None:
                reader.kill()
                reader.wait(timeout=10)


def test_two_hundred_releases_were_published(weather: Weather) -> None:
    assert len(weather.order) == PUBLISHES + 1
    assert weather.order == sorted(weather.order)


def test_no_reader_fails(weather: Weather) -> None:
    assert [
        (one.kind, one.said) for one in weather.readings if one.exit_code or not one.asked
    ] == []


def test_no_answer_mixes_two_releases(weather: Weather) -> None:
    """All ids, figures and counts of an answer are those of one release and its manifest."""
    for one in weather.readings:
        for release, ids, figures, *counts in one.answers:
            figure = str(weather.order.index(release))
            tables = weather.manifests[release]["tables"]
            assert set(ids.split("/")) == {release}, one.kind
            assert set(figures.split("/")) == {figure}, one.kind
            assert [int(count) for count in counts] == [tables[t]["rows"] for t in sorted(ROWS)]


def test_each_reader_notices_new_releases_and_the_last(weather: Weather) -> None:
    for one in weather.readings:
        if one.kind == "holding":
            continue
        seen = [answer[0] for answer in one.answers]
        assert seen == sorted(seen), "a reader went back in time"
        assert seen[-1] == weather.order[-1], one.kind
        assert len(seen) > 2, one.kind


def test_a_reader_that_holds_the_old_file_goes_on_with_it(weather: Weather) -> None:
    (holder,) = [one for one in weather.readings if one.kind == "holding"]
    assert [answer[0] for answer in holder.answers] == [weather.order[0]]
    assert holder.asked > 2


def test_a_second_connection_of_one_process_stays_with_the_file_of_the_first(
    tmp_path: Path,
) -> None:
    """Measured, and what the guides say of it: close all connections, then open anew."""
    settings = Settings.load(tmp_path / "var", environ={})
    settings.published.mkdir(parents=True)
    old = publish_next(settings, 0)["release_id"]
    path, asked = str(settings.published_db), "select release_id from marts.release"
    first = duckdb.connect(path, read_only=True)
    new = publish_next(settings, 1)["release_id"]
    with duckdb.connect(path, read_only=True) as second:
        assert second.sql(asked).fetchall() == [(old,)]
    first.close()
    with duckdb.connect(path, read_only=True) as third:
        assert third.sql(asked).fetchall() == [(new,)]
