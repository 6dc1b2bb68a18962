"""Nights that pull from an SFTP server and a mailbox, as the operator and the steward see them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.conftest import Workspace
from tests.servers import LOOPBACK, MAIL_PASSWORD, Dovecot, Sshd
from tests.unit.sources.mails import mail

HEADER = "unit_code,channel_kind,location,sender,credential_key,moves_to,valid_from,valid_to\n"
ON_TIME = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
LATE = datetime(2026, 1, 28, 2, 0, tzinfo=UTC)
CITY = "140600"
BY_SFTP, BY_MAIL, BY_STRANGER, BY_STEWARD = "140602", "140603", "140621", "140622"
SCAN = b"%PDF-1.7 a sealed scan"


@dataclass
class Office:
    """A workspace of one city whose counties file in four ways."""

    workspace: Workspace
    sshd: Sshd
    dovecot: Dovecot
    nights: list[dict] = field(default_factory=list)

    def night(self) -> dict:
        self.nights.append(self.workspace.night())
        return self.nights[-1]

    def rows(self, *arguments: str) -> list[dict]:
        found: list[dict] = self.workspace.run("submissions", "--json", *arguments).json
        return found

    def filed(self, unit: str) -> list[dict]:
        return [row for row in self.rows("--unit", unit) if row["period_code"] == "2025-12"]


def monthly(workspace: Workspace, unit: str) -> Path:
    """The demo's own monthly workbook of a unit, taken out of its inbox."""
    [path] = (workspace.home / "inbox" / CITY / unit).glob("*2025年12月*")
    return path


def touch(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, sshd: Sshd, dovecot: Dovecot) -> Office:
    home = tmp_path_factory.mktemp("channels") / "var"
    workspace = Workspace(home)
    workspace.run("init")
    with (home / "workspace.toml").open("a", encoding="utf-8") as toml:
        toml.write(f'cities = ["{CITY}"]\ndefinitions = "rows"\nca_file = "{dovecot.ca_file}"\n')
    (home / "rows").mkdir()
    workspace.run("demo", "--from", "2025-12", "--to", "2025-12")
    write_secrets(home, sshd)
    box = f"imaps://{LOOPBACK}:{dovecot.tls_port}/INBOX"
    (home / "rows/channels.csv").write_text(
        HEADER
        + f",sftp,sftp://{LOOPBACK}:{sshd.port}{sshd.files}/{{unit_code}},,tongji,,,\n"
        + f"{BY_MAIL},imap,{box},tjj@pinglu.gov.cn,shouwen,,,\n"
        + f"140623,sftp,sftp://{LOOPBACK}:1/up,,tongji,,,\n",
        encoding="utf-8",
    )
    found = Office(workspace, sshd, dovecot)
    hand_in(found)
    found.night()
    return found


def write_secrets(home: Path, sshd: Sshd) -> None:
    secrets = home / "secrets"
    secrets.mkdir()
    for name, text in (
        ("tongji", f'user = "{sshd.user}"\nkey_file = "{sshd.key_file}"\n'),
        ("shouwen", f'user = "shouwen"\npassword = "{MAIL_PASSWORD}"\n'),
    ):
        path = secrets / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    (secrets / "known_hosts").write_text(sshd.known_host(), encoding="utf-8")


def hand_in(office: Office) -> None:
    """One county by SFTP, one by mail (late, with a scan), one by a stranger's mail, one through
    the steward."""
    inbox = office.workspace.home / "inbox" / CITY
    uploaded = office.sshd.files / BY_SFTP
    uploaded.mkdir()
    form = monthly(office.workspace, BY_SFTP)
    shutil.move(form, uploaded / f"朔城区2025年12月{form.suffix}")
    touch(uploaded / f"朔城区2025年12月{form.suffix}", ON_TIME)
    (uploaded / "朔城区2025年12月（盖章）.pdf").write_bytes(SCAN)
    touch(uploaded / "朔城区2025年12月（盖章）.pdf", ON_TIME)
    for unit, sender, at in (
        (BY_MAIL, "tjj@pinglu.gov.cn", LATE), (BY_STRANGER, "someone@163.com", ON_TIME),
    ):  # fmt: skip
        form = monthly(office.workspace, unit)
        files = [(f"12月{form.suffix}", form.read_bytes()), ("盖章.jpg", b"\xff\xd8\xff" + SCAN)]
        office.dovecot.deliver(mail(sender, *files), at)
        form.unlink()
    form = monthly(office.workspace, BY_STEWARD)
    (inbox / "_unsorted").mkdir()
    shutil.move(form, inbox / "_unsorted" / f"微信收到的表{form.suffix}")
    touch(inbox / "_unsorted" / f"微信收到的表{form.suffix}", ON_TIME)


def test_a_county_that_uploads_is_in_the_marts_with_the_time_of_its_file(office: Office) -> None:
    [row] = office.filed(BY_SFTP)
    assert (row["received_at"], row["state_code"]) == ("2026-01-05T10:00:00", "published")
    [(received, seen, on_time)] = office.workspace.query(
        "select received_at, first_seen_at, is_on_time from marts.reporting_rates"
        " where unit_code = ? and form_code = 'IP-M1' and period_code = '2025-12'",
        BY_SFTP,
    )
    assert (received, on_time) == (datetime(2026, 1, 5, 10, 0), True)
    assert seen.date().isoformat() == "2026-01-31"


def test_lateness_of_a_mailed_form_is_judged_by_the_mail_servers_date(office: Office) -> None:
    [row] = office.filed(BY_MAIL)
    assert row["received_at"] == "2026-01-28T10:00:00"
    assert on_time(office, BY_MAIL) == [(None, False)]


def test_the_server_that_is_down_is_a_line_of_the_night_and_no_failure(office: Office) -> None:
    first = office.nights[0]
    down = [report for report in first["channels"] if report["problem_zh"]]
    assert [report["label"] for report in down] == [f"sftp://{LOOPBACK}:1 /up"]
    assert sum(report["files"] for report in first["channels"]) == 6
    assert first["counts"]["fetched"] == 6


def test_scans_are_evidence_of_the_submission_beside_them(office: Office) -> None:
    [by_sftp], [by_mail] = office.filed(BY_SFTP), office.filed(BY_MAIL)
    assert by_sftp["evidence"] == ["朔城区2025年12月（盖章）.pdf"]
    assert by_mail["evidence"] == ["盖章.jpg"]
    listed = office.rows("--evidence")
    assert {row["submission_id"] for row in listed} >= {by_sftp["submission_id"]}
    digest = listed[0]["file_sha256"]
    assert (office.workspace.home / "raw" / digest[:2] / digest).exists()


def test_no_secret_stands_in_any_file_of_the_workspace_but_its_own(office: Office) -> None:
    holding = {
        path.relative_to(office.workspace.home).as_posix()
        for path in office.workspace.home.rglob("*")
        if path.is_file() and MAIL_PASSWORD.encode() in path.read_bytes()
    }
    assert holding == {"secrets/shouwen.toml"}


def test_what_nobody_sent_waits_until_it_is_confirmed_once(office: Office) -> None:
    assert office.filed(BY_STRANGER) == office.filed(BY_STEWARD) == []
    waiting = {row["file_name"]: row for row in office.rows("--unsorted")}
    by_steward = next(row for name, row in waiting.items() if name.startswith("微信"))
    by_stranger = next(row for name, row in waiting.items() if name.startswith("12月"))
    assert by_steward["proposed_unit_code"] == BY_STEWARD
    assert (by_stranger["proposed_unit_code"], by_stranger["period_code"]) == (
        BY_STRANGER, "2025-12",
    )  # fmt: skip
    decide = office.workspace.run("decide", "confirm-unit", by_steward["arrival_id"])
    assert "确认为" in decide.output
    office.workspace.run("decide", "confirm-unit", by_stranger["arrival_id"])
    office.workspace.run("decide", "confirm-unit", waiting["盖章.jpg"]["arrival_id"])
    [late] = office.filed(BY_MAIL)
    paper = office.workspace.home / "签收单.jpg"
    paper.write_bytes(b"\xff\xd8\xff signed")
    told = office.workspace.run(
        "decide", "correct-arrival", late["submission_id"], "--value", "2026-01-05 09:30",
        "--reason", "当日送达纸质表，邮件系统故障", "--evidence", str(paper),
    )  # fmt: skip
    assert "2026-01-05 09:30" in told.output
    second = office.night()
    assert second["counts"]["received"] == 2
    assert second["counts"]["fetched"] == 0, "nothing is fetched twice"
    [stranger], [steward] = office.filed(BY_STRANGER), office.filed(BY_STEWARD)
    assert stranger["received_at"] == steward["received_at"] == "2026-01-05T10:00:00"
    assert stranger["evidence"] == ["盖章.jpg"]
    assert office.rows("--unsorted") == []
    # The steward's record judges lateness; the channel's time stays beside it.
    assert on_time(office, BY_MAIL) == [(datetime(2026, 1, 5, 9, 30), True)]
    assert office.filed(BY_MAIL)[0]["received_at"] == "2026-01-28T10:00:00"


def test_a_further_night_finds_nothing_to_do(office: Office) -> None:
    again = office.night()
    assert again["is_new"] is False
    assert again["counts"]["files"] == again["counts"]["fetched"] == 0


def test_the_senders_address_stays_in_the_ledger(office: Office) -> None:
    with sqlite3.connect(office.workspace.home / "ledger.sqlite") as connection:
        senders = {row[0] for row in connection.execute("select sender from arrivals")}
    assert "someone@163.com" in senders
    for arguments in (("submissions", "--evidence", "--json"), ("status", "--json")):
        assert "163.com" not in office.workspace.run(*arguments).output
    for path in (office.workspace.home / "releases").rglob("*"):
        assert not path.is_file() or b"163.com" not in path.read_bytes()


def on_time(office: Office, unit: str) -> list[tuple]:
    return office.workspace.query(
        "select actual_received_at, is_on_time from marts.reporting_rates"
        " where unit_code = ? and form_code = 'IP-M1' and period_code = '2025-12'",
        unit,
    )
