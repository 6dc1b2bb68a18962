"""A mailbox: attachments of new mails, the unit told by the sender's address or by the folder.

Mail is never deleted and, unless a row says where kept mails go, the mailbox is opened read-only:
not even the "seen" mark changes. TLS is verified, always. The arrival is the server's own date of
the message (INTERNALDATE): the Date line is written by the sender, who is the one to be late.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Self

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from sources.channels.credentials import Credentials
from sources.channels.errors import (
    CannotMove,
    CertificateRefused,
    ChannelDown,
    FarFileChanged,
    LoginRefused,
    PlaceMissing,
)
from sources.channels.inbox import SHANGHAI
from sources.channels.mail import read_mail
from sources.channels.remote import Delivery, FetchedFile, Known, Note, Offer, Workshop
from sources.channels.sftp import too_large

_BATCH = 200


@dataclass(frozen=True)
class Sender:
    """Whose mails from an address (or a pattern like `*@host`) are; None for all of the folder."""

    address: str | None
    unit_code: str | None
    city_code: str | None


@dataclass(frozen=True)
class Mailbox:
    """One folder of an account.

    Attributes:
        folder: its name.
        place: the location as markers remember it.
        senders: who is known here.
        since: mails that arrived before are not looked at; None for all.
        moves_to: folder to which kept mails are moved; None to leave everything untouched.
    """

    folder: str
    place: str
    senders: tuple[Sender, ...]
    since: date | None = None
    moves_to: str | None = None


@dataclass(frozen=True)
class _Handle:
    mailbox: Mailbox
    uid: int
    arrived: datetime


class ImapChannel:
    """The folders of one mail account."""

    channel_kind = "imap"

    def __init__(
        self,
        host: str,
        port: int,
        mailboxes: Sequence[Mailbox],
        credentials: Callable[[], Credentials],
        workshop: Workshop,
        *,
        is_tls_from_start: bool = True,
    ) -> None:
        scheme = "imaps" if is_tls_from_start else "imap"
        self.label = f"{scheme}://{host}:{port} " + "、".join(box.folder for box in mailboxes)
        self.received_bytes = 0
        self._host, self._port = host, port
        self._mailboxes = tuple(mailboxes)
        self._credentials = credentials
        self._workshop = workshop
        self._is_tls_from_start = is_tls_from_start
        self._client: IMAPClient | None = None
        self._selected: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        """Connects, checks the certificate, logs in.

        Raises:
            CertificateRefused, LoginRefused, ChannelDown: as named.
            CredentialMissing, SecretExposed, SecretUnreadable: the account cannot be used.
        """
        account = self._credentials()
        try:
            self._client = self._connected()
            self._client.login(account.user, account.password or "")
            # Some Chinese mail services refuse a client that does not say who it is (RFC 2971).
            if self._client.has_capability("ID"):
                self._client.id_({"name": "qiangshi"})
        except ssl.SSLCertVerificationError as error:
            self.__exit__()
            raise CertificateRefused(f"{self._host}:{self._port}", error.verify_message) from error
        except LoginError as error:
            self.__exit__()
            raise LoginRefused(account.key) from error
        except (OSError, IMAPClientError) as error:
            self.__exit__()
            raise ChannelDown(error) from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Hangs up."""
        client, self._client, self._selected = self._client, None, None
        if client is not None:
            with suppress(OSError, IMAPClientError):
                client.logout()

    def offers(self, known: Known, note: Note) -> Iterator[Offer]:
        """New mails of every folder, in the order of their numbers; too large ones are noted."""
        for mailbox in self._mailboxes:
            epoch = self._select(mailbox, note)
            if epoch is None:
                continue
            seen = known(mailbox.place) if mailbox.moves_to is None else frozenset()
            found = self._ask(partial(_search, since=mailbox.since))
            uids = [uid for uid in sorted(found) if f"{epoch}.{uid}" not in seen]
            for start in range(0, len(uids), _BATCH):
                yield from self._offers_of(mailbox, epoch, uids[start : start + _BATCH], note)

    def fetch(self, offer: Offer) -> Delivery:
        """The attachments of one mail, all of them.

        Raises:
            FarFileChanged: somebody has moved or deleted it meanwhile.
            ChannelDown: the line was cut; the mail is fetched anew at the next try.
        """
        handle: _Handle = offer.handle
        self._select(handle.mailbox, lambda _: None)
        answer = self._ask(lambda client: client.fetch([handle.uid], ["BODY.PEEK[]"]))
        data = answer.get(handle.uid, {}).get(b"BODY[]")
        if data is None:
            raise FarFileChanged(offer.name)
        self.received_bytes += len(data)
        mail = read_mail(data)
        unit, city = _unit_of(mail.sender, handle.mailbox.senders)
        files = tuple(
            FetchedFile(
                one.part, one.file_name, one.data, handle.arrived, unit, city, mail.sender or None
            )
            for one in mail.attachments
        )
        return Delivery(self.channel_kind, offer.place, offer.far_id, files)

    def settle(self, offer: Offer) -> None:
        """Moves a kept mail where the row says; never deletes one.

        Raises:
            CannotMove: the server does not let it.
        """
        handle: _Handle = offer.handle
        target = handle.mailbox.moves_to
        if target is None:
            return
        client = self._opened
        try:
            if not client.has_capability("MOVE"):
                # The older way copies and deletes; a cut between the two would lose or double.
                raise CannotMove(offer.name, target, "邮件服务器不支持 MOVE")
            self._select(handle.mailbox, lambda _: None)
            if not client.folder_exists(target):
                client.create_folder(target)
            client.move([handle.uid], target)
        except (OSError, IMAPClientError) as error:
            raise CannotMove(offer.name, target, str(error)) from error

    @property
    def _opened(self) -> IMAPClient:
        if self._client is None:
            raise ChannelDown("尚未连接")
        return self._client

    def _connected(self) -> IMAPClient:
        patience = self._workshop.patience
        ca_file = self._workshop.ca_file
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        client = IMAPClient(
            self._host,
            self._port,
            ssl=self._is_tls_from_start,
            ssl_context=context if self._is_tls_from_start else None,
            timeout=SocketTimeout(connect=patience.connect, read=patience.answer),
        )
        self._client = client
        client.normalise_times = False
        if not self._is_tls_from_start:
            client.starttls(context)
        return client

    def _select(self, mailbox: Mailbox, note: Note) -> int | None:
        """The mailbox's epoch (UIDVALIDITY): numbers mean the same mails within it only."""
        if self._selected is not None and self._selected[0] == mailbox.folder:
            return self._selected[1]
        try:
            found = self._opened.select_folder(mailbox.folder, readonly=mailbox.moves_to is None)
        except (IMAPClientAbortError, OSError) as error:
            raise ChannelDown(error) from error
        except IMAPClientError:
            note(PlaceMissing(mailbox.folder).message_zh)
            return None
        epoch = int(found[b"UIDVALIDITY"])
        self._selected = (mailbox.folder, epoch)
        return epoch

    def _offers_of(
        self, mailbox: Mailbox, epoch: int, uids: Sequence[int], note: Note
    ) -> Iterator[Offer]:
        self._select(mailbox, note)
        wanted = ["RFC822.SIZE", "INTERNALDATE"]
        found = self._ask(lambda client: client.fetch(uids, wanted))
        limit = self._workshop.sizes.message_bytes
        for uid in uids:
            facts = found.get(uid)
            if facts is None:
                continue
            arrived = facts[b"INTERNALDATE"].astimezone(SHANGHAI).replace(tzinfo=None)
            name = f"{arrived:%Y-%m-%d %H:%M} 的邮件"
            if facts[b"RFC822.SIZE"] > limit:
                note(too_large(name, facts[b"RFC822.SIZE"], limit))
                continue
            handle = _Handle(mailbox, uid, arrived)
            yield Offer(mailbox.place, f"{epoch}.{uid}", name, handle)

    def _ask(self, question: Callable[[IMAPClient], Any]) -> Any:
        try:
            return question(self._opened)
        except (OSError, IMAPClientError) as error:
            raise ChannelDown(error) from error


def _search(client: IMAPClient, *, since: date | None) -> list[int]:
    return list(client.search(["SINCE", since] if since else ["ALL"]))


def _unit_of(sender: str, known: Sequence[Sender]) -> tuple[str | None, str | None]:
    """Unit and city of a sender; without the unit where nobody is known by that address.

    A whole address goes before a pattern, a pattern before a row without any.
    """

    def rank(one: Sender) -> int:
        return 2 if one.address is None else 1 if "*" in one.address else 0

    for one in sorted(known, key=rank):
        if one.address is None or fnmatchcase(sender, one.address.lower()):
            return one.unit_code, one.city_code
    cities = {one.city_code for one in known}
    return None, cities.pop() if len(cities) == 1 else None
