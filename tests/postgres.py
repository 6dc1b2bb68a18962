"""Debian's PostgreSQL on loopback for the tests: one server a session.

It runs as the current user, or as Debian's `postgres` under root, which the server refuses.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.servers import LOOPBACK, end, free_port, tool, wait_for

USER = "qiangshi"
PASSWORD = "mima-2026-PG"  # planted: no output may show it (the server itself trusts loopback)
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB")
"""Nothing of a test outlives a crash of the machine."""


@dataclass
class Postgres:
    """A server that makes databases and empties them."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        """The address as the ledger takes it."""
        return f"postgresql+psycopg://{USER}@{LOOPBACK}:{self.port}/{database}"

    def plain_url(self, database: str = "postgres", user: str = USER) -> str:
        """The address as libpq and a publish target take it."""
        return f"postgresql://{user}:{PASSWORD}@{LOOPBACK}:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """The plain address of an empty database of that name."""
        with self._connected("postgres") as connection:
            connection.execute(f'drop database if exists "{name}" with (force)'.encode())
            connection.execute(f'create database "{name}"'.encode())
        return self.plain_url(name)

    def new(self) -> str:
        """The name of a new database."""
        name = f"t{next(self._numbers)}"
        self.new_database(name)
        return name

    def empty(self, database: str) -> None:
        """Leaves the schema alone: quicker by far than another database for each test."""
        with self._connected(database) as connection:
            tables = connection.execute(
                "select tablename from pg_tables"
                " where schemaname = 'public' and tablename <> 'alembic_version'"
            ).fetchall()
            # Without the triggers that refuse it, and the foreign keys.
            acts = ["set session_replication_role = replica", "set lock_timeout = '10s'"]
            acts += [f'delete from "{name}"' for (name,) in tables]
            acts += ["select setval(oid, 1, false) from pg_class where relkind = 'S'"]
            for act in acts:
                connection.execute(act.encode())

    def _connected(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        address = f"host={LOOPBACK} port={self.port} user={USER} dbname={database}"
        return psycopg.connect(address, autocommit=True)


@contextlib.contextmanager
def running_postgres(*, is_safe: bool = False) -> Iterator[Postgres]:
    """A server with a fresh cluster, gone afterwards; `is_safe` as it would run in earnest."""
    initdb, postgres = tool("initdb"), tool("postgres")
    folder = Path(tempfile.mkdtemp(prefix="qs-postgres-", dir="/tmp"))
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid} if os.getuid() == 0 else {}
    cluster, log = folder / "cluster", folder / "server.log"
    try:
        subprocess.run(
            [initdb, "-D", str(cluster), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C",
             "--no-sync"],
            check=True, capture_output=True, cwd=folder, **as_owner,
        )  # fmt: skip
        server = Postgres(free_port())
        settings = (f"listen_addresses={LOOPBACK}", f"unix_socket_directories={folder}")
        settings += () if is_safe else _QUICK
        with log.open("wb") as told:
            process = subprocess.Popen(
                [postgres, "-D", str(cluster), "-p", str(server.port),
                 *(part for setting in settings for part in ("-c", setting))],
                stdout=told, stderr=told, cwd=folder, **as_owner,
            )  # fmt: skip
        try:
            wait_for(server.port, process, log)
            _wait_until_ready(server)
            yield server
        finally:
            end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: Postgres) -> None:
    """The port answers a moment before the server takes anybody in."""
    subprocess.run(
        [tool("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(server.port), "-t", "15"], check=True
    )
