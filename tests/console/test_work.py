"""The desk's work over a small ledger: the queue, acts on many, corrections, filing, twins."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import load_workbook
from starlette.requests import Request

from console import handing
from console.desk import Visit
from console.routes import Page
from console.views import declared, plans
from tests.console.conftest import FOREIGN, NEIGHBOUR, UNIT, Office
from warehouse.access.roles import ROLES
from warehouse.daytime import tasks
from warehouse.ledger.arrivals import arrivals_in_state
from warehouse.raw_files import raw_path

WHY = "企业十二月集中登记，已电话核实并取得清单"
ENTRY = f"/entry/{UNIT}/IP-M1/2025-12"
PDF = ("原件.pdf", b"%PDF-1.4 scan")


def state(office: Office, key: str) -> str:
    found = office.as_("auditor").get(f"/submissions/{key}.json").json()["row"]["state_code"]
    return str(found)


def test_the_queue_goes_by_gravity_and_narrows(office: Office) -> None:
    mild = office.file(UNIT, "verify", "info")
    grave = office.file(NEIGHBOUR, "blocking", "verify")
    visitor = office.as_("city_steward")
    page = visitor.get("/queue.json").json()
    assert [row["submission_id"] for row in page["rows"]] == [grave, mild]
    assert page["counts"] == {"blocking": 1, "quasi_blocking": 0, "verify": 2}
    for query, wanted in (
        (f"unit={UNIT}", [mild]), ("severity=blocking", [grave]), ("rule=C02", [grave]),
        ("age=30", []), ("age=7", [grave, mild]), ("period=2025-11", []), ("form=IP-M1&page=9",
         [grave, mild]), ("assignee=-", [grave, mild]), ("assignee=city_steward", []),
    ):  # fmt: skip
        rows = visitor.get(f"/queue.json?{query}").json()["rows"]
        assert [row["submission_id"] for row in rows] == wanted, query


def test_one_act_on_many_tells_of_each(office: Office) -> None:
    first, second = office.file(UNIT, "verify"), office.file(NEIGHBOUR, "blocking")
    visitor = office.as_("city_steward")
    fields = {"verb": "explain", "reason": WHY, "finding": [f"{first}#0", f"{second}#0"]}
    told = visitor.post("/queue/bulk", fields)
    assert told.status_code == 200
    assert "1 份已处理，1 份没有写入" in told.text
    assert WHY in told.text
    assert state(office, first) == "explained"
    done = visitor.post("/queue/bulk", {"verb": "accept_county", "submission": [first]})
    assert done.status_code == 303
    assert state(office, first) == "accepted_county"


def test_an_act_on_many_with_one_out_of_reach_does_nothing(office: Office) -> None:
    own, foreign = office.file(UNIT, "verify"), office.file(FOREIGN, "verify")
    fields = {"verb": "return", "reason": "改", "submission": [own, foreign]}
    assert office.as_("city_steward").post("/queue/bulk", fields).status_code == 400
    assert {state(office, own), state(office, foreign)} == {"passed"}


def test_findings_are_assigned_within_reach(office: Office) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    fields: dict[str, Any] = {"verb": "assign", "finding": [f"{key}#0"]}
    assert visitor.post("/queue/bulk", fields | {"login": "foreign_steward"}).status_code == 400
    assert visitor.post("/queue/bulk", fields | {"login": "city_approver"}).status_code == 303
    mine = office.as_("city_approver").get("/queue.json?assignee=city_approver").json()["rows"]
    assert [row["submission_id"] for row in mine] == [key]


def test_a_correction_needs_the_unit_and_a_second_person(office: Office) -> None:
    key = office.file(UNIT, "verify")
    steward = office.as_("city_steward")
    fields = {"cell": "01|current", "value": "16", "reason": "登记簿为 16 件"}
    path = f"/submissions/{key}/correct"
    assert "必须附依据文件" in steward.post(path, fields).text
    assert steward.post(path, fields, files={"evidence": PDF}).status_code == 303
    decide = f"/corrections/{key}.c1/decide"
    approver = office.as_("city_approver")
    assert approver.post(decide, {"verb": "approve"}).status_code == 409
    assert steward.post(decide, {"verb": "approve"}).status_code == 403
    assert office.as_("foreign_reporter").post(decide, {"verb": "confirm"}).status_code == 404
    assert office.as_("reporter").post(decide, {"verb": "confirm"}).status_code == 303
    assert approver.post(decide, {"verb": "approve"}).status_code == 303
    shown = steward.get(f"/submissions/{key}.json").json()
    assert [one["state_code"] for one in shown["corrections"]] == ["approved"]
    assert [one["status_code"] for one in shown["findings"]] == ["corrected"]
    assert [one.kind for one in tasks.tasks(office.settings)] == ["revalidate"]
    undone = approver.post(f"/submissions/{key}/undo", {"reason": "批错了"})
    assert undone.status_code == 303
    assert [one.kind for one in tasks.tasks(office.settings)] == ["revalidate"] * 2


def test_the_last_act_is_taken_back_by_whoever_might_do_it(office: Office) -> None:
    key = office.file(UNIT, "verify")
    steward = office.as_("city_steward")
    steward.post(f"/submissions/{key}/decide", {"verb": "return", "reason": "请核对"})
    assert office.as_("reporter").post(
        f"/submissions/{key}/undo", {"reason": "不退"}
    ).status_code == 403  # fmt: skip
    assert steward.post(f"/submissions/{key}/undo", {"reason": "退错了"}).status_code == 303
    assert state(office, key) == "passed"


def test_a_character_that_no_database_keeps_breaks_nothing(office: Office) -> None:
    key = office.file(UNIT, "verify")
    visitor = office.as_("city_steward")
    for path in ("/submissions?unit=%00", "/submissions/%00", "/queue?rule=a%00b"):
        assert visitor.get(path).status_code == 400
    assert office.visitor().log_in("a\0b").status_code == 401
    fields = {"verb": "return", "reason": "请\0核对"}
    assert visitor.post(f"/submissions/{key}/decide", fields).status_code == 303
    history = visitor.get(f"/submissions/{key}.json").json()["history"]
    assert history[-1]["reason_text"] == "请核对"


def test_a_typed_form_becomes_a_workbook_of_its_template(office: Office) -> None:
    visitor = office.as_("reporter")
    fields = {"act": "submit", "v|01|current": "1,6", "v|02|current": "约十二", "p|填表人": "乌云"}
    answer = visitor.post(ENTRY, fields)
    assert answer.status_code == 303, answer.text
    (arrival,) = arrivals_in_state(office.engine, "kept")
    assert (arrival["channel_kind"], arrival["unit_code"]) == ("web", UNIT)
    assert arrival["entered_by"] is None
    data = raw_path(office.settings, arrival["file_sha256"]).read_bytes()
    book = load_workbook(BytesIO(data))
    texts = {str(cell.value) for row in book.worksheets[0] for cell in row}
    assert {"16", "约十二", "乌云"} <= texts
    assert [one.kind for one in tasks.tasks(office.settings)] == ["take_in"]


def test_an_entry_on_behalf_wants_the_paper_and_waits_for_the_unit(office: Office) -> None:
    steward = office.as_("city_steward")
    fields = {"act": "submit", "v|01|current": "16"}
    assert "代录须附" in steward.post(ENTRY, fields).text
    assert steward.post(ENTRY, fields, files={"evidence": PDF}).status_code == 303
    (form,) = arrivals_in_state(office.engine, "kept")
    (paper,) = arrivals_in_state(office.engine, "evidence")
    assert form["entered_by"] == "city_steward"
    assert form["far_id"] == paper["far_id"]


def test_a_file_uploaded_for_a_unit_by_the_city_waits_for_the_unit(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody but the reporting unit files its figure, by whichever page it comes."""
    for login, entered_by in (("city_steward", "city_steward"), ("reporter", None)):
        book = tmp_path / login / "表.xlsx"
        book.parent.mkdir()
        book.write_bytes(login.encode())
        monkeypatch.setattr(handing, "taken_up", lambda visit, token, found=book: [found])
        answer = office.as_(login).post("/upload/submit", {"unit": UNIT, "token": "t"})
        assert answer.status_code == 303
        kept = [one["entered_by"] for one in arrivals_in_state(office.engine, "kept")]
        assert (entered_by in kept, len(kept)) == (True, 1 + (entered_by is None))


def test_names_too_long_or_alike_lose_no_file(office: Office) -> None:
    person = SimpleNamespace(account_id="a")
    visit = Visit(office.app.state.desk, Request({"type": "http"}), person, {})
    files = [
        (f"{'长' * 130}.xlsx", b"1"),
        ("甲.xlsx", b"2"),
        ("4_甲.xlsx", b"3"),
        ("甲.xlsx", b"4"),
    ]
    _, paths = handing.put_aside(visit, files)
    assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3", b"4"]
    assert paths[0].name.endswith("长.xlsx")


def test_files_put_aside_are_their_own_accounts_only(office: Office) -> None:
    for token in ("../../raw", "x" * 32, ""):
        answer = office.as_("reporter").post("/upload/submit", {"unit": UNIT, "token": token})
        assert answer.status_code == 404
    wrong = office.as_("reporter").post("/upload", {"unit": FOREIGN}, files={"files": PDF})
    assert wrong.status_code == 404


def test_the_queue_goes_out_as_excel_and_comes_back_decided(office: Office) -> None:
    key = office.file(UNIT, "verify")
    office.file(FOREIGN, "verify")
    steward = office.as_("city_steward")
    book = load_workbook(BytesIO(steward.get("/queue/export").content))
    sheet = book.worksheets[0]
    cells = [(cell.row, cell.column, str(cell.value)) for row in sheet for cell in row]
    heads = {text: column for _, column, text in cells}
    rows = {row for row, _, text in cells if text == key}
    assert len(rows) == 1
    assert FOREIGN not in {text for _, _, text in cells}
    row = rows.pop()
    sheet.cell(row, heads["处理"], "说明")
    sheet.cell(row, heads["理由"], WHY)
    data = BytesIO()
    book.save(data)
    told = steward.post("/queue/import", files={"file": ("待办.xlsx", data.getvalue())})
    assert "已处理 1 行" in told.text
    assert state(office, key) == "explained"
    for counter in ("9" * 30, "9" * 5000):
        sheet.cell(row, heads["核对号"], counter)
        data = BytesIO()
        book.save(data)
        told = steward.post("/queue/import", files={"file": ("待办.xlsx", data.getvalue())})
        assert "无法核对" in told.text
    wrong = steward.post("/queue/import", files={"file": ("x.xlsx", b"not a workbook")})
    assert wrong.status_code == 400


def test_a_period_is_closed_and_reopened_with_a_reason(office: Office) -> None:
    approver = office.as_("city_approver")
    close = "/periods/150400/IP-M1/2025-12/close"
    assert office.as_("city_steward").post(close).status_code == 403
    assert approver.post(close).status_code == 303
    key = office.file(UNIT)
    shown = office.as_("city_steward").get(f"/submissions/{key}.json").json()
    assert (shown["row"]["state_code"], shown["hold_zh"]) == ("held", "已封库，待开封")
    reopen = close.replace("close", "reopen")
    assert approver.post(reopen, {"reason": "补报"}).status_code == 409
    assert approver.post(reopen, {"reason": "补报", "release_name": "更正一"}).status_code == 303


def test_an_account_is_added_posted_and_handed_over(office: Office) -> None:
    security = office.as_("security_administrator")
    made = security.post("/accounts/add", {"login": "saran", "name_zh": "萨仁"})
    password = re.search(r'<b class="code">([^<]+)</b>', made.text)
    assert password
    post = {"login": "saran", "role": "reporter", "unit": NEIGHBOUR, "act": "grant"}
    assert security.post("/accounts/post", post).status_code == 303
    two = {"login": "saran", "role": "auditor", "act": "grant"}
    assert "三员分立" in security.post("/accounts/post", two).text
    hand = {"leaving": "saran", "coming": "reporter"}
    assert security.post("/accounts/handover", hand).status_code == 303
    assert office.visitor().log_in("saran", password[1]).headers["location"] == "/password"


def test_a_trace_names_no_file_that_the_account_may_not_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, foreign = office.file(UNIT), office.file(FOREIGN)

    def traced(*_: Any) -> dict[str, Any]:
        leaves = [
            {"submission_id": key, "file_name": f"张三{key}.xlsx", "text_as_filed": "李四"}
            for key in (own, foreign)
        ]
        proposed = {"state_code": "proposed", "new_number_text": "9"}
        return {
            "target": {"plan_code": "p"},
            "terms": [{"element_code": "e", "units": [{"leaves": leaves}]}],
            "submissions": {
                key: {"submission_id": key, "file_name": "张三.xlsx", "corrections": [proposed]}
                for key in (own, foreign)
            },
        }

    monkeypatch.setattr(plans, "trace", traced)
    monkeypatch.setattr(plans, "ask", lambda *_: [{"actual_value": 1}])
    served = [{"plan_code": "p", "city_code": "150400"}]
    monkeypatch.setattr(plans, "published_plans", lambda _: served)
    for login, seen in (("auditor", 2), ("reporter", 1), ("system_administrator", 0)):
        found = office.as_(login).get("/targets/x.json").json()
        leaves = found["terms"][0]["units"][0]["leaves"]
        papers = found["submissions"].values()
        assert sum(one["text_as_filed"] is not None for one in leaves) == seen
        assert sum(one["file_name"] is not None for one in [*leaves, *papers]) == 2 * seen
        assert sum(len(one["corrections"]) for one in papers) == seen


@pytest.mark.parametrize("role", list(ROLES))
def test_every_page_has_a_twin_with_the_same_rows(office: Office, role: str) -> None:
    office.file(UNIT, "verify")
    visitor = office.as_(role)
    for route in declared():
        if isinstance(route, Page) and "{" not in route.path and route.template:
            page, twin = visitor.get(route.path), visitor.get(f"{route.path}.json")
            if page.status_code == 303:
                continue
            assert page.status_code == twin.status_code, route.path
            assert isinstance(twin.json(), dict)
