"""A file per city and audience: it follows what is published, and one that fails stops no other."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration.cli.console import print_exports
from orchestration.cli.main import app
from orchestration.stages.exporting import export
from sources.definitions import Definitions
from tests.unit.warehouse.marts import Observed, ask, figures, release
from warehouse.audiences import placing, writing
from warehouse.audiences.placing import (
    are_kept,
    city_file_folder,
    deliver_city_files,
    keep_city_files,
    left_standing,
)
from warehouse.audiences.selection import AudienceUnsound, select_table
from warehouse.audiences.writing import write_audience_file
from warehouse.errors import LockedTarget, NoRelease
from warehouse.queries.history import roll_back
from warehouse.releases.targets import deliver
from warehouse.settings import AudienceFolder, Settings

RED, STEEL = "150400", "150200"
TABLES = ("city_indicators", "plan_table", "plans", "release", "unit_observations", "units")
CHANGED = figures(u150402=Observed("11", "v2"))
TOTAL = "select actual_value from marts.plan_table"


def definitions(*, audiences: tuple[str, ...] = ("office", "public")) -> Definitions:
    """The project's, with the marts that the tiny release has."""
    whole = Definitions.load()
    named = pl.col("audience_code").is_in(list(audiences))
    return Definitions(
        {name: whole.table(name) for name in ("units", "elements", "indicator_terms", "rules")}
        | {
            "audiences": whole.table("audiences").filter(named),
            "audience_tables": whole.table("audience_tables")
            .filter(pl.col("table_name").is_in(TABLES))
            .with_columns(withheld_columns=pl.lit(None, pl.String)),
        }
    )


DEFINITIONS = definitions()


@pytest.fixture
def served(settings: Settings) -> Settings:
    release(settings)
    return settings


def file_of(settings: Settings, city: str, audience: str = "office") -> Path:
    return city_file_folder(settings, city, audience) / "ip_marts.duckdb"


def manifest_of(settings: Settings, city: str, audience: str = "office") -> dict[str, Any]:
    path = city_file_folder(settings, city, audience) / "manifest.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_each_city_gets_its_own_rows_and_no_other_s(served: Settings) -> None:
    assert keep_city_files(served, DEFINITIONS).written == 4
    assert ask(file_of(served, RED), TOTAL) == [(30.0,)]
    assert ask(file_of(served, STEEL), TOTAL) == [(5.0,)]
    sql = "select unit_code, value from marts.unit_observations order by all"
    assert [row[0] for row in ask(file_of(served, RED), sql)] == ["150402", "150403"]
    assert [row[0] for row in ask(file_of(served, STEEL), sql)] == ["150202"]
    tables = ask(file_of(served, RED, "public"), "select table_name from duckdb_tables()")
    assert {row[0] for row in tables} == {
        "audience", "city_indicators", "plan_table", "plans", "release", "units",
    }  # fmt: skip
    told = manifest_of(served, RED)
    assert told["tables"]["unit_observations"] == {"rows_selected": 2, "rows_written": 2}
    assert (told["city_code"], told["audience_code"], told["kind"]) == (RED, "office", "nightly")
    comment = "select comment from duckdb_tables() where table_name = 'plan_table'"
    assert ask(file_of(served, RED), comment) == [("规划指标表",)]
    required = ask(file_of(served, RED), "select is_nullable from duckdb_columns() where"
                   " table_name = 'unit_observations' and column_name = 'unit_code'")  # fmt: skip
    assert required == [(False,)]


def test_an_unchanged_night_writes_none_and_a_changed_or_lost_file_comes_back(
    served: Settings,
) -> None:
    keep_city_files(served, DEFINITIONS)
    before = file_of(served, STEEL).stat().st_mtime_ns
    assert are_kept(served, DEFINITIONS)
    lost, changed = file_of(served, RED), file_of(served, RED, "public")
    lost.unlink()
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    assert not are_kept(served, DEFINITIONS)
    kept = keep_city_files(served, DEFINITIONS)
    assert (kept.written, kept.unchanged, kept.failed) == (2, 2, [])
    assert ask(lost, TOTAL) == ask(changed, TOTAL) == [(30.0,)]
    assert file_of(served, STEEL).stat().st_mtime_ns == before


def test_the_files_follow_a_release_and_a_roll_back(served: Settings) -> None:
    keep_city_files(served, DEFINITIONS)
    release(served, CHANGED)
    assert keep_city_files(served, DEFINITIONS).written == 4
    assert ask(file_of(served, RED), TOTAL) == [(31.0,)]
    roll_back(served, "20260131-001")
    assert not are_kept(served, DEFINITIONS)
    keep_city_files(served, DEFINITIONS)
    assert ask(file_of(served, RED), TOTAL) == [(30.0,)]
    assert manifest_of(served, RED)["release_id"] == "20260131-001"


def test_one_that_fails_is_told_and_stops_no_other(
    served: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(release: Path, city: str, *others: Any) -> dict[str, Any]:
        if city == STEEL:
            raise OSError(28, "No space left on device")
        return write_audience_file(release, city, *others)

    monkeypatch.setattr(placing, "write_audience_file", full)
    kept = keep_city_files(served, DEFINITIONS)
    assert kept.written == 2
    assert [one["part"] for one in kept.failed] == ["150200 内部", "150200 公开"]
    assert "No space left" in kept.failed[0]["problem_zh"]


def test_a_file_that_a_program_holds_stands_and_is_made_good_later(
    served: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_city_files(served, DEFINITIONS)
    release(served, CHANGED)

    def held(source: Path, target: Path) -> None:
        raise LockedTarget(target, 5)

    with monkeypatch.context() as patched:
        patched.setattr(writing, "replace_patiently", held)
        kept = keep_city_files(served, DEFINITIONS)
    assert "被其他程序占用" in kept.failed[0]["problem_zh"]
    assert ask(file_of(served, RED), TOTAL) == [(30.0,)]
    assert manifest_of(served, RED)["release_id"] == "20260131-001"
    folder = city_file_folder(served, RED, "office")
    assert sorted(path.name for path in folder.iterdir()) == ["ip_marts.duckdb", "manifest.json"]
    assert keep_city_files(served, DEFINITIONS).written == 4


def test_an_audience_that_is_no_more_has_no_file_that_passes_for_a_current_one(
    served: Settings,
) -> None:
    keep_city_files(served, DEFINITIONS)
    office_only = definitions(audiences=("office",))
    assert not are_kept(served, office_only)
    kept = keep_city_files(served, office_only)
    assert sorted(kept.removed) == ["150200/public", "150400/public"]
    assert not city_file_folder(served, RED, "public").exists()
    assert file_of(served, RED).exists()


def test_a_workspace_of_one_city_writes_its_files_only(served: Settings) -> None:
    assert keep_city_files(replace(served, cities=(RED,)), DEFINITIONS).written == 2
    assert not city_file_folder(served, STEEL, "office").exists()


def test_switched_off_nothing_is_written(served: Settings) -> None:
    off = replace(served, has_city_files=False)
    assert keep_city_files(off, DEFINITIONS).written == 0
    assert are_kept(off, DEFINITIONS)


def test_switched_off_what_stands_is_told_and_left(
    served: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that nobody renews must not pass for a current one; whose it is decides the office."""
    off = replace(served, has_city_files=False)
    assert left_standing(off) is None
    assert left_standing(served) is None
    keep_city_files(served, DEFINITIONS)
    assert left_standing(served) is None
    told = left_standing(off)
    assert told is not None
    for words in ("QIANGSHI_CITY_FILES=off", "还有 4 份", "20260131-001", "删除", "on"):
        assert words in told
    without = left_standing(replace(off, has_exports=False))
    assert "QIANGSHI_EXPORTS=off" in str(without)
    night = export(replace(off, has_exports=False))
    assert night["city_files"] == {"left_zh": without}
    print_exports(night)
    assert str(without) in capsys.readouterr().out
    monkeypatch.setenv("QIANGSHI_HOME", str(off.home))
    monkeypatch.setenv("QIANGSHI_CITY_FILES", "off")
    result = CliRunner().invoke(app, ["doctor"])
    assert (result.exit_code, f"【提示】{told}" in result.output) == (0, True), result.output
    assert file_of(served, RED).is_file()


def test_a_share_takes_the_file_of_one_audience_and_nothing_else(
    served: Settings, tmp_path: Path
) -> None:
    share, gone = tmp_path / "对外", tmp_path / "gone"
    share.mkdir()
    mirrored = replace(
        served,
        audience_folders=(
            AudienceFolder(gone, RED, "public"),
            AudienceFolder(share, RED, "public"),
        ),
    )
    kept = keep_city_files(mirrored, DEFINITIONS)
    deliver_city_files(mirrored, kept)
    assert kept.mirrored == 1
    [failed] = kept.failed
    assert failed["part"] == str(gone)
    assert "目录不存在" in failed["problem_zh"]
    assert sorted(path.name for path in share.iterdir()) == ["ip_marts.duckdb", "manifest.json"]
    assert (share / "ip_marts.duckdb").read_bytes() == file_of(served, RED, "public").read_bytes()
    (share / "ip_marts.duckdb").unlink()
    again = replace(mirrored, audience_folders=mirrored.audience_folders[1:])
    assert not are_kept(again, DEFINITIONS)
    for expected in (1, 0):
        kept = keep_city_files(again, DEFINITIONS)
        deliver_city_files(again, kept)
        assert (kept.mirrored, kept.failed) == (expected, [])


def test_a_folder_that_some_may_read_and_one_of_everything_are_never_the_same(
    served: Settings, tmp_path: Path
) -> None:
    """What an earlier use left there would be read by readers who may not see it."""
    share = tmp_path / "share"
    share.mkdir()
    whole = replace(served, publish_folders=(share,))
    assert [one.problem_zh for one in deliver(whole)] == [None]
    public = replace(served, audience_folders=(AudienceFolder(share, RED, "public"),))
    kept = keep_city_files(public, DEFINITIONS)
    deliver_city_files(public, kept)
    [failed] = kept.failed
    assert "目录中有整个发布" in failed["problem_zh"]
    shutil.rmtree(share)
    share.mkdir()
    kept = keep_city_files(public, DEFINITIONS)
    deliver_city_files(public, kept)
    assert (kept.mirrored, kept.failed) == (1, [])
    [refused] = deliver(whole)
    assert "没有放入整个发布" in str(refused.problem_zh)
    assert sorted(path.name for path in share.iterdir()) == ["ip_marts.duckdb", "manifest.json"]


def test_the_setting_tells_a_share_of_one_audience_from_one_of_everything(tmp_path: Path) -> None:
    both = f"{tmp_path / 'all'}{os.pathsep}{tmp_path / 'open'}#150400/public"
    found = Settings.load(tmp_path, environ={"QIANGSHI_PUBLISH_DIRS": both})
    assert found.publish_folders == (tmp_path / "all",)
    assert found.audience_folders == (AudienceFolder(tmp_path / "open", "150400", "public"),)
    off = Settings.load(tmp_path, environ={"QIANGSHI_EXPORTS": "off"})
    assert not off.has_city_files


def test_no_release_no_file(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoRelease):
        write_audience_file(tmp_path / "none", RED, "office", tmp_path / "target", DEFINITIONS)
    assert keep_city_files(settings, DEFINITIONS).release_id is None


@pytest.mark.parametrize(
    ("withheld", "said"),
    [(("nothing",), "没有“nothing”列"), (("unit_code",), "不能为空，不能隐去")],
)
def test_a_column_that_cannot_be_left_empty_is_refused(
    withheld: tuple[str, ...], said: str
) -> None:
    columns = {"unit_code": ("VARCHAR", False), "value": ("DOUBLE", True)}
    with pytest.raises(AudienceUnsound, match=said):
        select_table("unit_indicators", columns, RED, {"unit_indicators": withheld}, sees_all=True)


def test_a_mart_that_cannot_be_told_apart_by_city_goes_into_no_file() -> None:
    with pytest.raises(AudienceUnsound, match="分不出城市"):
        select_table("totals", {"value": ("DOUBLE", True)}, RED, {"totals": ()}, sees_all=True)


def test_a_new_figure_column_is_withheld_without_anybody_s_doing() -> None:
    columns = {
        "city_code": ("VARCHAR", False), "indicator_code": ("VARCHAR", False),
        "brand_new": ("DOUBLE", True),
    }  # fmt: skip
    found = select_table("city_indicators", columns, RED, {"city_indicators": ()}, sees_all=False)
    assert "is null then" in found.columns["brand_new"]
    always = select_table(
        "city_indicators", columns | {"counted": ("BIGINT", False)}, RED, {"city_indicators": ()},
        sees_all=False,
    )  # fmt: skip
    assert always.emptied == ("counted",)
    assert "is null then" in always.columns["counted"]
