"""A PostgreSQL server of Debian's on loopback, in a folder of its own, ended by its own pid."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import LOOPBACK, end, free_port, wait_for

PASSWORD = "mima-2026-PG"  # planted: no output may show it
OWNER = "qiangshi"


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        return f"postgresql://{user}:{PASSWORD}@{LOOPBACK}:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """The URL of an empty database."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'drop database if exists "{name}" with (force)')
            connection.execute(f'create database "{name}"')
        return self.url(name)


def programs() -> Path:
    """The folder of PostgreSQL's own programs; without it the test is left out, or fails."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    if path := shutil.which("postgres"):
        return Path(path).parent
    said = "postgres is not installed (Debian package postgresql)"
    if os.environ.get("QIANGSHI_REQUIRE_ALL"):
        pytest.fail(said)
    pytest.skip(said)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A fresh server; as root it runs as `postgres`, since it refuses to be root."""
    bin_folder = programs()
    user = "postgres" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="qiangshi-pg-"))
    if user:
        who = pwd.getpwnam(user)
        os.chown(home, who.pw_uid, who.pw_gid)
    data, port, log = home / "data", free_port(), home / "log"
    key = home / "password"
    key.write_text(PASSWORD, encoding="utf-8")
    key.chmod(0o644)
    made = subprocess.run(
        [bin_folder / "initdb", "-D", data, "-U", OWNER, "-A", "scram-sha-256", "--pwfile", key,
         "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
        user=user, cwd=home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.fail(made.stderr)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [bin_folder / "postgres", "-D", data, "-p", str(port),
             "-c", f"unix_socket_directories={home}", "-c", f"listen_addresses={LOOPBACK}",
             "-c", "fsync=off", "-c", "full_page_writes=off"],
            user=user, cwd=home, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        wait_for(port, process, log)
        yield Postgres(port)
    finally:
        end(process)
        shutil.rmtree(home, ignore_errors=True)
