"""The desk in a real browser: every page for axe and a small screen; the whole work, end to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.console.browsing import Served, browsing, copied, logged_in, serving
from warehouse.access.demo import PASSWORD
from warehouse.ledger.tables import submissions
from warehouse.official.verbs import official_releases, propose
from warehouse.queries.published import manifest
from warehouse.queries.tables import plan_table

pytestmark = pytest.mark.slow

UNIT, FORM, PERIOD = "150403", "IP-Q1", "2025-Q4"
FAULTY = f"{UNIT}.{FORM}.{PERIOD}.v1"
NIGHT_MS = 900_000
HELD = "已封库，待开封"
RELEASE_NAME = "2025年四季度更正一"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def served(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(copied(world, tmp_path_factory.mktemp("served") / "var")) as found:
        yield found


ASKED = "area=all&indicator=PATENT_GRANTS,TM_VALID_STOCK&period=2025-Q3,2025-Q4"
PAGES = {
    "steward-150400": (
        "/queue", "/queue?status=explained", "/queue/accept?level=county", "/queue/pending",
        "/corrections",
        "/submissions", f"/submissions/{FAULTY}", f"/submissions/{FAULTY}/versions",
        "/submissions/{refused}", "/upload", "/forms", "/entry",
        f"/entry/{UNIT}/{FORM}/{PERIOD}", "/progress", "/progress/reminders", "/plans",
        "/plans/chifeng-2023", "/plans/chifeng-2023?view=preview", "/targets/CF-H01",
        "/releases", "/releases/job", "/releases/{release}/files", "/query", f"/query?{ASKED}",
        "/query?find=商标", "/query?indicator=NONE", "/verify", "/verify?code=ABCD-2345",
        "/password",
    ),
    "approver-150400": ("/progress", "/releases", "/queue", "/official", "/official/{proposal}"),
    f"reporter-{UNIT}": (
        "/query", "/releases/{release}/files", "/upload", f"/entry/{UNIT}/{FORM}/{PERIOD}",
        f"/submissions/{FAULTY}",
    ),
    "auditor": ("/audit", "/audit/chain", "/audit/security", "/accounts"),
    "security": ("/accounts",),
}  # fmt: skip


@pytest.mark.parametrize("login", list(PAGES))
def test_every_page_is_accessible_and_fits_a_small_screen(
    browser: Browser, served: Served, login: str
) -> None:
    page = logged_in(browser, served, login)
    said: list[str] = []
    grave: list[tuple[str, str, str]] = []
    page.on("console", lambda message: said.append(message.text))
    there = _there(served)
    for path in (one.format(**there) for one in PAGES[login]):
        answer = page.goto(served.address + path)
        assert answer is not None
        assert answer.status == 200, path
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, path
        grave += [
            (path, one["id"], one["nodes"][0]["html"][:160])
            for one in Axe().run(page).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    assert grave == []
    assert [one for one in said if "Content Security Policy" in one] == []


def _there(served: Served) -> dict[str, str]:
    """What stands in this world under a name of its own: a refused file, release, proposal."""
    refused = select(submissions.c.submission_id).where(submissions.c.state_code == "refused")
    with served.engine.connect() as connection:
        found = connection.scalars(refused.order_by(submissions.c.submission_id)).first()
    made = official_releases(served.settings, served.engine)
    proposal = made[0]["proposal_id"] if made else propose(
        served.settings, served.engine, city_code="150400", report_code="quarterly",
        period_code=PERIOD, author="steward-150400", at=served.settings.clock.now(),
    ).proposal_id  # fmt: skip
    release = manifest(served.settings)["release_id"]
    return {"refused": str(found), "release": str(release), "proposal": str(proposal)}


def test_what_is_not_there_is_accessible_too(browser: Browser, served: Served) -> None:
    page = logged_in(browser, served, "steward-150400")
    answer = page.goto(f"{served.address}/nothing")
    assert answer is not None
    assert answer.status == 404
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_table_is_asked_for_without_script(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = context.new_page()
    page.goto(f"{served.address}/login")
    page.fill("#login", f"reporter-{UNIT}")
    page.fill("#password", PASSWORD)
    page.click("main button.primary")
    page.goto(f"{served.address}/query")
    page.fill("#find", "注册商标")
    page.click("button:text-is('查找')")
    page.check("input[value=TM_VALID_STOCK]")
    page.check("#area-chosen")
    page.check("input[name=unit][value='150402']")
    page.click("button:text-is('查看表格') >> nth=0")
    assert page.locator("table.printed tbody tr").count() == 1
    assert "红山区" in page.inner_text("table.printed")
    with page.expect_download() as started:
        page.click("a:text-is('下载 Excel')")
    assert started.value.suggested_filename.endswith(".xlsx")
    page.click("table.printed td a >> nth=0")
    assert "一层层追到单元格" in page.inner_text("main")
    assert page.locator("#unit-150402").count() == 1


def test_indicators_narrow_while_one_types(browser: Browser, served: Served) -> None:
    page = logged_in(browser, served, "steward-150400")
    page.goto(f"{served.address}/query")
    page.fill("#find", "质押")
    shown = page.locator("#indicators label:visible").all_inner_texts()
    assert shown
    assert all("质押" in one for one in shown)
    page.fill("#find", "")
    assert page.locator("#indicators label:visible").count() > len(shown)


def test_a_report_opens_with_its_own_style_and_asks_for_nothing(
    browser: Browser, served: Served
) -> None:
    page = logged_in(browser, served, "steward-150400")
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(served.address + "/releases/{release}/report".format(**_there(served)))
    assert [one for one in asked if not one.startswith("data:")] == [page.url]
    assert said == []
    assert page.locator("h1").inner_text() == "规划指标报告"
    assert page.locator("table td").first.evaluate("e => getComputedStyle(e).borderTopWidth") != (
        "0px"
    )


def test_the_login_page_is_accessible(browser: Browser, served: Served) -> None:
    page = browser.new_page()
    page.goto(f"{served.address}/login")
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_keys_walk_through_the_queue(browser: Browser, served: Served) -> None:
    page = logged_in(browser, served, "steward-150400")
    page.goto(f"{served.address}/queue")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("x")
    first = page.locator("[data-row]").first
    assert first.locator("input[name=finding]:checked").count() > 0
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/submissions/**")
    before = page.url
    page.keyboard.press("j")
    page.wait_for_url(lambda address: address != before)


def test_decisions_work_without_script(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.address}/login")
    page.fill("#login", "steward-150400")
    page.fill("#password", "yanshi-desk-2026")
    page.click("main button.primary")
    page.goto(f"{served.address}/submissions/150423.IP-Q3.2025-Q4.v1")
    page.click("summary:has-text('退回填报单位')")
    page.fill("#why-return", "结案数请按件数填报")
    page.click("button:text-is('退回')")
    expect(page.locator(".flash")).to_contain_text("已退回")


def test_the_whole_work_from_a_faulty_workbook_to_a_changed_plan_table(
    browser: Browser, world: Path, tmp_path: Path
) -> None:
    with serving(copied(world, tmp_path / "var")) as served:
        before = _actual(served)
        _a_steward_explains_returns_and_proposes(browser, served)
        _the_unit_confirms_and_a_second_person_approves(browser, served)
        _a_period_is_closed(browser, served)
        _a_reporter_mends_a_faulty_workbook(browser, served, tmp_path)
        steward = logged_in(browser, served, "steward-150400")
        mended = f"/submissions/{UNIT}.{FORM}.{PERIOD}.v2"
        _wait_for(steward, served, mended, HELD)
        _publish(steward, served)
        assert _actual(served) == before
        _a_period_is_reopened(browser, served)
        _wait_for(steward, served, mended, "已接收")
        _publish(steward, served)
        assert _actual(served) > before
        assert RELEASE_NAME in _text(steward, served, "/releases")
        auditor = logged_in(browser, served, "auditor")
        assert "审计链完整" in _text(auditor, served, "/audit/chain")
        assert "批准更正" in _text(auditor, served, "/audit?verb=approve")


def _wait_for(page: Page, served: Served, path: str, words: str) -> None:
    """Waits until the day's checker has done its part."""
    for _ in range(NIGHT_MS // 3000):
        answer = page.goto(served.address + path)
        if answer and answer.ok and words in page.inner_text("dl.facts"):
            return
        page.wait_for_timeout(3000)
    raise AssertionError(f"{path} never said {words}")


def _a_reporter_mends_a_faulty_workbook(browser: Browser, served: Served, folder: Path) -> None:
    page = logged_in(browser, served, f"reporter-{UNIT}")
    page.goto(f"{served.address}/submissions/{FAULTY}")
    with page.expect_download() as started:
        page.click(f"a[href='/submissions/{FAULTY}/original']")
    faulty, mended = folder / "faulty.xlsx", folder / "季报改正.xlsx"
    started.value.save_as(faulty)
    _check(page, served, faulty)
    expect(page.locator("td.hit.blocking .mark").first).to_be_visible()
    assert "照此报送会被扣留" in page.inner_text("main")
    book = load_workbook(faulty)
    book.worksheets[0]["D13"] = 6
    book.save(mended)
    _check(page, served, mended)
    assert page.locator("td.hit.blocking").count() == 0
    page.click("button:text-is('报送')")
    expect(page.locator(".flash")).to_contain_text("已报送 1 个文件")


def _check(page: Page, served: Served, file: Path) -> None:
    page.goto(f"{served.address}/upload")
    page.set_input_files("#files", str(file))
    page.click("button:text-is('检查')", timeout=NIGHT_MS)
    page.wait_for_selector("#result", timeout=NIGHT_MS)


def _a_steward_explains_returns_and_proposes(browser: Browser, served: Served) -> None:
    page = logged_in(browser, served, "steward-150400")
    page.goto(f"{served.address}/submissions/150430.IP-Q1.2025-Q4.v1")
    page.fill("#why-explain", "本季度新获批一件农产品地理标志，批复文件已存档")
    page.click("button:text-is('记录说明')")
    expect(page.locator(".flash")).to_contain_text("已记录说明")
    page.goto(f"{served.address}/submissions/150429.IP-Q3.2025-Q4.v1")
    page.click("summary:has-text('退回填报单位')")
    page.fill("#why-return", "培训人次少于培训班次，请核对后重报")
    page.click("button:text-is('退回')")
    expect(page.locator(".state").first).to_have_text("已退回")
    page.goto(f"{served.address}/submissions/150428.IP-Q1.2025-Q4.v1")
    page.click("summary:has-text('提出更正')")
    page.fill("#new-value", "27")
    page.fill("#why-correct", "本季新增 7 件未计入，按登记簿核对")
    proof = {"name": "登记簿.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 proof"}
    page.set_input_files("#paper", proof)  # type: ignore[arg-type]
    page.click("button:text-is('提出更正')")
    expect(page.locator(".flash")).to_contain_text("更正已提出")
    assert page.locator("button:text-is('批准')").count() == 0


def _the_unit_confirms_and_a_second_person_approves(browser: Browser, served: Served) -> None:
    unit = logged_in(browser, served, "reporter-150428")
    unit.goto(f"{served.address}/corrections")
    unit.click("button:text-is('代表本单位确认')")
    expect(unit.locator(".flash")).to_contain_text("已确认")
    second = logged_in(browser, served, "approver-150400")
    second.goto(f"{served.address}/corrections")
    second.click("button:text-is('批准')")
    expect(second.locator(".flash")).to_contain_text("更正已批准")
    second.goto(f"{served.address}/queue")
    assert "150428.IP-Q1" not in second.content()
    for level in ("county", "city"):
        second.goto(f"{served.address}/queue/accept?level={level}&unit=150428&form=IP-Q1")
        second.check("[data-everything]")
        second.click("button:has-text('接收勾选的报送件')")
        expect(second.locator(".flash")).to_contain_text("已处理 1 份")


def _a_period_is_closed(browser: Browser, served: Served) -> None:
    page = logged_in(browser, served, "approver-150400")
    page.goto(f"{served.address}/progress?city=150400&form={FORM}")
    page.click(f"button[formaction$='/{PERIOD}/close']")
    expect(page.locator(".flash")).to_contain_text("已封库")


def _a_period_is_reopened(browser: Browser, served: Served) -> None:
    page = logged_in(browser, served, "approver-150400")
    page.goto(f"{served.address}/progress?city=150400&form={FORM}")
    page.fill("#open-why", "元宝山区补正四季度存量")
    page.fill("#open-name", RELEASE_NAME)
    page.click(f"button[formaction$='/{PERIOD}/reopen']")
    expect(page.locator(".flash")).to_contain_text("已开封")


def _publish(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/releases")
    page.click("button:text-is('立即发布')")
    expect(page.locator(".flash")).to_contain_text("已启动")
    expect(page.locator("#job")).to_contain_text("已完成", timeout=NIGHT_MS)


def _text(page: Page, served: Served, path: str) -> str:
    page.goto(served.address + path)
    return page.inner_text("main")


def _actual(served: Served) -> float:
    rows = plan_table(served.settings, "chifeng-2023")
    printed = next(row["actual_value"] for row in rows if row["target_code"] == "CF-H01")
    assert printed is not None
    assert re.fullmatch(r"[\d.]+", str(printed))
    return float(printed)
