"""Settings: environment before workspace.toml before default."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from warehouse.clock import BusinessClock, known_from
from warehouse.errors import InvalidSetting
from warehouse.settings import Settings


def test_the_environment_goes_before_the_workspace_file_and_that_before_the_default(tmp_path: Path):
    (tmp_path / "workspace.toml").write_text(
        'clock = 2026-01-31\nledger_url = "sqlite:///elsewhere.sqlite"\ncities = ["150400"]\n',
        encoding="utf-8",
    )
    stored = Settings.load(environ={"QIANGSHI_HOME": str(tmp_path)})
    assert stored.home == tmp_path
    assert stored.clock_day == date(2026, 1, 31)
    assert stored.ledger_url == "sqlite:///elsewhere.sqlite"
    assert stored.cities == ("150400",)

    environ = {
        "QIANGSHI_HOME": str(tmp_path),
        "QIANGSHI_CLOCK": "2026-02-01",
        "QIANGSHI_CITIES": "150200，150400",
        "QIANGSHI_LEDGER_URL": "postgresql+psycopg://u:secret@h/d",
    }
    told = Settings.load(environ=environ)
    assert told.clock_day == date(2026, 2, 1)
    assert told.cities == ("150200", "150400")
    assert "secret" not in repr(told)
    assert Settings.load(environ=environ, day=date(2026, 3, 1)).clock_day == date(2026, 3, 1)


def test_without_any_setting_the_workspace_is_var_with_its_own_sqlite_ledger(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    plain = Settings.load(environ={})
    assert plain.home == tmp_path / "var"
    assert plain.ledger_url == f"sqlite:///{tmp_path / 'var' / 'ledger.sqlite'}"
    assert plain.clock_day is None
    assert plain.serves("150400")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("QIANGSHI_CLOCK", "2026-13-01"),
        ("QIANGSHI_CITIES", "赤峰"),
        ("QIANGSHI_DEFINITIONS", "/no/such/folder"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path, variable: str, text: str):
    with pytest.raises(InvalidSetting) as caught:
        Settings.load(tmp_path, environ={variable: text})
    assert caught.value.name == variable
    assert text in caught.value.message_zh


def test_a_relative_definitions_folder_in_the_workspace_file_starts_at_the_workspace(
    tmp_path: Path,
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "workspace.toml").write_text('definitions = "mine"\n', encoding="utf-8")
    assert Settings.load(tmp_path, environ={}).definitions_overlay == tmp_path / "mine"


def test_a_given_business_day_stands_at_its_last_second():
    assert BusinessClock(date(2026, 1, 31)).now() == datetime(2026, 1, 31, 23, 59, 59)


@pytest.mark.parametrize(
    ("received_at", "last_as_of", "expected"),
    [
        # An ordinary arrival is known when it came.
        (datetime(2026, 1, 10, 9), None, datetime(2026, 1, 10, 9)),
        # One later than the business clock is known on the clock's day.
        (datetime(2026, 2, 10, 9), None, datetime(2026, 1, 31, 23, 59, 59)),
        # One that came before a release which did not have it is known after that release's day.
        (datetime(2026, 1, 10, 9), date(2026, 1, 15), datetime(2026, 1, 16)),
        # A further release of the same day stands in place of the first.
        (datetime(2026, 1, 10, 9), date(2026, 1, 31), datetime(2026, 1, 31, 23, 59, 59)),
        (datetime(2026, 1, 20, 9), date(2026, 1, 15), datetime(2026, 1, 20, 9)),
    ],
)
def test_known_from_is_the_arrival_within_the_clock_and_after_the_last_release(
    received_at: datetime, last_as_of: date | None, expected: datetime
):
    assert known_from(received_at, datetime(2026, 1, 31, 23, 59, 59), last_as_of) == expected
