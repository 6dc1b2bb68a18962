"""SFTP and IMAP against real servers: fetched once, resumed after a cut, refused in words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sources.channels.credentials import Credentials
from sources.channels.imap import ImapChannel, Mailbox, Sender
from sources.channels.polling import PollReport, poll_all
from sources.channels.remote import Delivery, Patience, RemoteChannel, Sizes, Workshop
from sources.channels.sftp import FarFolder, SftpChannel
from sources.channels.share import ShareChannel
from tests.servers import LOOPBACK, MAIL_PASSWORD, CutLine, Dovecot, Sshd
from tests.unit.sources.mails import mail

QUICK = Patience(connect=5, answer=5, whole=30, first_pause=0.01, longest_pause=0.05)
UPLOADED = datetime(2026, 1, 9, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
BIG = bytes(range(256)) * 6000  # 1.5 MB


@dataclass
class Keeper:
    """Remembers as the ledger does: marker and files together."""

    deliveries: list[Delivery] = field(default_factory=list)

    def known(self, place: str) -> set[str]:
        return {one.far_id for one in self.deliveries if one.place == place}

    def keep(self, delivery: Delivery) -> int:
        self.deliveries.append(delivery)
        return len(delivery.files)

    @property
    def files(self) -> list[tuple[str, str | None, bytes]]:
        return [(f.file_name, f.unit_code, f.data) for d in self.deliveries for f in d.files]

    def poll(self, *channels: RemoteChannel, patience: Patience = QUICK) -> list[PollReport]:
        return poll_all(channels, self.known, self.keep, patience)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def upload(sshd: Sshd, tmp_path: Path) -> Path:
    folder = sshd.files / tmp_path.name
    folder.mkdir()
    return folder


@pytest.fixture
def line(sshd: Sshd) -> Iterator[CutLine]:
    one = CutLine(sshd.port)
    yield one
    one.close()


def put(folder: Path, name: str | bytes, data: bytes, at: datetime = UPLOADED) -> None:
    path = os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else name.encode())  # noqa: PTH118
    with open(path, "wb") as handle:  # noqa: PTH123 - the name is bytes that are no text
        handle.write(data)
    os.utime(path, (at.timestamp(), at.timestamp()))


def sftp(
    sshd: Sshd,
    folder: Path,
    tmp_path: Path,
    *,
    port: int | None = None,
    known: str | None = None,
    moves_to: str | None = None,
    is_certain: bool = True,
    sizes: Sizes | None = None,
) -> SftpChannel:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(sshd.known_host(port) if known is None else known, encoding="utf-8")
    account = Credentials("tj", sshd.user, None, sshd.key_file)
    shop = Workshop(tmp_path / "partial", known_hosts, patience=QUICK, sizes=sizes or Sizes())
    far = FarFolder(str(folder), f"sftp://x{folder}", "150402", "150400", is_certain, moves_to)
    return SftpChannel(LOOPBACK, port or sshd.port, [far], lambda: account, shop)


def test_a_file_is_fetched_once_with_its_unit_and_the_time_of_its_upload(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "红山区 12月.xlsx", b"cells")
    channel = sftp(sshd, upload, tmp_path)
    first, second = keeper.poll(channel)[0], keeper.poll(channel)[0]
    assert keeper.files == [("红山区 12月.xlsx", "150402", b"cells")]
    assert keeper.deliveries[0].files[0].received_at == datetime(2026, 1, 9, 8, 30)
    assert (first.files, second.files, first.problem_zh, second.problem_zh) == (1, 0, None, None)
    assert (upload / "红山区 12月.xlsx").exists(), "the far side keeps its file"


def test_a_corrected_file_under_the_same_name_is_fetched_too(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    channel = sftp(sshd, upload, tmp_path)
    put(upload, "a.csv", b"1")
    keeper.poll(channel)
    put(upload, "a.csv", b"2", UPLOADED.replace(hour=5))
    keeper.poll(channel)
    assert [data for _, _, data in keeper.files] == [b"1", b"2"]


def test_a_name_in_gb18030_loses_neither_itself_nor_its_neighbours(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "元宝山区.csv".encode("gb18030"), b"1")
    put(upload, "松山区.csv", b"2")
    keeper.poll(sftp(sshd, upload, tmp_path))
    assert {(name, data) for name, _, data in keeper.files} == {
        ("元宝山区.csv", b"1"), ("松山区.csv", b"2"),
    }  # fmt: skip


def test_unfinished_hidden_and_fresh_files_and_folders_are_left_alone(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "a.xlsx.part", b"1")
    put(upload, ".hidden", b"1")
    put(upload, "fresh.xlsx", b"1", datetime.now(UTC))
    (upload / "folder").mkdir()
    (upload / "link.csv").symlink_to("/etc/hostname")
    assert keeper.poll(sftp(sshd, upload, tmp_path))[0].files == 0


def test_a_cut_transfer_goes_on_where_it_ended(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper, line: CutLine
) -> None:
    put(upload, "大.xlsx", BIG)
    line.cut_after(900_000)
    [report] = keeper.poll(sftp(sshd, upload, tmp_path, port=line.port))
    assert keeper.files == [("大.xlsx", "150402", BIG)]
    assert report.problem_zh is None
    assert line.sessions == 2
    assert line.carried[1] < len(BIG) - 500_000, "the second session did not start anew"
    assert list((tmp_path / "partial").iterdir()) == []


def test_a_line_cut_every_night_gets_further_each_time_and_never_hands_on_half_a_file(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper, line: CutLine
) -> None:
    put(upload, "大.xlsx", BIG)
    channel = sftp(sshd, upload, tmp_path, port=line.port)
    hasty = Patience(5, 5, 30, idle_attempts=1, first_pause=0.01, longest_pause=0.01)
    line.cut_after(600_000, 100, 100)
    [report] = keeper.poll(channel, patience=hasty)
    assert report.is_down
    assert "下一夜再取" in (report.problem_zh or "")
    assert keeper.files == []
    partial = next((tmp_path / "partial").iterdir()).stat().st_size
    assert 0 < partial < len(BIG)
    keeper.poll(sftp(sshd, upload, tmp_path, port=line.port))
    assert keeper.files == [("大.xlsx", "150402", BIG)]


def test_a_file_replaced_between_two_sessions_is_never_sewn_together(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper, line: CutLine
) -> None:
    put(upload, "大.xlsx", BIG)
    hasty = Patience(5, 5, 30, idle_attempts=1, first_pause=0.01, longest_pause=0.01)
    line.cut_after(600_000, 100, 100)
    keeper.poll(sftp(sshd, upload, tmp_path, port=line.port), patience=hasty)
    other = BIG[::-1]
    put(upload, "大.xlsx", other, UPLOADED.replace(hour=6))
    keeper.poll(sftp(sshd, upload, tmp_path, port=line.port))
    assert keeper.files == [("大.xlsx", "150402", other)]


def test_a_server_that_is_down_is_said_and_the_other_channel_goes_on(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "a.csv", b"1")
    dead = sftp(sshd, upload, tmp_path, port=1)
    reports = keeper.poll(dead, sftp(sshd, upload, tmp_path))
    assert [report.is_down for report in reports] == [True, False]
    assert "连接不上或中途断开（对方没有开放这个端口）" in (reports[0].problem_zh or "")
    assert len(keeper.files) == 1


def test_a_server_that_never_speaks_holds_nobody_longer_than_its_time(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper, line: CutLine
) -> None:
    line.is_silent = True
    put(upload, "a.csv", b"1")
    begun = datetime.now(UTC)
    brief = Patience(connect=0.5, answer=0.5, whole=4, first_pause=0.01, longest_pause=0.01)
    channel = sftp(sshd, upload, tmp_path, port=line.port)
    channel._workshop = Workshop(tmp_path, tmp_path / "known_hosts", patience=brief)
    [report] = keeper.poll(channel, patience=brief)
    assert report.is_down
    assert (datetime.now(UTC) - begun).total_seconds() < 12


def test_an_unknown_host_key_is_refused_with_its_fingerprint(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "a.csv", b"1")
    [report] = keeper.poll(sftp(sshd, upload, tmp_path, known=""))
    assert "未登记" in (report.problem_zh or "")
    assert "SHA256:" in (report.problem_zh or "")
    assert keeper.files == []


def test_another_host_key_than_the_one_on_record_is_refused_as_an_impostor(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "a.csv", b"1")
    wrong = sshd.known_host(key="other_key")
    [report] = keeper.poll(sftp(sshd, upload, tmp_path, known=wrong))
    assert "可能被冒充" in (report.problem_zh or "")
    assert keeper.files == []


def test_a_folder_that_is_missing_is_said_where_the_row_names_it_and_not_of_a_template(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    gone = upload / "gone"
    [named] = keeper.poll(sftp(sshd, gone, tmp_path))
    [templated] = keeper.poll(sftp(sshd, gone, tmp_path, is_certain=False))
    assert len(named.notes) == 1
    assert "没有目录" in named.notes[0]
    assert (templated.notes, templated.problem_zh) == ([], None)


def test_a_kept_file_is_moved_where_the_row_says(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "a.csv", b"1")
    [report] = keeper.poll(sftp(sshd, upload, tmp_path, moves_to="已收"))
    assert (report.files, report.notes) == (1, [])
    assert [path.name for path in upload.rglob("*.csv")] == ["20260109083000_a.csv"]


def test_a_file_too_large_is_named_and_not_fetched(
    sshd: Sshd, upload: Path, tmp_path: Path, keeper: Keeper
) -> None:
    put(upload, "大.xlsx", BIG)
    [report] = keeper.poll(sftp(sshd, upload, tmp_path, sizes=Sizes(file_bytes=1_000_000)))
    assert keeper.files == []
    assert "大.xlsx" in report.notes[0]


def test_a_mounted_share_is_read_once_and_left_as_it_is(tmp_path: Path, keeper: Keeper) -> None:
    put(tmp_path, "a.csv", b"1")
    folder = FarFolder(str(tmp_path), "share", "150402", "150400")
    for _ in range(2):
        keeper.poll(ShareChannel("share", [folder], Sizes()))
    assert keeper.files == [("a.csv", "150402", b"1")]
    assert (tmp_path / "a.csv").exists()


# Mail

KUNDULUN = Sender("tjj@kdl.gov.cn", "150203", "150200")
PATTERN = Sender("*@qsq.gov.cn", "150204", "150200")


@pytest.fixture
def box(dovecot: Dovecot, tmp_path: Path) -> str:
    folder = f"报表{tmp_path.name}"
    with dovecot.client() as client:
        client.create_folder(folder)
    return folder


def imap(
    dovecot: Dovecot,
    folder: str,
    tmp_path: Path,
    *senders: Sender,
    port: int | None = None,
    password: str = MAIL_PASSWORD,
    ca_file: Path | None = None,
    moves_to: str | None = None,
    is_tls: bool = True,
) -> ImapChannel:
    account = Credentials("mail", "shouwen", password)
    trusted = ca_file or dovecot.ca_file
    shop = Workshop(tmp_path / "partial", tmp_path / "none", trusted, patience=QUICK)
    known = senders or (KUNDULUN, PATTERN)
    mailbox = Mailbox(folder, f"imap/{folder}", known, date(2025, 1, 1), moves_to)
    where = port or (dovecot.tls_port if is_tls else dovecot.plain_port)
    return ImapChannel(LOOPBACK, where, [mailbox], lambda: account, shop, is_tls_from_start=is_tls)


def test_attachments_are_fetched_once_with_the_senders_unit_and_the_servers_date(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    # The sender's own date is long before the mail came: it is not what counts.
    early = mail("TJJ@kdl.gov.cn", ("一.xlsx", b"1"), date="Thu, 01 Jan 2026 08:00:00 +0800")
    dovecot.deliver(early, UPLOADED, box)
    dovecot.deliver(mail("a@qsq.gov.cn", ("二.xls", b"2"), ("三.pdf", b"3")), UPLOADED, box)
    channel = imap(dovecot, box, tmp_path)
    first, second = keeper.poll(channel)[0], keeper.poll(channel)[0]
    assert keeper.files == [
        ("一.xlsx", "150203", b"1"), ("二.xls", "150204", b"2"), ("三.pdf", "150204", b"3"),
    ]  # fmt: skip
    assert keeper.deliveries[0].files[0].received_at == datetime(2026, 1, 9, 8, 30)
    assert (first.files, second.files) == (3, 0)


def test_an_unknown_sender_is_nobodys_unit_but_the_citys(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    dovecot.deliver(mail("someone@163.com", ("x.xlsx", b"1")), UPLOADED, box)
    keeper.poll(imap(dovecot, box, tmp_path))
    [file] = keeper.deliveries[0].files
    assert (file.unit_code, file.city_code, file.sender) == (None, "150200", "someone@163.com")


def test_a_folder_may_stand_for_a_unit_whoever_wrote(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    dovecot.deliver(mail("someone@163.com", ("x.xlsx", b"1")), UPLOADED, box)
    keeper.poll(imap(dovecot, box, tmp_path, Sender(None, "150205", "150200")))
    assert keeper.files == [("x.xlsx", "150205", b"1")]


def test_reading_leaves_the_mailbox_as_it_was(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    dovecot.deliver(mail("tjj@kdl.gov.cn", ("x.xlsx", b"1")), UPLOADED, box)
    keeper.poll(imap(dovecot, box, tmp_path))
    with dovecot.client() as client:
        client.select_folder(box, readonly=True)
        [facts] = client.fetch(client.search(), ["FLAGS"]).values()
    assert b"\\Seen" not in facts[b"FLAGS"]


def test_a_kept_mail_is_moved_where_the_row_says_and_never_deleted(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    dovecot.deliver(mail("tjj@kdl.gov.cn", ("x.xlsx", b"1")), UPLOADED, box)
    [report] = keeper.poll(imap(dovecot, box, tmp_path, moves_to=f"已收{box}"))
    assert (report.files, report.notes) == (1, [])
    with dovecot.client() as client:
        left = client.folder_status(box, ["MESSAGES"])[b"MESSAGES"]
        moved = client.folder_status(f"已收{box}", ["MESSAGES"])[b"MESSAGES"]
    assert (left, moved) == (0, 1)


def test_a_mail_cut_in_the_middle_is_fetched_anew_and_whole(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    dovecot.deliver(mail("tjj@kdl.gov.cn", ("大.xlsx", BIG)), UPLOADED, box)
    line = CutLine(dovecot.tls_port)
    line.cut_after(900_000)
    [report] = keeper.poll(imap(dovecot, box, tmp_path, port=line.port))
    line.close()
    assert keeper.files == [("大.xlsx", "150203", BIG)]
    assert (report.problem_zh, line.sessions) == (None, 2)


@pytest.mark.parametrize("is_tls", [True, False], ids=["imaps", "starttls"])
def test_a_certificate_of_an_unknown_authority_is_refused_before_any_password_is_said(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper, is_tls: bool
) -> None:
    import certifi

    others = Path(certifi.where())
    channel = imap(dovecot, box, tmp_path, ca_file=others, is_tls=is_tls)
    [report] = keeper.poll(channel)
    assert "证书验证不通过" in (report.problem_zh or "")


def test_starttls_reads_the_same_mail(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    dovecot.deliver(mail("tjj@kdl.gov.cn", ("x.xlsx", b"1")), UPLOADED, box)
    [report] = keeper.poll(imap(dovecot, box, tmp_path, is_tls=False))
    assert (report.problem_zh, keeper.files) == (None, [("x.xlsx", "150203", b"1")])


def test_a_wrong_password_is_said_without_saying_it(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    [report] = keeper.poll(imap(dovecot, box, tmp_path, password="wrong-secret"))
    assert "拒绝登录" in (report.problem_zh or "")
    assert "wrong-secret" not in repr(report)


def test_a_mailbox_that_is_missing_is_named(
    dovecot: Dovecot, box: str, tmp_path: Path, keeper: Keeper
) -> None:
    [report] = keeper.poll(imap(dovecot, "没有这个", tmp_path))
    assert report.notes == ["没有目录“没有这个”，或无权读取；请核对 channels.csv 的 location"]
