"""正式发布 at the desk: who sees what when, two persons, revisions by decision, hostile forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.console.conftest import Office, Visitor
from tests.unit.warehouse.builders import NOW
from tests.unit.warehouse.marts import Observed, figures, release
from warehouse.official import verbs
from warehouse.releases.history import MANIFEST, OFFICIAL, read_manifest

CITY, FOREIGN_CITY = "150400", "150600"
BASE = "20260131-001"
FORM = {
    "city": CITY, "report": "quarterly", "period": "2025-Q4", "base": BASE,
    "document_number": "赤知〔2026〕1号", "embargo": "2026-03-01T09:00", "note": "数已核对",
}  # fmt: skip
PDF = ("盖章表.pdf", b"%PDF-1.4 sealed")
FIRST = "/official/150400.quarterly.2025-Q4.1"
SECOND = FIRST[:-1] + "2"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def published(office: Office) -> Office:
    """The desk over a small release of the nights."""
    release(office.settings)
    return office


def proposed(visitor: Visitor, scan: tuple[str, bytes] | None = PDF, **words: str) -> Any:
    return visitor.post(
        "/official/propose", FORM | words, **({"files": {"scan": scan}} if scan else {})
    )


def said(answer: Any) -> str:
    found = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    return found[1] if found else ""


def test_one_proposes_and_another_approves(published: Office) -> None:
    steward, approver = published.as_("city_steward"), published.as_("city_approver")
    assert proposed(steward).status_code == 303
    page = approver.get(FIRST).text
    for words in (
        "赤知〔2026〕1号",
        "2026-03-01 09:00",
        "数已核对",
        "city_steward",
        "未封库的报表",
    ):
        assert words in page, words
    assert steward.post(f"{FIRST}/approve").status_code == 403
    assert approver.post(f"{FIRST}/approve", {"note": "同意"}).status_code == 303
    assert approver.post(f"{FIRST}/approve").status_code == 303  # a second click is no conflict
    assert approver.post(f"{FIRST}/reject", {"reason": "不同意"}).status_code == 409
    told = steward.get(f"{FIRST}.json").json()["row"]
    made = read_manifest(published.settings.releases / told["release_id"] / MANIFEST)
    assert made is not None
    assert (made["kind"], made["official"]["approved_by"]) == (OFFICIAL, "city_approver")
    assert "保密期至 2026-03-01 09:00" in steward.get("/official").text
    assert steward.get(f"{FIRST}/scan").content == PDF[1]
    assert told["release_id"] not in steward.get("/releases").text
    assert steward.get(f"/releases/{told['release_id']}/files").status_code == 404


def test_who_proposed_does_not_approve(published: Office) -> None:
    approver = published.as_("city_approver")
    assert proposed(approver).status_code == 303
    assert "须由另一人批准" in approver.get(FIRST).text
    answer = approver.post(f"{FIRST}/approve")
    assert answer.status_code == 409
    assert "须由另一账户批准" in said(answer)


def test_a_proposal_is_the_citys_own_until_the_public_may_read(
    published: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed(published.as_("city_steward"))
    seen = {"city_steward", "city_approver", "auditor"}
    logins = (*sorted(seen), "reporter", "county_approver", "foreign_steward",
              "system_administrator")  # fmt: skip
    for login in logins:
        visitor = published.as_(login)
        rows = visitor.get("/official.json").json()["rows"]
        assert len(rows) == (login in seen), login
        assert visitor.get(FIRST).status_code == (200 if login in seen else 404), login
        assert visitor.get(f"{FIRST}/scan").status_code == (200 if login in seen else 404)
    assert published.as_("city_approver").post(f"{FIRST}/approve").status_code == 303
    reporter = published.as_("reporter")
    assert reporter.get(FIRST).status_code == 404
    monkeypatch.setattr(verbs, "is_public", lambda row, now: True)
    page = reporter.get(FIRST)
    assert page.status_code == 200
    assert "city_approver" not in page.text
    for address in (f"{FIRST}.json", "/official.json"):
        told = reporter.get(address).text
        assert "赤知〔2026〕1号" in told
        for inner in ("city_approver", "city_steward", "数已核对", PDF[0]):
            assert inner not in told, (address, inner)
    assert reporter.get(f"{FIRST}/scan").status_code == 404


def test_an_act_of_another_city_is_as_if_it_were_not_there(published: Office) -> None:
    proposed(published.as_("city_steward"))
    foreign = published.as_("foreign_steward")
    assert foreign.post(f"{FIRST}/approve").status_code == 403
    assert proposed(foreign).status_code == 404
    assert proposed(published.as_("city_steward"), city=FOREIGN_CITY).status_code == 404
    assert published.as_("reporter").post(f"{FIRST}/reject", {"reason": "x"}).status_code == 403
    assert published.as_("auditor").post("/official/propose", FORM).status_code == 403
    rows = verbs.official_releases(published.settings, published.engine)
    assert [row["state_code"] for row in rows] == ["proposed"]


def test_a_decision_to_revise_is_of_the_proposals_own_city(published: Office) -> None:
    """The right is asked of the city whose proposal is open; the form may name any release."""
    settings, engine = published.settings, published.engine
    foreign = verbs.propose(
        settings, engine, city_code="150200", report_code="quarterly", period_code="2025-Q4",
        author="one", at=NOW, document_number="1号", scan=PDF[1], scan_name=PDF[0],
    )  # fmt: skip
    made = verbs.approve(settings, engine, foreign.proposal_id, author="two", at=NOW).release_id
    release(settings, figures(u150202=Observed("6", "v2")))
    proposed(published.as_("city_steward"), base="")
    [moved] = verbs.propose(
        settings, engine, city_code="150200", report_code="annual", period_code="2025",
        author="one", at=NOW,
    ).changes  # fmt: skip
    decision = {
        "from_release_id": made, "key": [moved["key_text"]], "reason": "补报一件",
        "document_number": "2号",
    }  # fmt: skip
    answer = published.as_("city_approver").post(f"{FIRST}/revise", decision)
    assert answer.status_code == 404
    assert verbs.revision_decisions(engine) == []


def test_a_changed_figure_needs_a_decision_before_the_next_official_release(
    published: Office,
) -> None:
    steward, approver = published.as_("city_steward"), published.as_("city_approver")
    proposed(steward)
    approver.post(f"{FIRST}/approve")
    earlier = steward.get(f"{FIRST}.json").json()["row"]["release_id"]
    release(published.settings, figures(u150402=Observed("11", "v2")))
    assert proposed(steward, base="").status_code == 303
    page = approver.get(SECOND).text
    assert "赤峰市 专利授权量 2025年12月" in page
    assert ">30</" in page
    assert ">31</" in page
    assert re.search(r"<button[^>]*disabled[^>]*>批准，制成正式发布", page)
    refused = approver.post(f"{SECOND}/approve")
    assert refused.status_code == 409
    assert "须先有修订决定：赤峰市 专利授权量 2025年12月（" in said(refused)
    keys = [one["key_text"] for one in approver.get(f"{SECOND}.json").json()["changes"]]
    decision = {"from_release_id": earlier, "key": keys}
    for words in ({}, {"reason": "补报一件"}, {"document_number": "2号"}):
        assert approver.post(f"{SECOND}/revise", decision | words).status_code == 409
    whole = decision | {"reason": "补报一件", "document_number": "赤知〔2026〕2号"}
    assert approver.post(f"{SECOND}/revise", whole | {"key": ["no|such"]}).status_code == 409
    assert "没有勾选" in said(approver.post(f"{SECOND}/revise", whole | {"key": []}))
    assert steward.post(f"{SECOND}/revise", whole).status_code == 403
    assert approver.post(f"{SECOND}/revise", whole).status_code == 303
    assert "赤知〔2026〕2号" in approver.get(SECOND).text
    assert approver.post(f"{SECOND}/approve").status_code == 303
    assert "补报一件" in steward.get(FIRST).text


def test_what_is_missing_or_wrong_is_said_and_what_was_written_is_kept(published: Office) -> None:
    steward, approver = published.as_("city_steward"), published.as_("city_approver")
    for words, scan, message in (
        ({"period": "2025"}, PDF, "季报的报告期应写成"),
        ({"period": "2025-Q9"}, PDF, "不是报告期代码"),
        ({"period": "2026-Q1"}, PDF, "尚未结束"),
        ({"report": "weekly"}, PDF, "没有报告种类"),
        ({"embargo": "明天"}, PDF, "不是时间"),
        ({"base": "20990101-001"}, PDF, "20990101-001"),
        ({}, ("盖章表.pdf", b"MZ program"), "应为 PDF、JPG、PNG 或 OFD"),
        ({"report": SCRIPT}, PDF, "&lt;script&gt;"),
    ):
        answer = proposed(steward, scan, **words)
        assert answer.status_code == 200, words
        assert message in said(answer), words
        assert "扫描件需要重新选择" in said(answer)
        assert 'value="赤知〔2026〕1号"' in answer.text
        assert "数已核对" in answer.text
        assert SCRIPT not in answer.text
    assert steward.get("/official.json").json()["rows"] == []
    assert proposed(steward, None, document_number="").status_code == 303
    assert "批准前须补齐：文号、盖章扫描件" in approver.get(FIRST).text
    assert approver.post(f"{FIRST}/approve").status_code == 409
    assert approver.post(f"{FIRST}/reject").status_code == 409
    assert approver.post(f"{FIRST}/reject", {"reason": "缺文号"}).status_code == 303
    assert "缺文号" in steward.get(FIRST).text
    assert approver.get("/official/../../etc").status_code == 404


def test_a_second_click_proposes_nothing_twice_and_a_forged_form_nothing(
    published: Office,
) -> None:
    steward = published.as_("city_steward")
    for _ in range(2):
        assert proposed(steward).status_code == 303
    assert proposed(steward, csrf="0" * 64, note="另一次").status_code == 403
    assert len(steward.get("/official.json").json()["rows"]) == 1
    assert proposed(steward, note="另一次").status_code == 303
    states = [row["state_zh"] for row in steward.get("/official.json").json()["rows"]]
    assert len(states) == 2


def test_an_official_release_is_never_gone_back_to(published: Office) -> None:
    proposed(published.as_("city_steward"))
    approver = published.as_("city_approver")
    approver.post(f"{FIRST}/approve")
    made = approver.get(f"{FIRST}.json").json()["row"]["release_id"]
    assert approver.post(f"/releases/{made}/back", {"sure": made}).status_code == 404


def test_before_the_first_release_nothing_can_be_proposed(opened: Callable[..., Office]) -> None:
    visitor = opened().as_("city_steward")
    assert "没有可以作依据的夜间发布" in visitor.get("/official").text
    assert "尚未发布" in said(proposed(visitor, base=""))
