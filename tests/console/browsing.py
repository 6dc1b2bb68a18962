"""A demo desk that is really served, and a real browser before it: for tests and for pictures."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from typer.testing import CliRunner

from console.app import create_app
from orchestration.cli.main import app as command_line
from tests.servers import tool
from tests.unit.warehouse.access_builders import CHEAP
from warehouse.access.demo import PASSWORD
from warehouse.access.sessions import Sessions
from warehouse.daytime.children import stop_checker
from warehouse.ledger.engine import open_ledger
from warehouse.settings import Settings

CITY = "150400"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
OFFICE_SCREEN = {"width": 1366, "height": 768}
PATIENCE_MS = 60_000


def made_world(home: Path) -> Path:
    """A demo workspace of one city with planted faults, after its first night, with accounts."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "workspace.toml").write_text(f'cities = ["{CITY}"]\n', encoding="utf-8")
    for arguments in (
        ["demo", "--from", "2025-07", "--to", "2025-12", "--faults"],
        ["nightly"],
        ["accounts", "demo"],
    ):
        done = CliRunner().invoke(
            command_line, arguments, env={"QIANGSHI_HOME": str(home)}, catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
    return home


@dataclass
class Served:
    """A desk at an address, and its ledger."""

    address: str
    settings: Settings
    engine: Engine


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Serves a workspace on a free port of this machine, as long as it is needed."""
    settings = Settings.load(home, environ={})
    engine = open_ledger(settings)
    app = create_app(settings, Sessions(engine, settings.cities, hasher=CHEAP))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        for _ in range(300):
            if server.started:
                break
            time.sleep(0.1)
        assert server.started
        yield Served(f"http://127.0.0.1:{port}", settings, engine)
        stop_checker(settings)
        server.should_exit = True
        thread.join(20)
    engine.dispose()
    app.state.desk.engine.dispose()


@contextmanager
def browsing() -> Iterator[Browser]:
    """Debian's Chromium, without a window; the test is left out where there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=list(ARGUMENTS))
        yield browser
        browser.close()


def logged_in(browser: Browser, served: Served, login: str) -> Page:
    """A page of a browser of one's own, in which somebody has logged in."""
    context = browser.new_context(viewport=OFFICE_SCREEN, locale="zh-CN")  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{served.address}/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main button.primary")
    page.wait_for_selector("nav[aria-label='主导航'] a")
    return page


def copied(world: Path, target: Path) -> Path:
    """A copy of a workspace that may be changed."""
    shutil.copytree(world, target)
    return target
