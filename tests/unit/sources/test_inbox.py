"""Files are taken from a unit's folder when they are whole, and only then."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from sources.channels import ArrivedFile, FolderInbox
from sources.channels.inbox import FileChangedError

# 2025-04-03 09:30:00 in Shanghai.
ARRIVED = datetime.fromisoformat("2025-04-03T01:30:00+00:00").timestamp()


def _drop(inbox: Path, name: str, unit: str = "900101", at: float = ARRIVED) -> Path:
    folder = inbox / "900100" / unit
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(name.encode())
    os.utime(path, (at, at))
    return path


def _seen(inbox: Path, now: float = ARRIVED + 3600) -> list[ArrivedFile]:
    return list(FolderInbox(inbox, clock=lambda: now).arrivals())


def test_a_file_is_known_by_its_folder_and_its_time(tmp_path: Path) -> None:
    path = _drop(tmp_path, "三月.xlsx")
    (file,) = _seen(tmp_path)
    assert (file.city_code, file.unit_code, file.file_name) == ("900100", "900101", "三月.xlsx")
    assert file.received_at == datetime(2025, 4, 3, 9, 30)
    assert (file.channel_kind, file.size, file.path) == ("inbox", path.stat().st_size, path)


@pytest.mark.parametrize(
    "name",
    ["红山区 3月 (报送) [1].xlsx", "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ.csv", "ａ’“b”&;$x.csv", "no suffix", "-rf.csv"],
)
def test_any_name_is_taken_and_let_go(tmp_path: Path, name: str) -> None:
    path = _drop(tmp_path, name)
    inbox = FolderInbox(tmp_path, clock=lambda: ARRIVED + 60)
    (file,) = inbox.arrivals()
    assert inbox.take(file) == name.encode()
    inbox.done(file)
    assert not path.exists()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("三月.xlsx".encode("gb18030"), "三月.xlsx"), (b"a\xff.xlsx", "a\ufffd.xlsx")],
)
def test_a_name_that_is_no_utf_8_is_taken_shown_readably_and_let_go(
    tmp_path: Path, raw: bytes, shown: str
) -> None:
    folder = tmp_path / "900100" / "900101"
    folder.mkdir(parents=True)
    path = folder / os.fsdecode(raw)
    path.write_bytes(b"1")
    inbox = FolderInbox(tmp_path, settle_seconds=0)
    (file,) = inbox.arrivals()
    assert file.file_name == shown
    # What the ledger and the night's notes hold can be written.
    assert file.arrival_key.encode("utf-8")
    assert json.loads(json.dumps(str(file.path))) == str(path)
    assert inbox.take(file) == b"1"
    inbox.done(file)
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["~$三月.xlsx", "三月.xlsx.part", "a.tmp", "A.TMP", ".hidden.csv", "Thumbs.db"]
)
def test_unfinished_and_hidden_names_are_left_alone(tmp_path: Path, name: str) -> None:
    _drop(tmp_path, name)
    assert _seen(tmp_path) == []


def test_a_file_still_being_copied_is_left_for_the_next_look(tmp_path: Path) -> None:
    _drop(tmp_path, "a.csv")
    assert _seen(tmp_path, now=ARRIVED + 29) == []
    assert len(_seen(tmp_path, now=ARRIVED + 31)) == 1


def test_the_time_to_settle_is_a_parameter(tmp_path: Path) -> None:
    _drop(tmp_path, "a.csv")
    inbox = FolderInbox(tmp_path, settle_seconds=0, clock=lambda: ARRIVED)
    assert len(list(inbox.arrivals())) == 1


def test_a_time_far_in_the_future_was_set_by_hand_and_is_taken(tmp_path: Path) -> None:
    _drop(tmp_path, "a.csv", at=ARRIVED + 86400)
    assert len(_seen(tmp_path, now=ARRIVED)) == 1


def test_arrivals_come_in_the_order_of_time_then_path(tmp_path: Path) -> None:
    _drop(tmp_path, "b.csv", at=ARRIVED)
    _drop(tmp_path, "a.csv", at=ARRIVED + 5)
    _drop(tmp_path, "c.csv", unit="900102", at=ARRIVED)
    assert [file.file_name for file in _seen(tmp_path)] == ["b.csv", "c.csv", "a.csv"]


def test_a_file_that_changed_after_it_was_seen_is_not_taken(tmp_path: Path) -> None:
    path = _drop(tmp_path, "a.csv")
    inbox = FolderInbox(tmp_path, clock=lambda: ARRIVED + 60)
    (file,) = inbox.arrivals()
    path.write_bytes(b"more")
    with pytest.raises(FileChangedError):
        inbox.take(file)


def test_a_new_file_of_the_same_name_is_not_removed_with_the_old_one(tmp_path: Path) -> None:
    path = _drop(tmp_path, "a.csv")
    inbox = FolderInbox(tmp_path, clock=lambda: ARRIVED + 60)
    (file,) = inbox.arrivals()
    path.write_bytes(b"the county's second thought")
    inbox.done(file)
    assert path.read_bytes() == b"the county's second thought"


def test_letting_go_twice_is_harmless(tmp_path: Path) -> None:
    _drop(tmp_path, "a.csv")
    inbox = FolderInbox(tmp_path, clock=lambda: ARRIVED + 60)
    (file,) = inbox.arrivals()
    inbox.done(file)
    inbox.done(file)
    assert list(inbox.arrivals()) == []


def test_a_file_outside_a_units_folder_is_nobodys_but_is_told(tmp_path: Path) -> None:
    (tmp_path / "900100" / "900101" / "deeper").mkdir(parents=True)
    for place in ("lost.csv", "900100/lost.csv", "900100/900101/deeper/lost.csv"):
        (tmp_path / place).write_bytes(b"x")
    assert _seen(tmp_path) == []
    assert sorted(FolderInbox(tmp_path).strays()) == sorted(
        tmp_path / place
        for place in ("lost.csv", "900100/lost.csv", "900100/900101/deeper/lost.csv")
    )


def test_a_link_is_not_followed_out_of_the_inbox(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"x")
    folder = tmp_path / "inbox" / "900100" / "900101"
    folder.mkdir(parents=True)
    (folder / "a.csv").symlink_to(secret)
    assert _seen(tmp_path / "inbox", now=ARRIVED + 10**9) == []


def test_what_is_no_plain_file_is_told_and_never_followed(tmp_path: Path) -> None:
    """Left silently it would look to its unit as if it had been handed in."""
    outside, inbox = tmp_path / "outside", tmp_path / "inbox"
    folder = inbox / "900100" / "900101"
    folder.mkdir(parents=True)
    outside.mkdir()
    (outside / "a.csv").write_bytes(b"x")
    (folder / "link.csv").symlink_to(outside / "a.csv")
    (folder / "broken.csv").symlink_to(outside / "none.csv")
    (folder / "linked folder").symlink_to(outside)
    (folder / ".hidden").symlink_to(outside)
    os.mkfifo(folder / "pipe.csv")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "linked folder").symlink_to(outside)
    (folder / "plain.csv").write_bytes(b"x")
    seen = _seen(inbox, now=ARRIVED + 10**9)
    assert [file.file_name for file in seen] == ["plain.csv"]
    told = {path.relative_to(inbox).as_posix() for path in FolderInbox(inbox).strays()}
    assert told == {
        "900100/900101/link.csv", "900100/900101/broken.csv", "900100/900101/linked folder",
        "900100/900101/pipe.csv", "900100/900101/deeper/linked folder",
    }  # fmt: skip


def test_an_inbox_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert _seen(tmp_path / "none") == []
