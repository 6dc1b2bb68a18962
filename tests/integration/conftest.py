"""A demo workspace after its first night, shared by the session, and copies of it to change."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from openpyxl import load_workbook
from typer.testing import CliRunner

from orchestration.cli.main import app

ARRIVED = datetime(2026, 1, 29, 10, 0)


@dataclass(frozen=True)
class Outcome:
    """What a command printed and ended with."""

    exit_code: int
    output: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


@dataclass(frozen=True)
class Workspace:
    """A workspace as its users meet it: commands, the inbox, the published file."""

    home: Path
    has_exports: bool = False
    """Whether its nights write workbooks and reports, which most tests do not look at."""

    def run(self, *arguments: str, ends_with: int | None = 0) -> Outcome:
        """One `qiangshi` command in this workspace."""
        env = {"QIANGSHI_HOME": str(self.home)}
        if not self.has_exports:
            env["QIANGSHI_EXPORTS"] = "off"
        result = CliRunner().invoke(app, list(arguments), env=env, catch_exceptions=False)
        if ends_with is not None:
            assert result.exit_code == ends_with, result.output + result.stderr
        return Outcome(result.exit_code, result.stdout)

    def night(self, *arguments: str, ends_with: int = 0) -> dict[str, Any]:
        """One night; what it came to."""
        found: dict[str, Any] = self.run("nightly", "--json", *arguments, ends_with=ends_with).json
        return found

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the published marts, read as a BI tool would."""
        with duckdb.connect(str(self.home / "published/ip_marts.duckdb"), read_only=True) as con:
            return con.execute(sql, list(parameters)).fetchall()

    def drop(self, city: str, unit: str, name: str, data: bytes, at: datetime = ARRIVED) -> Path:
        """A file dropped into a unit's inbox at a moment."""
        path = self.home / "inbox" / city / unit / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def filed_workbook(self, submission_id: str, target: Path) -> Path:
        """The bytes a unit filed, as a workbook of its own."""
        rows = self.run("submissions", "--json").json
        row = next(row for row in rows if row["submission_id"] == submission_id)
        digest = row["file_sha256"]
        path = target / "filed.xlsx"
        shutil.copyfile(self.home / "raw" / digest[:2] / digest, path)
        return path


def changed(path: Path, cells: dict[str, Any]) -> bytes:
    """The workbook with some cells of its visible sheet set to other values."""
    book = load_workbook(path)
    sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    for address, value in cells.items():
        sheet[address] = value
    book.save(path)
    return path.read_bytes()


@pytest.fixture(scope="session", autouse=True)
def _no_outer_settings() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("QIANGSHI_")}
    required = kept.get("QIANGSHI_REQUIRE_ALL")
    if required:
        os.environ["QIANGSHI_REQUIRE_ALL"] = required
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Workspace:
    """The whole demo after its first night. Tests read it and change nothing.

    It is made once, by the first of the test processes that asks for it; the others wait.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    workspace = Workspace(shared / "demo" / "var", has_exports=True)
    done = shared / "demo" / "done"
    with FileLock(shared / "demo.lock"):
        if not done.exists():
            workspace.run("demo")
            workspace.night()
            done.touch()
    return workspace


@pytest.fixture
def copied(demo: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the demo workspace that a test may change."""
    home = tmp_path / "var"
    shutil.copytree(demo.home, home)
    return Workspace(home)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Workspace]:
    """Makes a fresh workspace with the demo's last quarter only."""

    def make() -> Workspace:
        workspace = Workspace(tmp_path_factory.mktemp("small") / "var")
        workspace.run("demo", "--from", "2025-10", "--to", "2025-12")
        return workspace

    return make
