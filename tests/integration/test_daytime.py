"""By day: a filing checked at once, a correction that clears the queue, a release started now."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from orchestration.stages import definitions_of
from orchestration.stages.checker import do
from orchestration.stages.rechecking import recheck_corrected
from tests.integration.conftest import Workspace, changed
from warehouse.daytime import children, tasks
from warehouse.daytime.tasks import Task
from warehouse.ledger.engine import open_ledger
from warehouse.settings import Settings

CITY, UNIT = "150400", "150402"
FILED = f"{UNIT}.IP-M1.2025-12.v1"
ENDS_WITHIN_SECONDS = 600.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One city's last two months after their night."""
    workspace = Workspace(tmp_path_factory.mktemp("day") / "var")
    workspace.run("init")
    with (workspace.home / "workspace.toml").open("a", encoding="utf-8") as handle:
        handle.write(f'\ncities = ["{CITY}"]\n')
    workspace.run("demo", "--from", "2025-11", "--to", "2025-12")
    workspace.night()
    return workspace


@pytest.fixture
def settings(world: Workspace) -> Settings:
    return Settings.load(world.home, environ={"QIANGSHI_EXPORTS": "off"})


def over(settings: Settings, task: Task) -> Task:
    """The task when it is over; what it told on the way is not judged by time."""
    until = time.monotonic() + ENDS_WITHIN_SECONDS
    while time.monotonic() < until:
        found = tasks.task_of(settings, task.task_id)
        if found.is_over:
            return found
        time.sleep(0.1)
    pytest.fail(f"the task is still {found.state}: {found.sentence_zh}")


def open_findings(world: Workspace, submission_id: str) -> list[dict[str, str]]:
    rows = world.run("findings", "--unit", UNIT, "--json").json
    return [
        row
        for row in rows
        if row["submission_id"] == submission_id and row["severity_code"] != "info"
    ]


def by_night(settings: Settings) -> dict[str, Any]:
    """What a night does for corrections of which nobody asked a second check."""
    engine = open_ledger(settings)
    try:
        return recheck_corrected(settings, definitions_of(settings), engine)
    finally:
        engine.dispose()


def test_a_day_at_the_desk(
    world: Workspace, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANGSHI_EXPORTS", "off")
    path = world.filed_workbook(FILED, tmp_path)
    row = next(r for r in world.run("submissions", "--json").json if r["submission_id"] == FILED)
    assert row["state_code"] == "published"
    # A total beyond its parts is held at once, and the file is answered.
    world.drop(CITY, UNIT, "一月补.xlsx", changed(path, {"D8": 99999}))
    try:
        assert children.ensure_checker(settings)
        taken = over(settings, children.take_in(settings, author="reporter-150402"))
        assert (taken.state, taken.result["received"], taken.result["held"]) == ("done", 1, 1)
        [again] = taken.result["submission_ids"]
        assert again.endswith(".v2")
        assert any(one["cell"] == "D8" for one in open_findings(world, again))
        # A second checker would only stand in the way of the first.
        assert not children.ensure_checker(settings)
        checked = over(settings, children.revalidate(settings, [FILED, again], author="steward"))
        assert checked.state == "done"
        assert set(checked.result["submission_ids"]) == {FILED, again}
        assert checked.result["opened"] == 0
    finally:
        children.stop_checker(settings)
    assert over(settings, taken).state == "done"


def test_an_approved_correction_clears_and_its_undoing_brings_back(
    world: Workspace, settings: Settings, tmp_path: Path
) -> None:
    def decide(*words: str) -> None:
        world.run("decide", *words)

    def recheck() -> Task:
        task = tasks.ask(settings, "revalidate", author="steward", submission_ids=[FILED])
        return do(settings, task)

    assert recheck().result["still_open"] == 0
    paper = tmp_path / "盖章说明.pdf"
    paper.write_bytes(b"%PDF-1.4 ")
    decide("correct", FILED, "--row", "01", "--value", "99999", "--reason", "漏加一批，见盖章说明",
           "--evidence", str(paper), "--author", "steward")  # fmt: skip
    decide("confirm", f"{FILED}.c1", "--author", "hong")
    decide("approve", f"{FILED}.c1", "--author", "boss")
    # The corrected figure breaks the identity of its total: a correction is checked like a filing.
    assert recheck().result["opened"] > 0
    assert open_findings(world, FILED)
    decide("undo", f"{FILED}.c1", "--reason", "更正有误，撤销", "--author", "boss")
    # What nobody asked for by day the next night makes good, once.
    assert by_night(settings)["submission_ids"] == [FILED]
    assert open_findings(world, FILED) == []
    assert by_night(settings)["submission_ids"] == []


def test_a_release_started_now_tells_how_far_it_has_come(
    world: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.unit.warehouse.access_builders import person

    monkeypatch.setenv("QIANGSHI_EXPORTS", "off")
    task = children.publish_now(settings, person("city_steward"))
    assert children.publish_now(settings, person("city_approver")).task_id == task.task_id
    done = over(settings, task)
    assert (done.state, "release_id" in done.result) == ("done", True), done.sentence_zh
    assert children.publishing(settings) is None


def test_a_night_that_fails_says_so_on_the_task(world: Workspace, settings: Settings) -> None:
    task = tasks.ask(settings, "publish", author="steward")
    world.run("nightly", "--date", "1999-01-01", "--task", task.task_id, ends_with=None)
    assert tasks.task_of(settings, task.task_id).is_over
