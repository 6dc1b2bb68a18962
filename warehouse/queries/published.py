"""Reading a published file: the one that stands there now, never a kept connection's old one.

A second connection of one process to a path goes on seeing the file it first opened, even after the
file was replaced. So a connection lives for one question, opened on the release's own file name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import NoRelease
from warehouse.releases.history import release_db
from warehouse.settings import Settings


def manifest(settings: Settings) -> Mapping[str, Any]:
    """The manifest of the published release.

    Raises:
        NoRelease: nothing has been published yet.
    """
    try:
        found: Mapping[str, Any] = json.loads(
            settings.published_manifest.read_text(encoding="utf-8")
        )
    except FileNotFoundError as error:
        raise NoRelease() from error
    return found


def release_file(settings: Settings, release_id: str | None = None) -> Path:
    """The DuckDB file of a release, by default of the published one.

    Raises:
        NoRelease: there is no such release; ThinnedRelease where it was thinned.
    """
    wanted = release_id or str(manifest(settings)["release_id"])
    return release_db(settings, wanted)


@contextmanager
def marts(settings: Settings, release_id: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to one release, for one question."""
    connection = duckdb.connect(str(release_file(settings, release_id)), read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def rows(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
) -> list[dict[str, Any]]:
    """The answer as one mapping per row."""
    cursor = connection.execute(
        sql, dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ask(
    settings: Settings,
    sql: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
    release_id: str | None = None,
) -> list[dict[str, Any]]:
    """The answer of one release to one question."""
    with marts(settings, release_id) as connection:
        return rows(connection, sql, parameters)
