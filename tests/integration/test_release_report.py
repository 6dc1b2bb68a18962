"""The page of a release in a browser: complete, quiet, reachable by all, and on paper."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Workspace
from tests.servers import tool

pytest.importorskip("playwright")

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


@pytest.fixture(scope="module")
def report(demo: Workspace) -> Path:
    published = json.loads((demo.home / "published/manifest.json").read_text(encoding="utf-8"))
    return demo.home / "releases" / published["release_id"] / "exports" / "report.html"


@pytest.fixture(scope="module")
def opened(report: Path) -> Iterator[tuple[Any, list[str], list[str]]]:
    from playwright.sync_api import sync_playwright

    program = tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1100, "height": 1400})
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri())
        yield page, said, asked
        browser.close()


def test_the_page_asks_for_nothing_and_complains_of_nothing(
    opened: tuple[Any, list[str], list[str]], report: Path
) -> None:
    page, said, asked = opened
    page.wait_for_load_state("networkidle")
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == {report.as_uri()}
    assert page.evaluate("document.fonts.check('16px \"Qiangshi Sans\"', '规划指标')")


def test_everybody_can_read_it(opened: tuple[Any, list[str], list[str]]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(opened[0])
    assert found.violations_count == 0, found.generate_report()


def test_it_prints_on_a4(opened: tuple[Any, list[str], list[str]], tmp_path: Path) -> None:
    from pypdf import PdfReader

    target = tmp_path / "report.pdf"
    opened[0].pdf(path=str(target), prefer_css_page_size=True)
    pages = PdfReader(target).pages
    assert len(pages) > 5
    for page in pages:
        assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
    text = "".join(page.extract_text() for page in pages)
    assert "表1 通辽市" in text
    assert "演示数据" in text


def test_every_plan_target_and_trace_is_there(demo: Workspace, report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    targets = demo.query("select target_code, actual_printed from marts.plan_table")
    for code, printed in targets:
        assert f'id="trace-{code}"' in text
        shown = re.search(rf'href="#trace-{code}"[^>]*>([^<]*)<', text)
        assert shown
        assert shown[1] == (printed or "—")
    for (plan,) in demo.query("select plan_code from marts.plans"):
        assert f'id="plan-{plan}"' in text
    assert text.count("<figure") >= 25
    for (name,) in demo.query(
        "select distinct unit_name_zh from marts.reporting_rates where is_expected"
    ):
        assert name in text


def test_the_counties_of_a_plan_add_up_to_its_city(demo: Workspace, report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    tables = re.findall(r'各旗县区"><table>(.*?)</table>', text, re.S)
    assert len(tables) == 5
    checked = 0
    for table in tables:
        lines = [re.findall(r'<td class="n">(?:<b>)?([^<]*)', line)
                 for line in table.split("<tr>")[2:]]  # fmt: skip
        *units, total = [line for line in lines if line]
        for column, whole in enumerate(total):
            cells = [line[column] for line in units]
            if "—" not in [*cells, whole] and "." not in whole:
                assert sum(map(float, cells)) == float(whole)
                checked += 1
    assert checked > 15
