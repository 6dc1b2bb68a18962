"""A workspace in a temporary folder, and submissions in a few literal words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, select

from tests.postgres import Postgres
from tests.unit.warehouse.builders import AUTOMATIC, JAN_10, NOW, TODAY, filed
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.findings import WRITTEN, record_findings
from warehouse.ledger.intake import Recorded, record_batch, settle
from warehouse.ledger.policies import AcceptancePolicies, apply_policies
from warehouse.ledger.tables import events, findings, submissions
from warehouse.settings import Settings
from warehouse.workspace import init


@dataclass
class Ledger:
    """The ledger with short words for what tests do to it."""

    engine: Engine

    def file(
        self,
        sha: str = "a1",
        *,
        unit: str = "150402",
        period: str | None = "2025-12",
        at: datetime = JAN_10,
        name: str = "上报.xlsx",
        now: datetime = NOW,
        last: date | None = None,
        refused: bool = False,
    ) -> Recorded:
        """One file of the form M1 of a county of 150400."""
        return record_batch(
            self.engine,
            [filed(sha, unit=unit, period=period, at=at, name=name, refused=refused)],
            now,
            last,
        )[0]

    def passed(self, sha: str = "a1", severity: str | None = None, **words: object) -> str:
        """A checked submission, with one finding of a severity on element patents."""
        recorded = self.file(sha, **words)  # type: ignore[arg-type]
        if severity:
            self.find(recorded.submission_id, severity)
        settle(self.engine, [recorded.submission_id])
        return recorded.submission_id

    def find(self, submission_id: str, *severities: str) -> list[str]:
        """Findings of these severities, one rule each."""
        ids = [f"{submission_id}#{number}" for number in range(len(severities))]
        rows = [
            dict.fromkeys(WRITTEN)
            | {
                "finding_id": finding_id,
                "rule_id": f"R{number}",
                "rule_version": "1",
                "severity_code": severity,
                "submission_id": submission_id,
                "unit_code": "150402",
                "element_code": "patents",
                "cell": "C7",
                "message_zh": "本期与上期相差过大",
            }
            for number, (finding_id, severity) in enumerate(zip(ids, severities, strict=True))
        ]
        schema = dict.fromkeys(WRITTEN, pl.String)
        record_findings(self.engine, pl.DataFrame(rows, schema=schema))
        return ids

    def apply(self, policies: AcceptancePolicies = AUTOMATIC) -> list[str]:
        """Lets the system accept."""
        return apply_policies(self.engine, policies, TODAY)

    def state(self, submission_id: str) -> str:
        """State of a submission."""
        found = select(submissions.c.state_code).where(submissions.c.submission_id == submission_id)
        with self.engine.connect() as connection:
            return str(connection.execute(found).scalar())

    def finding_states(self, submission_id: str) -> list[str]:
        """Status of each finding of a submission, by rule."""
        found = select(findings.c.status_code).where(findings.c.submission_id == submission_id)
        with self.engine.connect() as connection:
            return list(connection.execute(found.order_by(findings.c.rule_id)).scalars())

    def events(self, submission_id: str) -> list[tuple[str, str | None, str, datetime]]:
        """Verb, states and moment of each event."""
        found = select(events).where(events.c.submission_id == submission_id)
        with self.engine.connect() as connection:
            return [
                (row["verb"], row["from_state"], row["to_state"], row["effective_at"])
                for row in connection.execute(found.order_by(events.c.event_order)).mappings()
            ]


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace made once; each test works in a copy, which costs less than migrating anew."""
    made = Settings.load(tmp_path_factory.mktemp("empty") / "var", environ={})
    init(made)
    return made.home


@pytest.fixture(scope="session")
def empty_database(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PostgreSQL ledger migrated once and emptied after each test."""
    name = postgres.new()
    url = {"QIANGSHI_LEDGER_URL": postgres.url(name)}
    init(Settings.load(tmp_path_factory.mktemp("empty-postgres") / "var", environ=url))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of the test's ledger; None for SQLite in the workspace."""
    if request.param == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres")
    name: str = request.getfixturevalue("empty_database")
    yield server.url(name)
    server.empty(name)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, empty_workspace: Path) -> Settings:
    """A workspace; where the test asks for the ledger, once on either database."""
    shutil.copytree(empty_workspace, tmp_path / "var")
    url = request.getfixturevalue("database") if "database" in request.fixturenames else None
    return Settings.load(tmp_path / "var", environ={"QIANGSHI_LEDGER_URL": url} if url else {})


@pytest.fixture
def ledger(database: str | None, settings: Settings) -> Iterator[Ledger]:
    engine = open_ledger(settings)
    yield Ledger(engine)
    engine.dispose()
