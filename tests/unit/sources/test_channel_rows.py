"""Rows of `channels` become one channel per account; credentials come from outside the rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sources.channels.credentials import Secrets
from sources.channels.errors import CredentialMissing, SecretExposed, SecretUnreadable
from sources.channels.remote import Workshop
from sources.channels.rows import ChannelRow, channel_rows, remote_channels
from sources.definition_checks import check_definitions
from sources.definitions import Definitions

HEADER = "unit_code,channel_kind,location,sender,credential_key,moves_to,valid_from,valid_to\n"
TODAY = date(2026, 1, 31)
SECRET = "mima-2026-ABC"

Defined = Callable[[str], Definitions]


@pytest.fixture
def defined(tmp_path: Path) -> Defined:
    def of(rows: str) -> Definitions:
        (tmp_path / "channels.csv").write_text(HEADER + rows, encoding="utf-8")
        return Definitions.load(tmp_path)

    return of


def rows_of(definitions: Definitions, city: str = "") -> list[ChannelRow]:
    return channel_rows(definitions, TODAY, lambda code: city in ("", code))


def test_a_template_stands_for_every_unit_that_files_in_the_cities_served(defined: Defined) -> None:
    rows = rows_of(defined(",sftp,sftp://h/up/{city_code}/{unit_code},,tj,,,\n"), "150200")
    assert {row.city_code for row in rows} == {"150200"}
    [one] = [row for row in rows if row.unit_code == "150203"]
    assert (one.location, one.is_certain) == ("sftp://h/up/150200/150203", False)


def test_a_row_counts_from_its_first_day_and_no_longer_on_its_last(defined: Defined) -> None:
    text = (
        "150203,folder,/a,,,,2026-01-31,\n150203,folder,/b,,,,2026-02-01,\n"
        "150203,folder,/c,,,,2020-01-01,2026-01-31\n"
    )
    assert [row.location for row in rows_of(defined(text))] == ["/a"]


def test_one_account_is_one_channel_however_many_rows_name_it(
    defined: Defined, tmp_path: Path
) -> None:
    text = (
        "150203,imap,imaps://m/INBOX,a@x,mail,,,\n150204,imap,imaps://m/INBOX,b@x,mail,,,\n"
        "150205,imap,imaps://m/旗县/石拐,,mail,,,\n150203,imap,imaps://m/INBOX,a@x,other,,,\n"
        "150203,sftp,sftp://h:22/a,,tj,,,\n150204,sftp,sftp://h:22/b,,tj,,,\n"
    )
    shop = Workshop(tmp_path, tmp_path)
    channels = remote_channels(rows_of(defined(text)), tmp_path, Secrets(tmp_path), shop)
    assert [channel.label for channel in channels] == [
        "imaps://m:993 INBOX、旗县/石拐", "imaps://m:993 INBOX", "sftp://h:22",
    ]  # fmt: skip


def test_two_accounts_at_one_address_are_two_places(defined: Defined) -> None:
    text = "150203,sftp,sftp://h/up,,one,,,\n150204,sftp,sftp://h/up,,two,,,\n"
    assert len({row.place for row in rows_of(defined(text))}) == 2


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("150203,ftp,ftp://h/a,,tj,,,", "channel_kind", "只能是"),
        ("150203,sftp,http://h/a,,tj,,,", "location", "应为 sftp://"),
        ("150203,sftp,sftp://h:x/a,,tj,,,", "location", "应为 sftp://"),
        ("150203,imap,imaps://,,tj,,,", "location", "应为 imaps://"),
        (f"150203,sftp,sftp://u:{SECRET}@h/a,,tj,,,", "location", "不得写账号"),
        ("150203,sftp,sftp://h/a,,,,,", "credential_key", "不能为空"),
        ("150203,sftp,sftp://h/a,,../x,,,", "credential_key", "小写字母"),
        (",sftp,sftp://h/{unit},,tj,,,", "location", "不能含 unit"),
        ("150203,sftp,sftp://h/a,a@b,tj,,,", "sender", "只有 imap"),
        (",imap,imaps://h/INBOX,a@b,tj,,,", "unit_code", "必须写明单位"),
        ("150203,imap,imaps://h/INBOX,ab,tj,,,", "sender", "不是邮件地址"),
        ("150203,folder,,,,,,", "location", "不能为空"),
    ],
)
def test_a_row_that_cannot_stand_is_named(
    defined: Defined, row: str, column: str, said: str
) -> None:
    found = [p for p in check_definitions(defined(row + "\n")) if p.table == "channels"]
    assert [(p.row, p.column) for p in found] == [(2, column)]
    assert said in found[0].problem_zh
    assert SECRET not in repr(found)


def secret_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "tj.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_secret_file_gives_the_account_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    secret_file(tmp_path, f'user = "u"\npassword = "{SECRET}"\n')
    found = Secrets(tmp_path, {}).of("tj")
    assert (found.user, found.password) == ("u", SECRET)
    over = Secrets(tmp_path, {"QIANGSHI_SECRET_TJ_USER": "v"}).of("tj")
    assert (over.user, over.password) == ("v", SECRET)
    assert SECRET not in repr(found) + repr(
        Secrets(tmp_path, {"QIANGSHI_SECRET_TJ_PASSWORD": SECRET})
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path, f'user = "u"\npassword = "{SECRET}"\n', mode)
    with pytest.raises(SecretExposed, match="chmod 600") as caught:
        Secrets(tmp_path, {}).of("tj")
    assert str(path) in caught.value.message_zh


def test_a_private_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    secret_file(tmp_path, 'user = "u"\nkey_file = "id"\n')
    (tmp_path / "id").write_text("x", encoding="utf-8")
    (tmp_path / "id").chmod(0o644)
    with pytest.raises(SecretExposed):
        Secrets(tmp_path, {}).of("tj")


def test_a_spoilt_secret_file_is_said_without_what_stands_in_it(tmp_path: Path) -> None:
    secret_file(tmp_path, f"password = {SECRET}\n")
    with pytest.raises(SecretUnreadable) as caught:
        Secrets(tmp_path, {}).of("tj")
    assert SECRET not in caught.value.message_zh


def test_a_credential_nobody_has_given_is_asked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing, match="QIANGSHI_SECRET_TJ_USER"):
        Secrets(tmp_path, dict.fromkeys(os.environ, "")).of("tj")
