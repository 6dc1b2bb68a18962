"""The pictures of the steward's guide: `make screenshots` makes them anew from a demo workspace."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import load_workbook
from playwright.sync_api import Browser, Page
from rich.console import Console

from tests.console.browsing import Served, browsing, logged_in, made_world, serving

OUT = Console(highlight=False)
STEWARD, APPROVER, REPORTER = "steward-150400", "approver-150400", "reporter-150403"
TABLE = "/query?city=150400&area=all&indicator=PATENT_GRANTS,TM_VALID_STOCK&period=2025-Q3"
HELD = "150403.IP-Q1.2025-Q4.v1"
PAGES: tuple[tuple[str, str, str], ...] = (
    ("queue", STEWARD, "/queue"),
    ("submission", STEWARD, f"/submissions/{HELD}"),
    ("decide", STEWARD, "/submissions/150430.IP-Q1.2025-Q4.v1"),
    ("accept", STEWARD, "/queue/accept?level=county"),
    ("corrections", STEWARD, "/corrections"),
    ("progress", APPROVER, "/progress?city=150400&form=IP-Q1"),
    ("reminders", STEWARD, "/progress/reminders"),
    ("entry", REPORTER, "/entry/150403/IP-Q1/2025-Q4"),
    ("forms", REPORTER, "/forms"),
    ("plan", STEWARD, "/plans/chifeng-2023"),
    ("trace", STEWARD, "/targets/CF-H01"),
    ("releases", APPROVER, "/releases"),
    ("audit", "auditor", "/audit"),
    ("accounts", "security", "/accounts"),
)
"""Name of the picture, who looks, at what."""


def main() -> None:
    """Writes the pictures into a folder, by default `docs/images`; a workspace may be named."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        home = Path(sys.argv[2]) if len(sys.argv) > 2 else made_world(Path(folder) / "var")
        with serving(home) as served, browsing() as browser:
            _shoot(browser, served, target, Path(folder))


def _shoot(browser: Browser, served: Served, target: Path, folder: Path) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(f"{served.address}/login")
    _save(page, target / "login.png")
    seen: dict[str, Page] = {}
    for name, login, path in PAGES:
        page = seen.setdefault(login, logged_in(browser, served, login))
        page.goto(served.address + path)
        _save(page, target / f"{name}.png")
    _table(seen[STEWARD], served, target)
    _official(seen, served, target)
    page = seen[REPORTER]
    with page.expect_download() as started:
        page.evaluate(f"window.location.href = '/submissions/{HELD}/original'")
    faulty = folder / "四季度报表.xlsx"
    started.value.save_as(faulty)
    load_workbook(faulty).close()
    page.goto(f"{served.address}/upload")
    page.set_input_files("#files", str(faulty))
    page.click("button:text-is('检查')", timeout=300_000)
    page.wait_for_selector("#result", timeout=300_000)
    page.evaluate("document.getElementById('result').scrollIntoView()")
    _save(page, target / "upload.png")


def _table(page: Page, served: Served, target: Path) -> None:
    """A table asked for, taken, and looked up by its code."""
    page.goto(served.address + TABLE)
    _save(page, target / "query.png")
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.inner_text(".table-notes"))
    assert code
    with page.expect_download():
        page.click("a:text-is('下载 Excel')")
    page.goto(f"{served.address}/verify?code={code[0]}")
    _save(page, target / "verify.png")


def _official(seen: dict[str, Page], served: Served, target: Path) -> None:
    """A quarterly report proposed by one, as the other sees it."""
    page = seen[STEWARD]
    page.goto(f"{served.address}/official")
    page.select_option("#period", "2025-Q4")
    page.fill("#document_number", "赤知〔2026〕1号")
    page.fill("#embargo", "2026-03-01T09:00")
    page.fill("#note", "四季度数已与各旗县区核对")
    paper = {"name": "盖章表.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 sealed"}
    page.set_input_files("#scan", paper)  # type: ignore[arg-type]
    page.click("button:text-is('提请')")
    page.wait_for_selector(".flash")
    second = seen[APPROVER]
    second.goto(f"{served.address}/official/150400.quarterly.2025-Q4.1")
    _save(second, target / "official.png")


def _save(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    OUT.print(f"{path}")


if __name__ == "__main__":
    main()
