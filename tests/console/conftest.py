"""A desk over a small ledger: two counties of one city, one of another, and an account per role."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from filelock import FileLock
from httpx import Response
from sqlalchemy import Engine
from starlette.requests import Request

from console.app import create_app
from console.daytime import Daytime
from console.security import token_of
from tests.postgres import Postgres
from tests.unit.warehouse.access_builders import CHEAP, FIRST, Clock
from warehouse.access.accounts import add_account, grant_post
from warehouse.access.roles import ROLES
from warehouse.access.scope import Post
from warehouse.access.sessions import Sessions
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.findings import WRITTEN, record_findings
from warehouse.ledger.intake import ParsedRecord, record_batch, settle
from warehouse.settings import Settings
from warehouse.workspace import init, mark_kind

UNIT, NEIGHBOUR, FOREIGN = "150402", "150403", "150602"
NOW = datetime(2026, 1, 31, 23, 59, 59)
SINCE = date(2020, 1, 1)
HOST = "http://desk.test"


@dataclass
class Visitor:
    """A browser at the desk: it keeps cookies and brings the token that its pages carry."""

    client: TestClient

    def get(self, path: str, **words: Any) -> Response:
        return self.client.get(path, follow_redirects=False, **words)

    def post(self, path: str, fields: dict[str, Any] | None = None, **words: Any) -> Response:
        """A form posted with the token of this browser."""
        data = {"csrf": self.csrf()} | (fields or {})
        return self.client.post(path, data=data, follow_redirects=False, **words)

    def csrf(self) -> str:
        """The token of the forms this browser is shown."""
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.client.cookies.jar)
        return token_of(Request({"type": "http", "headers": [(b"cookie", cookies.encode())]}))

    def log_in(self, login: str, password: str = FIRST, **more: Any) -> Response:
        self.get("/login")
        return self.post("/login", {"login": login, "password": password} | more)


@dataclass
class Office:
    """The desk with its ledger and the clock of its sessions."""

    settings: Settings
    engine: Engine
    app: FastAPI
    clock: Clock = field(default_factory=Clock)

    def visitor(self, **words: Any) -> Visitor:
        """A browser that nobody has logged in at."""
        return Visitor(TestClient(self.app, base_url=HOST, raise_server_exceptions=False, **words))

    def as_(self, login: str) -> Visitor:
        """A browser in which somebody has logged in."""
        visitor = self.visitor()
        answer = visitor.log_in(login)
        assert answer.status_code == 303, answer.text
        return visitor

    def file(
        self, unit: str = UNIT, *severities: str, sha: str = "a1", period: str = "2025-12",
        name: str = "上报.xlsx", message: str = "本期与上期相差过大",
    ) -> str:  # fmt: skip
        """A checked submission of the monthly form with findings of some severities."""
        record = ParsedRecord(
            unit_code=unit, city_code=f"{unit[:4]}00", file_sha256=(sha + unit).ljust(64, "0"),
            size_bytes=1000, file_name=name, channel_kind="inbox",
            received_at=datetime(2026, 1, 10, 9), is_synthetic=True, form_code="IP-M1",
            form_version="2021", period_code=period,
            people={"填表人": "王某某", "联系电话": "13800000000"},
        )  # fmt: skip
        submission_id = record_batch(self.engine, [record], NOW, None)[0].submission_id
        rows = [
            dict.fromkeys(WRITTEN) | {
                "finding_id": f"{submission_id}#{place}", "rule_id": f"C0{place + 1}",
                "rule_version": "1", "severity_code": severity, "submission_id": submission_id,
                "unit_code": unit, "form_code": "IP-M1", "period_code": period, "sheet": "表",
                "element_code": "patent_grants", "cell": "D8", "message_zh": message,
            }
            for place, severity in enumerate(severities)
        ]  # fmt: skip
        if rows:
            frame = pl.DataFrame(rows, schema=dict.fromkeys(WRITTEN, pl.String))
            record_findings(self.engine, frame)
        settle(self.engine, [submission_id])
        return submission_id


def post_of(role: str, unit: str = UNIT) -> Post:
    """A post of a role at a unit, or at its city."""
    reach = ROLES[role].reach
    city = None if reach == "all" else f"{unit[:4]}00"
    return Post(role, city, unit if reach == "unit" else None, SINCE)


def staffed(settings: Settings) -> None:
    """Gives a workspace an account per role, each named after its role, and two of another city."""
    mark_kind(settings, is_synthetic=True)
    engine = open_ledger(settings)
    now = Clock()()
    people = [(role, role, UNIT) for role in ROLES]
    people += [
        ("foreign_reporter", "reporter", FOREIGN),
        ("foreign_steward", "city_steward", FOREIGN),
    ]
    for login, role, unit in people:
        add_account(
            engine, login, f"某{ROLES[role].name_zh}", author="root", now=now, password=FIRST,
            is_demo=True, hasher=CHEAP,
        )  # fmt: skip
        grant_post(engine, login, post_of(role, unit), author="root", now=now)
    engine.dispose()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with its accounts, made once."""
    settings = Settings.load(tmp_path_factory.mktemp("desk") / "var", environ={})
    init(settings)
    settings.toml_path.write_text("clock = 2026-01-31\n", encoding="utf-8")
    staffed(settings)
    return settings.home


@pytest.fixture(scope="session")
def desk_database(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PostgreSQL ledger migrated once and emptied after each test."""
    name = postgres.new()
    url = {"QIANGSHI_LEDGER_URL": postgres.url(name)}
    init(Settings.load(tmp_path_factory.mktemp("desk-postgres") / "var", environ=url))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of the ledger, None for SQLite: the desk stands on both."""
    if request.param == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres")
    name: str = request.getfixturevalue("desk_database")
    yield server.url(name)
    server.empty(name)


@pytest.fixture
def opened(bare: Path, tmp_path: Path, database: str | None) -> Iterator[Callable[..., Office]]:
    """Opens a desk over a copy of that workspace, with settings of the test's own."""
    made: list[Office] = []

    def open_(**environ: str) -> Office:
        home = tmp_path / f"var{len(made)}"
        shutil.copytree(bare, home)
        if database is not None:
            environ["QIANGSHI_LEDGER_URL"] = database
        settings = Settings.load(home, environ=environ)
        if database is not None and not made:
            staffed(settings)  # a second desk of one test stands over the same ledger
        engine = open_ledger(settings)
        clock = Clock()
        sessions = Sessions(engine, settings.cities, now=clock, hasher=CHEAP)
        daytime = Daytime(settings, is_at_work=False)
        app = create_app(settings, sessions, daytime)
        made.append(Office(settings, engine, app, clock))
        return made[-1]

    yield open_
    for one in made:
        one.engine.dispose()
        one.app.state.desk.engine.dispose()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A demo workspace after its night, to be copied or only read; made once for all workers."""
    from tests.console.browsing import made_world

    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    home, done = shared / "desk_world" / "var", shared / "desk_world" / "done"
    with FileLock(shared / "desk_world.lock"):
        if not done.exists():
            made_world(home)
            done.touch()
    return home


@pytest.fixture
def office(opened: Callable[..., Office]) -> Office:
    """A desk with the settings a workspace has by itself."""
    return opened()
