"""Hostile and unlucky use: forged forms and headers, script in names, stale tabs, lost sessions."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

import pytest

from console.security import MAX_UPLOAD_BYTES
from tests.console.conftest import FOREIGN, HOST, UNIT, Office
from tests.unit.warehouse.access_builders import FIRST
from warehouse.access.assignments import assignees

SCRIPT = "<script>alert(1)</script>"
WHY = "企业十二月集中登记，已电话核实并取得清单"


def test_every_answer_forbids_foreign_and_inline_script(office: Office) -> None:
    visitor = office.as_("city_steward")
    for path in ("/queue", "/queue.json", "/nothing", "/static/desk.css", "/login"):
        headers = visitor.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert ("no-store" in headers["cache-control"]) != path.startswith("/static/")


def test_script_in_a_name_or_message_is_shown_as_text(office: Office) -> None:
    key = office.file(UNIT, "verify", name=f"{SCRIPT}.xlsx", message=f"数有误{SCRIPT}")
    visitor = office.as_("city_steward")
    for path in ("/queue", "/submissions", f"/submissions/{key}"):
        text = visitor.get(path).text
        assert "&lt;script&gt;" in text
        assert SCRIPT not in text
    assert SCRIPT not in visitor.get(f"/queue?rule={SCRIPT}&severity=verify").text


def test_a_form_without_its_token_does_nothing(office: Office) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    for token in ("", "0" * 64, office.as_("city_approver").csrf()):
        fields = {"csrf": token, "verb": "return", "reason": "改"}
        assert visitor.post(f"/submissions/{key}/decide", fields).status_code == 403
    assert visitor.get(f"/submissions/{key}.json").json()["row"]["state_code"] == "passed"


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.test"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_form_from_another_site_does_nothing(office: Office, headers: dict[str, str]) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    fields = {"verb": "return", "reason": "改"}
    assert visitor.post(f"/submissions/{key}/decide", fields, headers=headers).status_code == 403
    mine = visitor.post(f"/submissions/{key}/decide", fields, headers={"origin": HOST})
    assert mine.status_code == 303


def test_cookies_are_closed_to_script_and_behind_https_to_plain_http(
    opened: Callable[..., Office],
) -> None:
    office = opened(QIANGSHI_TRUSTED_PROXIES="10.0.0.7")
    visitor = office.visitor(client=("10.0.0.7", 1))
    visitor.client.headers["x-forwarded-proto"] = "https"
    visitor.client.base_url = HOST.replace("http", "https")
    cookie = visitor.log_in("city_steward").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    assert "strict-transport-security" in visitor.get("/healthz").headers


def test_a_forged_proxy_header_is_not_believed(opened: Callable[..., Office]) -> None:
    """Without the setting nobody is believed; with it only the proxy named."""
    for environ, peer in (({}, "10.0.0.7"), ({"QIANGSHI_TRUSTED_PROXIES": "10.0.0.7"}, "10.0.0.8")):
        office = opened(**environ)
        far = office.visitor(client=(peer, 1))
        far.client.headers.update({"x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1"})
        assert "Secure" not in far.log_in("city_steward").headers["set-cookie"]
        assert "strict-transport-security" not in far.get("/healthz").headers


def test_a_login_storm_is_stopped_and_says_when_to_come_back(office: Office) -> None:
    visitor = office.visitor()
    answers = [visitor.log_in("city_steward", "wrong-password-1") for _ in range(30)]
    assert {one.status_code for one in answers} == {401}
    assert "登录失败次数过多" in answers[-1].text
    assert visitor.log_in("city_steward").status_code == 401


@pytest.mark.parametrize(
    "target", ["//evil.test/x", "http://evil.test", "/\\evil.test", "/\t/evil.test"]
)
def test_a_login_leads_to_no_other_site(office: Office, target: str) -> None:
    answer = office.visitor().log_in("city_steward", FIRST, next=target)
    assert answer.headers["location"] == "/"


def test_a_session_that_ended_keeps_the_half_written_reason(office: Office) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    office.clock.move(hours=3)
    path = f"/submissions/{key}/decide"
    fields = {"verb": "explain", "reason": WHY, "finding": f"{key}#0"}
    asked = visitor.post(path, fields)
    assert asked.status_code == 401
    assert "长时间未操作" in asked.text
    found = re.search(r'name="kept" value="([^"]*)"', asked.text)
    assert found
    again = {"login": "city_steward", "password": FIRST, "next": path}
    shown = visitor.post("/login", again | {"kept": html.unescape(found[1])})
    assert shown.status_code == 200
    assert WHY in shown.text
    assert visitor.post(path, fields).status_code == 303
    events = visitor.get(f"/submissions/{key}.json").json()["history"]
    assert [one["reason_text"] for one in events if one["verb"] == "explain"] == [WHY]


def test_a_stale_tab_is_told_who_was_first_and_keeps_the_reason(office: Office) -> None:
    key = office.file(UNIT, "verify")
    first, second = office.as_("city_steward"), office.as_("city_approver")
    counter = second.get(f"/submissions/{key}.json").json()["counter"]
    path = f"/submissions/{key}/decide"
    assert first.post(path, {"verb": "return", "reason": "请核对"}).status_code == 303
    late = second.post(path, {"verb": "explain", "reason": WHY, "counter": str(counter)})
    assert late.status_code == 409
    assert "city_steward" in late.text
    assert WHY in late.text


def test_a_double_click_is_one_act(office: Office) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    counter = visitor.get(f"/submissions/{key}.json").json()["counter"]
    fields = {"verb": "return", "reason": "请核对", "counter": str(counter)}
    answers = [visitor.post(f"/submissions/{key}/decide", fields) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    history = visitor.get(f"/submissions/{key}.json").json()["history"]
    assert [one["verb"] for one in history].count("return") == 1


def test_an_oversized_upload_is_refused_in_words(office: Office) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    big = {"evidence": ("big.pdf", b"0" * (MAX_UPLOAD_BYTES + 1024))}
    answer = visitor.post(
        f"/submissions/{key}/decide", {"verb": "explain", "reason": WHY}, files=big
    )
    assert answer.status_code == 413
    assert "没有接收" in answer.text


def test_what_makes_no_sense_is_answered_in_chinese(office: Office) -> None:
    visitor = office.as_("city_steward")
    for path, status in (
        ("/nothing", 404), ("/queue?page=x", 400), ("/queue?severity=awful", 400),
        ("/submissions/x/decide", 405),
    ):  # fmt: skip
        answer = visitor.get(path)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text


def test_the_desk_is_alive_without_login(office: Office) -> None:
    assert office.visitor().get("/healthz").json() == {"status": "ok"}


def test_demo_data_are_called_so_on_every_page(office: Office) -> None:
    assert "演示数据" in office.visitor().get("/login").text
    assert "演示数据" in office.as_("city_steward").get("/queue").text


def test_a_body_without_a_size_is_not_read_for_nobody(office: Office) -> None:
    """Without a login and a size said beforehand nothing bounds what would be kept."""
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(40):
            read.append(number)
            yield b"0" * 1024 * 1024

    words = {"content-type": "application/x-www-form-urlencoded", "transfer-encoding": "chunked"}
    answer = office.visitor().client.post("/queue/bulk", content=endless(), headers=words)
    assert answer.status_code == 401
    assert "请重新登录" in answer.text
    assert len(answer.content) < 1024 * 1024


def test_the_county_takes_no_acceptance_of_the_city_back(office: Office) -> None:
    key = office.file(UNIT)
    steward, county = office.as_("city_steward"), office.as_("county_approver")
    path, undo = f"/submissions/{key}/decide", f"/submissions/{key}/undo"
    assert county.post(path, {"verb": "accept_county"}).status_code == 303
    assert county.post(undo, {"reason": "再看一遍"}).status_code == 303
    assert county.post(path, {"verb": "accept_county"}).status_code == 303
    assert steward.post(path, {"verb": "accept_city"}).status_code == 303
    assert county.get(f"/submissions/{key}.json").json()["may"]["undo"] is False
    assert county.post(undo, {"reason": "不想纳入"}).status_code == 403
    assert steward.post(path, {"verb": "return", "reason": "请核对"}).status_code == 303
    assert county.post(undo, {"reason": "不想改"}).status_code == 403
    assert steward.post(undo, {"reason": "退错了"}).status_code == 303


def test_a_unit_takes_nothing_out_that_the_city_has_put_in_force(office: Office) -> None:
    key = office.file(UNIT)
    steward, county, reporter = map(office.as_, ("city_steward", "county_approver", "reporter"))
    path = f"/submissions/{key}/decide"
    for verb in ("accept_county", "accept_city"):
        assert steward.post(path, {"verb": verb}).status_code == 303
    assert reporter.post(path, {"verb": "withdraw", "reason": "不报了"}).status_code == 403
    assert county.post(path, {"verb": "return", "reason": "不报了"}).status_code == 403
    many = {"verb": "return", "reason": "不报了", "submission": key}
    assert county.post("/queue/bulk", many).status_code == 403
    assert county.get(f"/submissions/{key}.json").json()["may"]["withdraw"] is False
    assert steward.post(path, {"verb": "return", "reason": "请核对"}).status_code == 303
    assert reporter.post(path, {"verb": "withdraw", "reason": "重报"}).status_code == 303


def test_what_is_not_there_is_assigned_to_nobody(office: Office) -> None:
    fields = {
        "verb": "assign",
        "login": "city_approver",
        "finding": f"{FOREIGN}.IP-M1.2025-12.v1#0",
    }
    visitor = office.as_("city_steward")
    absent = visitor.post("/queue/bulk", fields)
    foreign = office.file(FOREIGN, "verify")
    there = visitor.post("/queue/bulk", fields | {"finding": f"{foreign}#0"})
    assert (absent.status_code, there.status_code) == (400, 400)
    assert assignees(office.engine, "finding") == {}


def test_a_period_that_is_none_is_not_closed(office: Office) -> None:
    approver = office.as_("city_approver")
    for period in ("2025-13", "never", "2025-12%00"):
        assert approver.post(f"/periods/150400/IP-M1/{period}/close").status_code in (400, 404)
    assert approver.get("/progress.json?city=150400&form=IP-M1").json()["closed"] == {}
