"""Superset tried for real: our dashboard imported, the 47 rows asked through its SQL interface.

`make try-superset` calls it. It ends with 0 only when Superset's rows equal DuckDB's and every
chart of the dashboard has drawn; the screenshot is there to be looked at.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import yaml
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "docs/bi/superset"
USER, PASSWORD = "admin", "mima-2026-BI"
QUESTION = """
select plan_code, target_order, indicator_zh, target_printed, actual_printed, actual_value,
    status_code, release_id
from marts.plan_table order by plan_code, target_order
"""


def said(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def bundle(published: Path) -> bytes:
    """The shipped dashboard as Superset imports it, its database being this published file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path in sorted(BUNDLE.rglob("*.yaml")):
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            if path.parent.name == "databases":
                content["sqlalchemy_uri"] = f"duckdb:///{published}"
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            archive.writestr(f"qiangshi/{path.relative_to(BUNDLE).as_posix()}", text)
    return held.getvalue()


class Superset:
    """A fresh Superset on loopback, in a folder of its own."""

    def __init__(self, programs: Path, home: Path) -> None:
        self.programs = programs
        self.environment = {
            **os.environ,
            "SUPERSET_HOME": str(home),
            "SUPERSET_CONFIG_PATH": str(ROOT / "tests/bi/superset_config.py"),
            "FLASK_APP": "superset.app:create_app()",
        }
        self.log = home / "log"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = int(listener.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Its own database, an administrator and the roles."""
        who = ["--username", USER, "--firstname", "A", "--lastname", "B", "--email", "a@b.example"]
        for order in (
            ["db", "upgrade"],
            ["fab", "create-admin", *who, "--password", PASSWORD],
            ["init"],
        ):
            said(f"superset {' '.join(order[:2])}")
            with self.log.open("ab") as log:
                subprocess.run(
                    [self.programs / "superset", *order],
                    env=self.environment, stdout=log, stderr=log, check=True, timeout=900,
                )  # fmt: skip

    @contextlib.contextmanager
    def running(self) -> Iterator[httpx.Client]:
        """A client that is logged in."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [self.programs / "gunicorn", "-w", "1", "--threads", "8", "--timeout", "300",
                 "-b", f"127.0.0.1:{self.port}", "superset.app:create_app()"],
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            with httpx.Client(base_url=self.address, timeout=300) as client:
                self._wait(client, process)
                who = {"username": USER, "password": PASSWORD, "provider": "db", "refresh": False}
                token = client.post("/api/v1/security/login", json=who).raise_for_status().json()
                client.headers["Authorization"] = f"Bearer {token['access_token']}"
                yield client
        finally:
            process.terminate()
            process.wait(timeout=30)

    def _wait(self, client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + 300
        while time.monotonic() < ends and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/health").is_success:
                    return
            time.sleep(0.5)
        raise SystemExit(f"Superset did not start: {self.log.read_text()[-3000:]}")


def imported(client: httpx.Client, published: Path) -> None:
    """Imports the shipped dashboard through Superset's own interface."""
    files = {"formData": ("qiangshi.zip", bundle(published), "application/zip")}
    answer = client.post("/api/v1/dashboard/import/", files=files, data={"overwrite": "true"})
    if answer.is_error:
        raise SystemExit(f"the dashboard was not imported: {answer.text[:2000]}")


def asked(client: httpx.Client) -> list[dict[str, Any]]:
    """The plan tables' rows, through Superset's SQL Lab."""
    found = client.get("/api/v1/database/").raise_for_status().json()["result"]
    (database,) = [row for row in found if row["database_name"] == "强市数据集市"]
    order = {"database_id": database["id"], "schema": "marts", "sql": QUESTION, "runAsync": False,
             "client_id": secrets.token_hex(5), "queryLimit": 1000}  # fmt: skip
    answer = client.post("/api/v1/sqllab/execute/", json=order)
    if answer.is_error:
        raise SystemExit(f"SQL Lab refused the question: {answer.text[:2000]}")
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def expected(published: Path) -> list[dict[str, Any]]:
    """The same rows, read by DuckDB itself."""
    with duckdb.connect(str(published), read_only=True) as connection:
        cursor = connection.execute(QUESTION)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def session(address: str) -> str:
    """The cookie of somebody who has logged in by Superset's own form."""
    with httpx.Client(base_url=address, timeout=300) as client:
        client.post("/login/", data={"username": USER, "password": PASSWORD})
        return str(client.cookies["session"])


def photographed(address: str, target: Path) -> list[str]:
    """What went wrong in the dashboard's charts; the picture is written to `target`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1400})
        page.context.add_cookies([{"name": "session", "value": session(address), "url": address}])
        # Superset's page asks a font of an outside host, which a closed network never answers.
        page.route(lambda url: not url.startswith(address), lambda route: route.abort())
        page.goto(
            f"{address}/superset/dashboard/qiangshi/?standalone=1",
            wait_until="domcontentloaded", timeout=180_000,
        )  # fmt: skip
        page.wait_for_selector("text=鄂尔多斯市", timeout=180_000)
        problems = _drawn(page)
        page.screenshot(path=str(target), full_page=True)
        browser.close()
    return problems


def _drawn(page: Page) -> list[str]:
    page.wait_for_function(
        "document.querySelectorAll('.chart-slice, .dashboard-chart').length >= 5"
        " && !document.querySelector('.loading')",
        timeout=180_000,
    )
    page.wait_for_timeout(2000)
    wrong = page.locator("[role=alert], .ant-alert-error").all_inner_texts()
    return [text for text in wrong if text.strip()]


def main() -> int:
    """0 when all rows are equal and all charts drew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=Path, help="folder of Superset's programs")
    parser.add_argument("home", type=Path, help="workspace with a published release")
    parser.add_argument("picture", type=Path, help="where the screenshot goes")
    told = parser.parse_args()
    published = told.home.absolute() / "published/ip_marts.duckdb"
    with tempfile.TemporaryDirectory(prefix="qiangshi-superset-") as folder:
        superset = Superset(told.programs.absolute(), Path(folder))
        superset.prepare()
        with superset.running() as client:
            imported(client, published)
            rows, wanted = asked(client), expected(published)
            said(f"{len(rows)} rows through Superset, {len(wanted)} in DuckDB")
            different = [(one, two) for one, two in zip(rows, wanted, strict=False) if one != two]
            problems = photographed(superset.address, told.picture)
    said(f"dashboard: {told.picture}")
    for problem in problems:
        said(f"chart: {problem}")
    for one, two in different:
        said(f"differs: {json.dumps(one, ensure_ascii=False)} {two}")
    return 0 if rows and len(rows) == len(wanted) and not different and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
