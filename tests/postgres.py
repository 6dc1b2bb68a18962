"""Debian's PostgreSQL on loopback for the tests: one server a session, one database a test.

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

import psycopg

from tests.servers import LOOPBACK, end, free_port, tool, wait_for

USER = "qiangshi"
PASSWORD = "mima-2026-PG"  # planted: no output may show it (the server itself trusts loopback)
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB")
"""Nothing of a test outlives a crash of the machine."""


@dataclass
class Postgres:
    """A server; databases are copies of another, made and dropped by name."""

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
        self.drop(name)
        self._do(f'create database "{name}"')
        return self.plain_url(name)

    def new(self, template: str = "template1") -> str:
        """The name of a new database, a copy of the template."""
        name = f"t{next(self._numbers)}"
        self._do(f'create database "{name}" template "{template}"')
        return name

    def drop(self, name: str) -> None:
        self._do(f'drop database if exists "{name}" with (force)')

    def _do(self, statement: str) -> None:
        address = f"host={LOOPBACK} port={self.port} user={USER} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server with a fresh cluster, gone afterwards."""
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
        settings = (f"listen_addresses={LOOPBACK}", f"unix_socket_directories={folder}", *_QUICK)
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
