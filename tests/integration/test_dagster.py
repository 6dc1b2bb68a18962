"""The code location as Dagster sees it: one connected line, groups, jobs, schedule, sensors."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build_defs
from orchestration.resources import Workspace as WorkspaceResource
from orchestration.resources import WorkspacePlace
from tests.integration.conftest import Workspace

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("dagster") / "var")
    workspace.run("init")
    toml = workspace.home / "workspace.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + '\ncities = ["140600"]\n', encoding="utf-8")
    workspace.run("demo", "--from", "2025-12", "--to", "2025-12")
    return workspace


@pytest.fixture(scope="module")
def defs(office: Workspace) -> dg.Definitions:
    return build_defs(WorkspaceResource(home=str(office.home)))


@pytest.fixture
def instance(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(office.home / "dagster"))
    with dg.DagsterInstance.get() as found:
        yield found


def test_the_line_runs_from_the_inbox_to_the_published_file(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    published = dg.AssetKey(["published", "ip_marts"])
    upstream = graph.get_ancestor_asset_keys(published)
    materializable = graph.materializable_asset_keys
    exports = dg.AssetKey(["published", "exports"])
    assert graph.get(exports).parent_keys == {published}
    beside_the_line = {
        dg.AssetKey("reread_submissions"), dg.AssetKey("validation_report"), exports,
    }  # fmt: skip
    unused_definitions = {key for key in materializable if key.path[0] == "definitions"} - upstream
    assert materializable - upstream - {published} == beside_the_line | unused_definitions
    assert dg.AssetKey("received_files") in upstream
    assert dg.AssetKey(["marts", "plan_table"]) in upstream


def test_every_asset_has_a_group_an_owner_and_a_description(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    groups: defaultdict[str | None, set[dg.AssetKey]] = defaultdict(set)
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        groups[node.group_name].add(key)
        assert node.owners, key
        assert node.description, key
    assert set(groups) == {
        "receiving", "reading", "validating", "preparing", "definitions", "staging",
        "intermediate", "marts", "releasing",
    }  # fmt: skip
    marts = {key.path[-1] for key in groups["marts"]}
    assert marts == {path.stem for path in (MODELS / "marts").rglob("*.sql")}


def test_jobs_schedule_and_sensors_are_there(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} >= {"nightly", "reread"}
    [schedule] = repository.schedule_defs
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 1 * * *", "Asia/Shanghai")
    assert {sensor.name for sensor in repository.sensor_defs} == {"inbox_sensor", "night_failed"}
    nightly = repository.get_job("nightly")
    assert nightly.partitions_def is None
    assert repository.get_job("reread").partitions_def is not None


def test_a_resubmission_under_an_old_name_gives_a_new_run_key(
    defs: dg.Definitions, office: Workspace, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    sensor = defs.resolve_sensor_def("inbox_sensor")

    def key() -> str | None:
        context = dg.build_sensor_context(
            instance=instance, resources={"place": WorkspacePlace(home=str(office.home))}
        )
        asked = sensor(context)
        return asked.run_key if isinstance(asked, dg.RunRequest) else None

    first = key()
    assert first
    assert key() == first
    office.drop("140600", "140602", "同名.xlsx", b"one", datetime(2026, 1, 30))
    second = key()
    office.drop("140600", "140602", "同名.xlsx", b"two!", datetime(2026, 1, 31))
    assert len({first, second, key()}) == 3
    (office.home / "inbox/140600/140602/同名.xlsx").unlink()


def test_the_night_runs_as_a_job_with_its_checks_and_a_range_is_read_again(
    defs: dg.Definitions, office: Workspace, instance: dg.DagsterInstance
) -> None:
    night = defs.resolve_job_def("nightly").execute_in_process(instance=instance)
    assert night.success
    evaluations = night.get_asset_check_evaluations()
    by_name = {check.check_name: check.passed for check in evaluations}
    assert by_name["no_new_blocking_finding"]
    assert by_name["no_city_held"]
    assert len(by_name) > 10
    assert all(by_name.values())
    again = defs.resolve_job_def("reread").execute_in_process(
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": "2025-11",
            "dagster/asset_partition_range_end": "2025-12",
        },
    )
    assert again.success
    [event] = again.asset_materializations_for_node("reread_submissions")[:1]
    assert event.metadata["submissions"].value > 0


def test_a_failed_run_leaves_word_for_the_operator(
    defs: dg.Definitions, office: Workspace, instance: dg.DagsterInstance
) -> None:
    (office.home / "work/night/build.json").write_text("{}", encoding="utf-8")
    job = defs.resolve_job_def("nightly")
    failed = job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(["published", "ip_marts"])],
    )
    assert not failed.success
    run = instance.get_run_by_id(failed.run_id)
    event = failed.get_run_failure_event()
    assert run is not None
    context = dg.build_run_status_sensor_context(
        sensor_name="night_failed",
        dagster_instance=instance,
        dagster_run=run,
        dagster_event=event,
        resources={"place": WorkspacePlace(home=str(office.home))},
    ).for_run_failure()
    defs.resolve_sensor_def("night_failed")(context)
    told = (office.home / "work/last_failure.json").read_text(encoding="utf-8")
    assert failed.run_id in told
    assert office.run("status").exit_code == 0
    assert "上次运行失败" in office.run("status").output
    assert os.environ["DAGSTER_HOME"] == str(office.home / "dagster")
