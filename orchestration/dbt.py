"""The one place that runs dbt, in this process.

dbtRunner keeps the DuckDB file open for the life of the process, so every invocation ends by
closing its connections; and a manifest is parsed once per content of `models/` and workspace.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import RollUpFailed
from sources.definitions import Definitions
from warehouse.connection import scalar
from warehouse.settings import Settings

PROJECT = Path(__file__).resolve().parents[1] / "models"
# Standard output belongs to the command; what dbt has to say is in its log file and its results.
SILENT = ("--log-level", "none", "--log-level-file", "info", "--no-version-check")
# Unit tests try formulas, not this night's data.
EXCLUDED = ("--exclude", "resource_type:unit_test", "resource_type:test")


@dataclass(frozen=True)
class NodeResult:
    """What one dbt node came to: a model or seed built, or a test passed or failed."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    message: str
    failures: int
    relation_name: str | None
    seconds: float

    @property
    def is_failed(self) -> bool:
        """Whether the node errored, or the test found rows."""
        return self.status in {"error", "fail", "runtime error"}

    @property
    def is_skipped(self) -> bool:
        """Whether dbt left the node out because something above it failed."""
        return self.status == "skipped"


def target_path(settings: Settings) -> Path:
    """Where dbt keeps its manifest and compiled SQL for a workspace."""
    return settings.work / "dbt" / "target"


def models_hash() -> str:
    """sha256 over the dbt project without its seeds: SQL, YAML and macros."""
    digest = hashlib.sha256()
    for path in sorted(PROJECT.rglob("*")):
        if path.suffix in {".sql", ".yml"} and "target" not in path.parts:
            digest.update(path.relative_to(PROJECT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _environment(settings: Settings, release_file: Path) -> Iterator[None]:
    wanted = {
        "QIANGSHI_WAREHOUSE": str(settings.warehouse_db),
        "QIANGSHI_RELEASE_FILE": str(release_file),
        "QIANGSHI_SEEDS": str(settings.definitions_dir),
        "DBT_TARGET_PATH": str(target_path(settings)),
        "DBT_LOG_PATH": str(settings.work / "dbt" / "logs"),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_USE_COLORS": "false",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _invoke(args: Sequence[str], settings: Settings, release_file: Path, manifest: Any) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    with _environment(settings, release_file):
        try:
            return dbtRunner(manifest=manifest).invoke([*args, *SILENT])
        finally:
            DuckDBConnectionManager.close_all_connections()


@lru_cache(maxsize=4)
def _parsed(settings: Settings, _models: str, _definitions: str) -> Any:
    outcome = _invoke(["parse"], settings, target_path(settings) / "parse.duckdb", None)
    if not outcome.success:
        raise RollUpFailed([("parse", str(outcome.exception))])
    return outcome.result


def manifest(settings: Settings, definitions: Definitions) -> Mapping[str, Any]:
    """The manifest of the dbt project as a mapping, parsed only when models or headers changed."""
    definitions.write_merged(settings.definitions_dir)
    path = target_path(settings) / "manifest.json"
    stamp = path.with_name("manifest.models")
    if not path.exists() or not stamp.exists() or stamp.read_text() != models_hash():
        _parsed(settings, models_hash(), definitions.hash)
        stamp.write_text(models_hash())
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def build(settings: Settings, definitions: Definitions, release_file: Path) -> list[NodeResult]:
    """Seeds, models and tests built into the private warehouse and the fresh release file.

    Raises:
        RollUpFailed: a seed or model could not be built (a failing test is a result, not an error).
    """
    parsed = _parsed(settings, models_hash(), definitions.hash)
    # All models first, then all tests: in one go dbt skips what lies below a failed test, and a
    # release would lose whole tables where one city's figures are to be held back.
    built = _results(_invoke(["build", *EXCLUDED], settings, release_file, parsed), "dbt build")
    broken = [(node.name, node.message) for node in built if node.is_failed or node.is_skipped]
    if broken:
        raise RollUpFailed(broken)
    tested = _results(_invoke(["test", *EXCLUDED[:2]], settings, release_file, parsed), "dbt test")
    return built + tested


def build_marts(
    settings: Settings, definitions: Definitions, release_file: Path, marts: Sequence[str]
) -> None:
    """Builds some marts and what they stand on, without tests: for a question, not for a release.

    Raises:
        RollUpFailed: a seed or model could not be built.
    """
    parsed = _parsed(settings, models_hash(), definitions.hash)
    selected = ["--select", *(f"+{mart}" for mart in marts)]
    outcome = _invoke(["build", *selected, *EXCLUDED], settings, release_file, parsed)
    broken = [(n.name, n.message) for n in _results(outcome, "dbt build") if n.status != "success"]
    if broken:
        raise RollUpFailed(broken)


def write_docs(settings: Settings, definitions: Definitions) -> None:
    """Writes dbt's own site of the models into the target folder, as one file without a catalogue.

    Raises:
        RollUpFailed: the models cannot be read.
    """
    definitions.write_merged(settings.definitions_dir)
    aside = target_path(settings) / "docs.duckdb"
    aside.parent.mkdir(parents=True, exist_ok=True)
    site = ["docs", "generate", "--static", "--empty-catalog"]
    if not _was_built(settings):
        # Some models ask the warehouse for the registers, and before the first night there is none:
        # then the site tells the models as they are written, without their compiled SQL.
        _parsed.cache_clear()
        manifest(settings, definitions)
        site.append("--no-compile")
    outcome = _invoke(site, settings, aside, None)
    if not outcome.success:
        raise RollUpFailed([("docs", str(outcome.exception))])


def _was_built(settings: Settings) -> bool:
    """Whether the private warehouse holds the models of a night."""
    if not settings.warehouse_db.is_file():
        return False
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as connection:
        return bool(
            scalar(
                connection,
                "select count(*) > 0 from duckdb_columns()"
                " where schema_name = 'staging' and table_name = 'stg_definitions__registers'",
            )
        )


def _results(outcome: Any, command: str) -> list[NodeResult]:
    if outcome.result is None:
        raise RollUpFailed([(command, str(outcome.exception))])
    return [_node_result(result) for result in outcome.result.results]


def _node_result(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        message=str(result.message or ""),
        failures=int(result.failures or 0),
        relation_name=getattr(node, "relation_name", None),
        seconds=float(result.execution_time or 0.0),
    )
