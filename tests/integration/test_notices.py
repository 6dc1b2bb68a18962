"""Notices of a release: a text always, a message where an office asked for it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.stages.exporting import export
from tests.integration.conftest import Workspace
from tests.receivers import LOOPBACK, mail_server, web_server
from tests.servers import free_port
from warehouse.exports.bundle import open_source
from warehouse.reports.facts import FIRST_ZH, UNCHANGED_ZH, UNREVISED_ZH, gather
from warehouse.reports.notices import notice_text
from warehouse.reports.sending import addresses_of, send_notices
from warehouse.settings import Settings

PASSWORD = "mima-2026-TG"  # planted: no record or summary may show it
CITIES = {"140600", "150200", "150400", "150500", "150600"}


@pytest.fixture
def told(demo: Workspace, tmp_path: Path) -> tuple[Settings, str]:
    """A workspace with the demo's published release, and that release's id."""
    home = tmp_path / "var"
    shutil.copytree(demo.home / "published", home / "published")
    release = json.loads((home / "published/manifest.json").read_text(encoding="utf-8"))
    folder = f"releases/{release['release_id']}"
    shutil.copytree(demo.home / folder, home / folder)
    (home / "work").mkdir()
    (home / "secrets").mkdir()
    return Settings.load(home, environ={}), release["release_id"]


def addressed(settings: Settings, *targets: tuple[str, str]) -> None:
    text = "".join(f'[[to]]\nurl = "{url}"\n{cities}\n' for url, cities in targets)
    settings.notices_file.write_text(text, encoding="utf-8")
    settings.notices_file.chmod(0o600)


def test_every_city_has_its_text(demo: Workspace, told: tuple[Settings, str]) -> None:
    settings, release = told
    folder = settings.releases / release / "exports" / "notices"
    assert {path.stem for path in folder.glob("*.txt")} == CITIES
    for city, name, met in demo.query(
        "select city_code, any_value(city_name_zh), count(*) filter (status_code = 'met')"
        " from marts.plan_table group by city_code"
    ):
        text = (folder / f"{city}.txt").read_text(encoding="utf-8")
        assert text.startswith(f"【演示数据】{name}指标发布通报（截至 2026-01-31）\n")
        assert f"达标 {met}" in text
        for part in ("一、规划进展", "二、与上次发布相比", "三、报送情况", "四、扣留与待处理"):
            assert part in text


def test_the_first_release_is_said_to_be(told: tuple[Settings, str]) -> None:
    """Nothing can have changed where nothing was published: that is no news of stability."""
    settings, release = told
    source = open_source(settings, release)
    first = gather(source)
    later = replace(first, is_first=False)
    assert first.revisions == []
    official = gather(replace(source, manifest={**source.manifest, "kind": "official"}))
    for facts, words in ((first, FIRST_ZH), (later, UNCHANGED_ZH), (official, UNREVISED_ZH)):
        section = notice_text(source, "150200", facts).split("二、")[1].split("三、")[0]
        assert section.splitlines()[1] == words
    folder = settings.releases / release / "exports"
    for name in ("notices/150200.txt", "report.html"):
        text = (folder / name).read_text(encoding="utf-8")
        assert FIRST_ZH in text
        assert UNCHANGED_ZH not in text


def test_mail_and_webhook_carry_it_once(told: tuple[Settings, str]) -> None:
    settings, release = told
    with mail_server() as (mail, letters), web_server() as (web, posts):
        addressed(
            settings,
            (f"mailto://{LOOPBACK}:{mail}?smtp={LOOPBACK}&mode=insecure&from=a@example.cn"
             "&to=b@example.cn", 'cities = ["150200"]'),
            (f"json://{LOOPBACK}:{web}/notice", ""),
        )  # fmt: skip
        first = send_notices(settings, release)
        again = send_notices(settings, release)
    assert (first, again) == ({"sent": 6, "failed": []}, {"sent": 0, "failed": []})
    [letter] = letters
    assert letter["Subject"] == "【演示数据】包头市指标发布通报（截至 2026-01-31）"
    assert "三、报送情况" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(posts) == len(CITIES)
    assert all(release in post["message"] for post in posts)


def test_what_cannot_be_sent_is_told_without_its_password_and_tried_again(
    told: tuple[Settings, str],
) -> None:
    settings, release = told
    closed = free_port()
    url = f"json://user:{PASSWORD}@{LOOPBACK}:{closed}/notice"
    addressed(settings, (url, 'cities = ["150200"]'))
    failed = send_notices(settings, release)
    assert (failed["sent"], len(failed["failed"])) == (0, 1)
    record = (settings.work / "notices_sent.json").read_text(encoding="utf-8")
    assert PASSWORD not in json.dumps(failed) + record + repr(addresses_of(settings))
    with web_server(answer=500) as (port, _):
        addressed(settings, (f"json://{LOOPBACK}:{port}/", 'cities = ["150200"]'))
        assert send_notices(settings, release)["failed"][0]["problem_zh"].startswith("没有送达")
    with web_server() as (port, posts):
        addressed(settings, (f"json://{LOOPBACK}:{port}/", 'cities = ["150200"]'))
        assert send_notices(settings, release)["sent"] == 1
    assert len(posts) == 1


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (f'[[to]]\nurl = "json://u:{PASSWORD}@h/"\n', 0o644, "chmod 600"),
        (f'[[to]\nurl = "json://u:{PASSWORD}@h/"\n', 0o600, "不是所要的格式"),
        (f'[[to]]\naddress = "json://u:{PASSWORD}@h/"\n', 0o600, "不是所要的格式"),
        ('[[to]]\nurl = "nonsense://u:p@h/"\n', 0o600, "地址无法识别"),
    ],
)
def test_a_file_of_addresses_that_cannot_stand_fails_no_night(
    told: tuple[Settings, str], text: str, mode: int, said: str
) -> None:
    settings, _ = told
    settings.notices_file.write_text(text, encoding="utf-8")
    settings.notices_file.chmod(mode)
    outcome = export(settings)
    assert outcome["failed"] == []
    notices = outcome["notices"]
    assert notices["sent"] == 0
    assert {said in one["problem_zh"] for one in notices["failed"]} == {True}
    assert PASSWORD not in json.dumps(outcome)
