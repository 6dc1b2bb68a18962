"""Tasks of the day: asked for, told, over; and what a second check does to findings."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import polars as pl
import pytest
from sqlalchemy import select

from tests.unit.warehouse.access_builders import person
from tests.unit.warehouse.builders import NOW
from warehouse.access.errors import Forbidden
from warehouse.daytime import children, tasks
from warehouse.daytime.tasks import UnknownTask
from warehouse.ledger.findings import WRITTEN
from warehouse.ledger.rechecks import RECHECKED, Rechecked, record_recheck
from warehouse.ledger.tables import findings
from warehouse.ledger.verbs import explain

WHY = "国家局集中授权，本月数量较多"


def test_a_task_is_told_step_by_step_and_keeps_what_came_of_it(settings) -> None:
    asked = tasks.ask(settings, "revalidate", author="li", submission_ids=["a", "b", "a"])
    assert asked.submission_ids == ("a", "b")
    assert tasks.waiting(settings, ("revalidate",)) == [asked]
    assert tasks.waiting(settings, ("publish",)) == []
    begun = tasks.begun(settings, asked)
    assert tasks.waiting(settings, ("revalidate",)) == []
    tasks.told(settings, begun, "审核：按规则逐条核对")
    assert tasks.task_of(settings, asked.task_id).sentence_zh == "审核：按规则逐条核对"
    tasks.ended(settings, begun, "done", "已重新审核。", {"closed": 2})
    over = tasks.task_of(settings, asked.task_id)
    assert (over.is_over, over.result, over.title_zh) == (True, {"closed": 2}, "重新审核")


def test_a_task_whose_process_died_has_failed_and_says_that_nothing_is_lost(settings) -> None:
    asked = tasks.ask(settings, "take_in", author="li")
    code = (
        "import sys; from warehouse.settings import Settings; from warehouse.daytime import tasks;"
        "s = Settings.load(sys.argv[1], environ={});"
        "tasks.begun(s, tasks.task_of(s, sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(settings.home), asked.task_id], check=True)
    found = tasks.task_of(settings, asked.task_id)
    assert (found.state, "不受影响" in found.sentence_zh) == ("failed", True)


def test_a_task_that_nobody_takes_up_ends_one_day(settings, monkeypatch) -> None:
    asked = tasks.ask(settings, "take_in", author="li")
    monkeypatch.setattr(tasks, "technical_now", lambda: asked.asked_at + timedelta(hours=2))
    assert tasks.task_of(settings, asked.task_id).state == "failed"


def test_a_night_that_ends_without_a_word_has_failed(settings, ledger, monkeypatch) -> None:
    code = "import sys; sys.exit(7)"
    monkeypatch.setattr(children, "_COMMAND", code)
    task = children.publish_now(settings, person("city_steward"))
    for thread in threading.enumerate():
        if thread.name == "night":
            thread.join(timeout=60)
    found = tasks.task_of(settings, task.task_id)
    assert (found.state, "退出码 7" in found.sentence_zh) == ("failed", True)


def test_a_checker_that_cannot_start_is_not_started_at_every_look(settings, monkeypatch) -> None:
    monkeypatch.setattr(children, "_COMMAND", "import sys; sys.exit(1)")
    task = children.take_in(settings, author="li")
    children._CHECKERS[settings.home].wait(timeout=60)
    assert children.progress(settings, task.task_id).state == "waiting"
    assert not children.ensure_checker(settings)
    children.stop_checker(settings)


@pytest.mark.parametrize("task_id", ["", "../ledger", "0" * 16, "a" * 400, "x" * 16])
def test_a_task_that_is_none_is_told_in_words(settings, task_id: str) -> None:
    with pytest.raises(UnknownTask):
        tasks.task_of(settings, task_id)


def test_old_tasks_and_broken_notes_are_cleared(settings, monkeypatch) -> None:
    old = tasks.ask(settings, "take_in", author="li")
    (settings.work / "day" / "broken.json").write_text("{", encoding="utf-8")
    later = old.asked_at + timedelta(days=3)
    monkeypatch.setattr(tasks, "technical_now", lambda: later)
    fresh = tasks.ask(settings, "take_in", author="li")
    assert tasks.tasks(settings) == [fresh]
    assert [path.stem for path in (settings.work / "day").iterdir()] == [fresh.task_id]


@pytest.mark.parametrize("role", ["reporter", "county_approver", "auditor",
                                  "security_administrator"])  # fmt: skip
def test_only_who_may_publish_starts_a_night(settings, ledger, monkeypatch, role: str) -> None:
    monkeypatch.setattr(children, "_start", lambda *_, **__: pytest.fail("started"))
    with pytest.raises(Forbidden):
        children.publish_now(settings, person(role))


def test_a_second_publication_is_told_of_the_first(settings, ledger, monkeypatch) -> None:
    started: list[object] = []

    class Child:
        def wait(self) -> int:
            return 0

    def start(_settings, arguments, *, is_detached):
        started.append((arguments[0], is_detached))
        return Child()

    monkeypatch.setattr(children, "_start", start)
    monkeypatch.setattr(children, "_see_to_its_end", lambda *_: None)
    first = children.publish_now(settings, person("city_steward"))
    assert children.publish_now(settings, person("city_approver")) == first
    assert started == [("nightly", True)]
    tasks.ended(settings, first, "done", "已发布。")
    assert children.publishing(settings) is None


def test_the_process_that_answers_pages_never_loads_the_rule_engine() -> None:
    code = (
        "import sys; import console.app, warehouse.daytime.children, warehouse.queue.importing;"
        "heavy = {'great_expectations', 'dagster', 'dbt'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def checked(ledger, submission_id: str, *rules: str, value: str = "3") -> Rechecked:
    """A second check that makes findings of these rules."""
    rows = [
        dict.fromkeys(WRITTEN)
        | {
            "finding_id": f"{submission_id}#{rule[1:]}",
            "rule_id": rule,
            "severity_code": "verify",
            "submission_id": submission_id,
            "unit_code": "150402",
            "value_text": value,
            "message_zh": f"填报为 {value}",
        }
        for rule in rules
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(WRITTEN, pl.String))
    return record_recheck(ledger.engine, frame, [submission_id], ["R0", "R1", "R2"])


def test_a_second_check_closes_what_is_gone_and_opens_what_is_new(ledger) -> None:
    submission_id = ledger.passed()
    ledger.find(submission_id, "verify", "verify")
    assert checked(ledger, submission_id, "R1", "R2") == Rechecked(1, 1, 2)
    assert ledger.finding_states(submission_id) == ["closed", "open", "open"]
    with ledger.engine.connect() as connection:
        asked = select(findings.c.reason_code).where(findings.c.rule_id == "R0")
        assert connection.execute(asked).scalar() == RECHECKED
    assert checked(ledger, submission_id, "R0") == Rechecked(1, 2, 1)
    assert ledger.finding_states(submission_id) == ["open", "closed", "closed"]


def test_an_explanation_stands_while_the_value_it_explains_does(ledger) -> None:
    submission_id = ledger.passed(severity="verify")
    checked(ledger, submission_id, "R0")
    explain(ledger.engine, submission_id, author="li", at=NOW, text=WHY)
    assert checked(ledger, submission_id, "R0") == Rechecked(0, 0, 0)
    assert ledger.finding_states(submission_id) == ["explained"]
    assert checked(ledger, submission_id) == Rechecked(0, 0, 0)
    assert ledger.finding_states(submission_id) == ["explained"]
    assert checked(ledger, submission_id, "R0", value="9") == Rechecked(1, 0, 1)
    with ledger.engine.connect() as connection:
        row = connection.execute(select(findings)).one()
    assert (row.status_code, row.value_text, row.decided_by) == ("open", "9", None)


def test_a_second_check_leaves_other_submissions_alone(ledger) -> None:
    one, other = ledger.passed("a1", "verify"), ledger.passed("b2", "verify", unit="150403")
    assert checked(ledger, one) == Rechecked(0, 1, 0)
    assert ledger.finding_states(other) == ["open"]


def test_findings_of_rules_that_were_not_asked_stay(ledger) -> None:
    submission_id = ledger.passed()
    ledger.find(submission_id, "verify", "verify")
    empty = pl.DataFrame(schema=dict.fromkeys(WRITTEN, pl.String))
    assert record_recheck(ledger.engine, empty, [submission_id], ["R1"]) == Rechecked(0, 1, 1)
    assert ledger.finding_states(submission_id) == ["open", "closed"]
