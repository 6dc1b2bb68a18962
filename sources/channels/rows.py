"""Rows of `channels` as channels: whose files come from where, grouped by account.

One account is opened once a night, however many rows name folders or senders of it. The folder
inbox of the workspace is always looked at and needs no row.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sources.channels.addresses import FIELDS, PORTS, REMOTE_KINDS
from sources.channels.credentials import Credentials, Secrets
from sources.channels.imap import ImapChannel, Mailbox, Sender
from sources.channels.remote import RemoteChannel, Workshop
from sources.channels.sftp import FarFolder, SftpChannel
from sources.channels.share import ShareChannel
from sources.definitions import Definitions


@dataclass(frozen=True)
class ChannelRow:
    """One row of `channels`, for one unit where it is a template.

    Attributes:
        channel_kind: `folder`, `sftp` or `imap`.
        location: the folder or mailbox, its template fields filled in.
        unit_code, city_code: whose files come from there; None when the row does not say.
        sender: the mail address, or a pattern of addresses, of the unit.
        credential_key: which account opens it.
        moves_to: where kept files or mails go; None to leave them.
        is_certain: the row names the unit, or stands for none: its folder has to be there.
        valid_from: first day of the row.
    """

    channel_kind: str
    location: str
    unit_code: str | None
    city_code: str | None
    sender: str | None
    credential_key: str | None
    moves_to: str | None
    is_certain: bool
    valid_from: date | None

    @property
    def place(self) -> str:
        """The location as markers remember it: two accounts see two places at one address."""
        return f"{self.location}#{self.credential_key}" if self.credential_key else self.location

    @property
    def address(self) -> SplitResult:
        """The location, taken apart."""
        return urlsplit(self.location)


def channel_rows(
    definitions: Definitions, day: date, serves: Callable[[str], bool]
) -> list[ChannelRow]:
    """Rows in force on a day for the cities that are served, templates written out per unit."""
    found: list[ChannelRow] = []
    for row in definitions.table("channels").iter_rows(named=True):
        if row["channel_kind"] not in REMOTE_KINDS or not _is_in_force(row, day):
            continue
        for unit_code, city_code, is_certain in _units_of(row, definitions):
            if city_code is not None and not serves(city_code):
                continue
            location = row["location"]
            if unit_code is not None:
                location = location.format(unit_code=unit_code, city_code=city_code)
            found.append(
                ChannelRow(
                    row["channel_kind"],
                    location.rstrip("/"),
                    unit_code,
                    city_code,
                    row["sender"],
                    row["credential_key"],
                    row["moves_to"],
                    is_certain,
                    date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
                )
            )
    return found


def remote_channels(
    rows: Iterable[ChannelRow], home: Path, secrets: Secrets, workshop: Workshop
) -> list[RemoteChannel]:
    """One channel per account, in the order of the rows.

    Args:
        rows: the rows in force.
        home: the workspace; a relative folder is relative to it.
        secrets: where credentials are looked for, once a channel is opened.
        workshop: what channels need of this machine.
    """
    accounts: dict[tuple[object, ...], list[ChannelRow]] = {}
    for row in rows:
        host = "" if row.channel_kind == "folder" else row.address.netloc
        scheme = "" if row.channel_kind == "folder" else row.address.scheme
        accounts.setdefault((row.channel_kind, scheme, host, row.credential_key), []).append(row)
    return [_channel(group, home, secrets, workshop) for group in accounts.values()]


def _channel(
    rows: Sequence[ChannelRow], home: Path, secrets: Secrets, workshop: Workshop
) -> RemoteChannel:
    first = rows[0]
    if first.channel_kind == "folder":
        folders = [_folder(row, str(home / row.location)) for row in rows]
        label = first.location if len(rows) == 1 else "本机目录"
        return ShareChannel(label, folders, workshop.sizes)
    host = first.address.hostname or ""
    port = first.address.port or PORTS[first.address.scheme]
    account: Callable[[], Credentials] = partial(secrets.of, first.credential_key or "")
    if first.channel_kind == "sftp":
        far = [_folder(row, row.address.path or "/") for row in rows]
        return SftpChannel(host, port, far, account, workshop)
    return ImapChannel(
        host,
        port,
        list(_mailboxes(rows)),
        account,
        workshop,
        is_tls_from_start=first.address.scheme == "imaps",
    )


def _folder(row: ChannelRow, path: str) -> FarFolder:
    return FarFolder(
        posixpath.normpath(path),
        row.place,
        row.unit_code,
        row.city_code,
        row.is_certain,
        row.moves_to,
    )


def _mailboxes(rows: Sequence[ChannelRow]) -> Iterator[Mailbox]:
    by_place: dict[str, list[ChannelRow]] = {}
    for row in rows:
        by_place.setdefault(row.place, []).append(row)
    for place, group in by_place.items():
        starts = [row.valid_from for row in group]
        yield Mailbox(
            folder=group[0].address.path.strip("/") or "INBOX",
            place=place,
            senders=tuple(Sender(row.sender, row.unit_code, row.city_code) for row in group),
            since=None if None in starts else min(start for start in starts if start),
            moves_to=next((row.moves_to for row in group if row.moves_to), None),
        )


def _units_of(
    row: dict[str, str | None], definitions: Definitions
) -> Iterator[tuple[str | None, str | None, bool]]:
    """Unit, its city, and whether the row is about just that: all who file, for a template."""
    if row["unit_code"] is not None:
        unit = definitions.units[row["unit_code"]]
        yield unit.unit_code, unit.city_code, True
    elif FIELDS.search(row["location"] or ""):
        filing = {one.unit.unit_code: one.unit.city_code for one in definitions.assignments}
        for unit_code, city_code in sorted(filing.items()):
            yield unit_code, city_code, False
    else:
        yield None, None, True


def _is_in_force(row: dict[str, str | None], day: date) -> bool:
    first, end = row["valid_from"], row["valid_to"]
    return (first is None or date.fromisoformat(first) <= day) and (
        end is None or day < date.fromisoformat(end)
    )
