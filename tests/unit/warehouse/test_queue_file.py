"""The queue as a workbook and back: same rights, same verbs, each row told, no formula."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select

from sources.definitions import Definitions
from sources.errors import SourceError
from sources.plain_cells import plain_cells
from sources.readers import read_file
from tests.unit.warehouse.access_builders import CITY, MORNING, OTHER_CITY, person
from tests.unit.warehouse.builders import FEB_10, NOW, filed
from warehouse.access.scope import Identity, Post
from warehouse.ledger.intake import record_batch, settle
from warehouse.ledger.tables import events, findings
from warehouse.ledger.verbs import correct, explain
from warehouse.queue.importing import Outcome, import_queue
from warehouse.queue.rows import Filter, queue_rows
from warehouse.queue.sheet import QueueFileRefused, filled_rows
from warehouse.queue.workbook import (
    COUNTER,
    DECISION,
    FINDING,
    HEADER_ROW,
    REASON,
    REASON_KIND,
    SHEET,
    SUBMISSION,
    Made,
    reason_kinds,
    write_queue,
)
from warehouse.raw_files import store_bytes

WHY = "国家局集中授权，本月数量较多"
STEWARD = person("city_steward")
FOREIGN = replace(STEWARD, posts=(Post("city_steward", OTHER_CITY),))
Row = dict[str, str]


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


class File:
    """An exported queue in a clerk's hands."""

    def __init__(self, ledger, definitions: Definitions, who: Identity = STEWARD) -> None:
        self._ledger, self._definitions = ledger, definitions
        self.rows = queue_rows(ledger.engine, definitions, who)
        target = io.BytesIO()
        write_queue(self.rows, definitions, Made(who.login, MORNING, True), target)
        self.book = openpyxl.load_workbook(target)
        self.sheet = self.book[SHEET]
        header = self.sheet[HEADER_ROW + 1]
        self.columns = {str(cell.value): cell.column for cell in header}

    def fill(self, number: int, **values: str) -> None:
        """Fills cells of the row of that place, by heading."""
        for name, text in values.items():
            self.sheet.cell(HEADER_ROW + 2 + number, self.columns[name]).value = text

    def data(self) -> bytes:
        target = io.BytesIO()
        self.book.save(target)
        return target.getvalue()

    def imported(self, who: Identity = STEWARD) -> list[Outcome]:
        cells = read_file(self.data(), "待办.xlsx")
        return import_queue(
            self._ledger.engine, who, filled_rows(cells),
            kinds=reason_kinds(self._definitions), at=NOW,
        )  # fmt: skip


def told(outcomes: list[Outcome]) -> list[tuple[bool, str]]:
    return [(one.is_done, one.message_zh) for one in outcomes]


def test_what_is_filled_in_is_decided_as_at_the_desk(ledger, definitions) -> None:
    submission_id = ledger.passed(severity="verify")
    file = File(ledger, definitions)
    assert [(row.kind_zh, row.verbs) for row in file.rows] == [("问题", ("explain", "return"))]
    file.fill(0, **{DECISION: "说明", REASON: WHY, REASON_KIND: "集中授权或登记"})
    assert told(file.imported()) == [(True, "已处理")]
    with ledger.engine.connect() as connection:
        event = connection.execute(select(events).where(events.c.verb == "explain")).one()
        finding = connection.execute(select(findings)).one()
    assert (event.author, event.reason_text, event.reason_code) == ("li", WHY, "batch_grant")
    assert (finding.status_code, finding.decided_by) == ("explained", "li")
    assert ledger.state(submission_id) == "explained"


def test_findings_are_explained_before_their_submission_is_moved(ledger, definitions) -> None:
    first, second = ledger.passed("a1"), ledger.passed("b2", unit="150403")
    ledger.find(first, "verify", "verify")
    file = File(ledger, definitions)
    assert [row.kind_zh for row in file.rows] == ["问题", "问题", "待接收"]
    file.fill(0, **{DECISION: "说明", REASON: WHY})
    file.fill(1, **{DECISION: "说明", REASON: WHY + "，另有补计"})
    file.fill(2, **{DECISION: "旗县级接收"})
    assert [one.is_done for one in file.imported()] == [True, True, True]
    assert (ledger.state(first), ledger.state(second)) == ("explained", "accepted_county")
    again = File(ledger, definitions)
    assert [(row.kind_zh, row.verbs) for row in again.rows] == [
        ("待接收", ("accept_county", "return")),
        ("待接收", ("accept_city", "return")),
    ]


def test_several_rows_of_a_return_are_one_event_with_every_reason(ledger, definitions) -> None:
    submission_id = ledger.passed()
    ledger.find(submission_id, "verify", "blocking")
    file = File(ledger, definitions)
    for number, why in enumerate(("合计不平", "单位填错")):
        file.fill(number, **{DECISION: "退回", REASON: why})
    assert told(file.imported()) == [(True, "已处理")] * 2
    with ledger.engine.connect() as connection:
        asked = select(events.c.reason_text).where(events.c.verb == "return")
        assert connection.execute(asked).scalars().all() == ["合计不平；单位填错"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({REASON: WHY}, "没有选择处理"),
        ({DECISION: "接受", REASON: WHY}, "没有“接受”这种处理"),
        ({DECISION: "说明"}, "须写明理由"),
        ({DECISION: "退回"}, "须写明理由"),
        ({DECISION: "说明", REASON: "核实无误"}, "不得只写套话"),
        ({DECISION: "说明", REASON: "=HYPERLINK(A1)"}, "含公式"),
        ({DECISION: "=1+1", REASON: WHY}, "含公式"),
        ({DECISION: "说明", REASON: WHY, REASON_KIND: "随便"}, "没有原因类别“随便”"),
        ({DECISION: "说明", REASON: "长" * 2001}, "超过 2000 字"),
        ({DECISION: "说明", REASON: WHY, COUNTER: "x"}, "被改动"),
        ({DECISION: "说明", REASON: WHY, FINDING: ""}, "问题所在的行"),
        ({DECISION: "说明", REASON: WHY, FINDING: "nobody's"}, "不属于报送"),
        ({DECISION: "说明", REASON: WHY, SUBMISSION: "150402.M1.2025-12.v9"}, "没有报送件"),
        ({DECISION: "市级接收"}, "不能接收"),
        ({DECISION: "批准更正"}, "更正所在的行"),
        ({DECISION: "确认"}, "没有“代表填报单位确认代录和更正”的权限"),
    ],
)
def test_a_row_that_cannot_be_is_told_and_stops_no_other(
    ledger, definitions, values: Row, words: str
) -> None:
    bad, good = ledger.passed("a1", severity="verify"), ledger.passed("b2", unit="150403")
    ledger.apply()
    file = File(ledger, definitions)
    file.fill(0, **values)
    outcomes = file.imported()
    assert [one.is_done for one in outcomes] == [False]
    assert words in outcomes[0].message_zh
    assert outcomes[0].row_no == HEADER_ROW + 2
    assert ledger.finding_states(bad) == ["open"]
    assert ledger.state(bad) == "passed"
    assert ledger.state(good) == "accepted_city"


def test_a_submission_is_not_moved_two_ways(ledger, definitions) -> None:
    submission_id = ledger.passed()
    ledger.find(submission_id, "verify", "verify")
    file = File(ledger, definitions)
    file.fill(0, **{DECISION: "退回", REASON: "合计不平"})
    file.fill(1, **{DECISION: "旗县级接收"})
    assert all("又要" in message for _, message in told(file.imported()))
    assert ledger.state(submission_id) == "passed"


def test_who_came_first_is_named_and_a_file_counts_once(ledger, definitions) -> None:
    submission_id = ledger.passed(severity="verify")
    file, late = File(ledger, definitions), File(ledger, definitions)
    file.fill(0, **{DECISION: "说明", REASON: WHY})
    late.fill(0, **{DECISION: "退回", REASON: "请改正"})
    assert [one.is_done for one in file.imported()] == [True]
    for again in (late.imported(), file.imported()):
        assert [one.is_done for one in again] == [False]
        assert "li" in again[0].message_zh
    assert ledger.state(submission_id) == "explained"


@pytest.mark.parametrize(
    "who",
    [FOREIGN, person(), person("security_administrator"), person("system_administrator"),
     replace(STEWARD, cities=(OTHER_CITY,)), person("reporter", must_change=True)],
)  # fmt: skip
def test_who_may_not_look_sees_nothing_and_learns_nothing(
    ledger, definitions, who: Identity
) -> None:
    submission_id = ledger.passed(severity="verify")
    assert queue_rows(ledger.engine, definitions, who) == []
    file = File(ledger, definitions)
    file.fill(0, **{DECISION: "退回", REASON: "合计不平"})
    [outcome] = file.imported(who)
    assert not outcome.is_done
    assert "没有报送件" in outcome.message_zh
    assert ledger.state(submission_id) == "passed"


def test_an_auditor_sees_the_queue_and_decides_nothing(ledger, definitions) -> None:
    ledger.passed(severity="verify")
    file = File(ledger, definitions, person("auditor"))
    assert [row.verbs for row in file.rows] == [()]
    file.fill(0, **{DECISION: "退回", REASON: "合计不平"})
    assert "没有“退回报送件”的权限" in file.imported(person("auditor"))[0].message_zh


def test_what_was_entered_on_behalf_waits_for_the_units_word(ledger, definitions) -> None:
    record_batch(ledger.engine, [replace(filed(), entered_by="clerk")], NOW, None)
    settle(ledger.engine, [])
    reporter = person("reporter")
    file = File(ledger, definitions, reporter)
    assert [(row.kind_zh, row.verbs) for row in file.rows] == [("待确认", ("confirm",))]
    file.fill(0, **{DECISION: "确认"})
    assert told(file.imported(reporter)) == [(True, "已处理")]
    assert queue_rows(ledger.engine, definitions, reporter) == []


NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "http://example.org"]


@pytest.mark.parametrize("text", NASTY)
def test_what_was_filed_is_text_in_the_workbook_whatever_it_begins_with(
    ledger, definitions, text: str
) -> None:
    submission_id = ledger.passed(severity="verify")
    file = File(ledger, definitions)
    rows = [replace(file.rows[0], value_text=text, message_zh=text, unit_zh=text)]
    target = io.BytesIO()
    write_queue(rows, definitions, Made("li", MORNING, False), target)
    sheet = openpyxl.load_workbook(target)[SHEET]
    cells = [cell for cell in sheet[HEADER_ROW + 2] if cell.value == text]
    assert len(cells) == 3
    assert {(cell.data_type, cell.quotePrefix, cell.hyperlink) for cell in cells} == {
        ("s", True, None)
    }
    # The keys stand in hidden columns, which the reader notes.
    issues = {cell.issue_code for cell in read_file(target.getvalue(), "待办.xlsx")}
    assert issues <= {None, "hidden_row"}
    assert ledger.state(submission_id) == "passed"


def test_only_the_three_columns_of_the_decision_are_open(ledger, definitions) -> None:
    ledger.passed(severity="verify")
    file = File(ledger, definitions)
    names = {column: name for name, column in file.columns.items()}
    row = file.sheet[HEADER_ROW + 2]
    opened = {names[c.column] for c in row if not c.protection.locked}
    assert opened == {DECISION, REASON_KIND, REASON}
    assert file.sheet.protection.sheet
    offered = [one.formula1 for one in file.sheet.data_validations.dataValidation]
    assert '"说明,退回"' in offered
    assert "演示数据" in str(file.sheet.cell(1, 1).value)


def test_moved_columns_and_rows_are_found_by_their_headings(ledger, definitions) -> None:
    ledger.passed(severity="verify")
    file = File(ledger, definitions)
    file.fill(0, **{DECISION: "说明", REASON: WHY})
    file.sheet.insert_cols(1, 3)
    file.sheet.insert_rows(1, 4)
    assert [one.is_done for one in file.imported()] == [True]


def test_a_file_that_is_no_queue_is_refused_in_words(ledger, definitions) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "处理"
    target = io.BytesIO()
    book.save(target)
    with pytest.raises(QueueFileRefused, match="这不是导出的待办"):
        filled_rows(read_file(target.getvalue(), "x.xlsx"))


def test_a_queue_that_nobody_filled_in_changes_nothing(ledger, definitions) -> None:
    ledger.passed(severity="verify")
    assert File(ledger, definitions).imported() == []


def test_the_filter_cuts_the_queue(ledger, definitions) -> None:
    ledger.passed("a1", severity="verify")
    ledger.passed("b2", unit="150403")
    asked = {
        "unit": Filter(unit_code="150403"), "rule": Filter(rule_id="R0"),
        "severity": Filter(severity_code="blocking"), "period": Filter(period_code="2025-11"),
        "city": Filter(city_code=CITY),
    }  # fmt: skip
    found = {
        name: [row.kind_zh for row in queue_rows(ledger.engine, definitions, STEWARD, one)]
        for name, one in asked.items()
    }
    assert found == {
        "unit": ["待接收"], "rule": ["问题"], "severity": [], "period": [],
        "city": ["问题", "待接收"],
    }  # fmt: skip


def test_a_proposed_correction_is_approved_by_another_and_only_once_confirmed(
    settings, ledger, definitions
) -> None:
    submission_id = ledger.passed()
    paper = store_bytes(settings, "盖章说明".encode())
    correct(
        ledger.engine, submission_id, author="wang", at=NOW, row_code="01",
        value_column="current", element_code="patents", new_number_text="12",
        reason="漏填一件，见盖章说明", evidence=paper, evidence_name="说明.pdf",
    )  # fmt: skip
    approver, reporter = person("city_approver"), person("reporter")
    reporter = replace(reporter, login="hong", account_id="a2")
    file = File(ledger, definitions, approver)
    row = next(one for one in file.rows if one.kind_zh == "更正")
    assert row.verbs == ("reject",)
    place = file.rows.index(row)
    file.fill(place, **{DECISION: "批准更正"})
    assert [one.is_done for one in file.imported(approver)] == [False]
    units = File(ledger, definitions, reporter)
    units.fill(
        next(n for n, one in enumerate(units.rows) if one.kind_zh == "更正"), **{DECISION: "确认"}
    )
    assert [one.is_done for one in units.imported(reporter)] == [True]
    again = File(ledger, definitions, approver)
    place = next(n for n, one in enumerate(again.rows) if one.kind_zh == "更正")
    again.fill(place, **{DECISION: "批准更正"})
    assert told(again.imported(approver)) == [(True, "已处理")]


def test_a_decision_on_another_finding_meanwhile_is_no_conflict(ledger, definitions) -> None:
    submission_id = ledger.passed()
    first, _ = ledger.find(submission_id, "verify", "verify")
    file = File(ledger, definitions)
    explain(ledger.engine, submission_id, author="wang", at=NOW, text=WHY, finding_ids=[first])
    place = next(n for n, row in enumerate(file.rows) if row.finding_id != first)
    file.fill(place, **{DECISION: "说明", REASON: WHY})
    assert [one.is_done for one in file.imported()] == [True]


def test_a_clerks_file_is_read_in_a_guarded_process(ledger, definitions) -> None:
    ledger.passed(severity="verify")
    file = File(ledger, definitions)
    file.fill(0, **{DECISION: "说明", REASON: WHY})
    [row] = filled_rows(plain_cells(file.data(), "待办.xlsx", definitions))
    assert (row.decision_zh, row.reason) == ("说明", WHY)
    with pytest.raises(SourceError):
        plain_cells(b"PK\x03\x04 broken", "待办.xlsx", definitions)


def test_dates_of_posts_decide_what_a_queue_holds(ledger, definitions) -> None:
    ledger.passed(severity="verify")
    ended = Post("city_steward", CITY, None, date(2026, 1, 1), date(2026, 3, 1))
    former = replace(STEWARD, posts=(ended,))
    assert queue_rows(ledger.engine, definitions, former.on(FEB_10.date()))
    assert not queue_rows(ledger.engine, definitions, former.on(MORNING.date()))
