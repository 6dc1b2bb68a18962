"""SFTP: folders of reporting units on a server, read and (only where a row says so) tidied.

The host's key must be in the known_hosts file. A file goes to a temporary name first; a cut is
taken up where it ended, and only a file of the size and time that were offered is handed on.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import posixpath
import stat
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncssh

from sources.channels.credentials import Credentials
from sources.channels.errors import (
    CannotMove,
    ChannelDown,
    ChannelError,
    FarFileChanged,
    HostKeyChanged,
    HostKeyUnknown,
    LoginRefused,
    NoCommonKey,
    PlaceMissing,
    SecretUnreadable,
)
from sources.channels.inbox import is_ignored, is_settled, wall_time
from sources.channels.remote import Delivery, FetchedFile, Known, Note, Offer, Workshop

# It tells of every connection and every cut; what matters of that is told by our own errors.
logging.getLogger("asyncssh").setLevel(logging.CRITICAL)

_CHUNK = 256 * 1024
_CUT = (OSError, asyncssh.Error, asyncio.TimeoutError)
_ABSENT = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FarFolder:
    """One folder of a server or a share and whose it is.

    Attributes:
        path: the folder.
        place: the location as markers remember it.
        unit_code: whose files lie there; None when the row does not say.
        city_code: the unit's city.
        is_certain: the row names this folder; false when it stands for whichever units have one.
        moves_to: folder to which kept files are moved; None to leave them.
    """

    path: str
    place: str
    unit_code: str | None
    city_code: str | None
    is_certain: bool = True
    moves_to: str | None = None


@dataclass(frozen=True)
class _Handle:
    folder: FarFolder
    raw_name: bytes
    size: int
    modified: int


class SftpChannel:
    """The folders of one account on one SFTP server."""

    channel_kind = "sftp"

    def __init__(
        self,
        host: str,
        port: int,
        folders: Sequence[FarFolder],
        credentials: Callable[[], Credentials],
        workshop: Workshop,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.label = f"sftp://{host}:{port}" + (f" {folders[0].path}" if len(folders) == 1 else "")
        self.received_bytes = 0
        self._host, self._port = host, port
        self._folders = tuple(folders)
        self._credentials = credentials
        self._workshop = workshop
        self._clock = clock
        self._runner: asyncio.Runner | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    def __enter__(self) -> Self:
        """Connects, checks the host's key, logs in.

        Raises:
            HostKeyUnknown, HostKeyChanged, NoCommonKey, LoginRefused, ChannelDown: as named.
            CredentialMissing, SecretExposed, SecretUnreadable: the account cannot be used.
        """
        account = self._credentials()
        known_hosts = self._workshop.known_hosts
        on_record: asyncssh.SSHKnownHosts | tuple[list[str], list[str], list[str]] = (
            asyncssh.read_known_hosts(str(known_hosts)) if known_hosts.is_file() else ([], [], [])
        )
        host = _HostKeyWatcher()
        self._runner = asyncio.Runner()
        try:
            self._ask(self._log_in(account, on_record, host), 3 * self._workshop.patience.connect)
        except BaseException as error:
            self.__exit__()
            explained = self._explained(error, account, host, on_record)
            if explained is None:
                raise
            raise explained from error
        return self

    def __exit__(self, *_: object) -> None:
        """Hangs up."""
        runner, connection = self._runner, self._connection
        self._runner = self._connection = self._sftp = None
        if connection is not None:
            connection.abort()
        if runner is not None:
            runner.close()

    def offers(self, known: Known, note: Note) -> Iterator[Offer]:
        """New settled files of every folder, in the order of time and name."""
        for folder in self._folders:
            try:
                listed = self._ask(self._listed(folder.path))
            except _ABSENT:
                if folder.is_certain:
                    note(PlaceMissing(folder.path).message_zh)
                continue
            except _CUT as error:
                raise ChannelDown(error) from error
            seen = known(folder.place)
            for offer in self._offers_in(folder, listed, note):
                if offer.far_id not in seen or folder.moves_to is not None:
                    yield offer

    def fetch(self, offer: Offer) -> Delivery:
        """The bytes of one file, whole.

        Raises:
            FarFileChanged: it is no longer the file that was offered.
            ChannelDown: the line was cut; what came is kept aside for the next try.
        """
        handle: _Handle = offer.handle
        path = _joined(handle.folder.path, handle.raw_name)
        partial = partial_path(self._workshop.partial_folder, offer)
        try:
            self._download(path, partial, handle.size)
            status = self._ask(self._opened.stat(path))
        except _ABSENT as error:
            partial.unlink(missing_ok=True)
            raise FarFileChanged(offer.name) from error
        except _CUT as error:
            raise ChannelDown(error) from error
        data = partial.read_bytes()
        if len(data) < handle.size and status.size == handle.size:
            raise ChannelDown(f"“{offer.name}”只取到 {len(data)}/{handle.size} 字节")
        partial.unlink()
        if (status.size, status.mtime, len(data)) != (handle.size, handle.modified, handle.size):
            raise FarFileChanged(offer.name)
        folder = handle.folder
        file = FetchedFile(
            "", offer.name, data, wall_time(handle.modified), folder.unit_code, folder.city_code
        )
        return Delivery(self.channel_kind, offer.place, offer.far_id, (file,))

    def settle(self, offer: Offer) -> None:
        """Moves a kept file where the row says.

        Raises:
            CannotMove: the far side does not let it.
        """
        handle: _Handle = offer.handle
        target = handle.folder.moves_to
        if target is None:
            return
        folder = posixpath.join(handle.folder.path, target)
        # The time in the name keeps two files of one name apart.
        kept = _joined(folder, _stamped(handle.raw_name, handle.modified))
        source = _joined(handle.folder.path, handle.raw_name)
        try:
            self._ask(self._opened.makedirs(folder.encode(), exist_ok=True))
            self._ask(self._opened.rename(source, kept))
        except _CUT as error:
            raise CannotMove(offer.name, target, str(error)) from error

    @property
    def _opened(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            raise ChannelDown("尚未连接")
        return self._sftp

    def _ask(self, question: Coroutine[Any, Any, Answer], within: float | None = None) -> Answer:
        """The answer of the far side, which has only so long to give it."""
        if self._runner is None:
            question.close()
            raise ChannelDown("尚未连接")
        patience = within or self._workshop.patience.answer
        return self._runner.run(asyncio.wait_for(question, patience))

    async def _log_in(self, account: Credentials, on_record: Any, host: _HostKeyWatcher) -> None:
        patience = self._workshop.patience
        self._connection, _ = await asyncssh.create_connection(
            lambda: host,
            self._host,
            self._port,
            username=account.user,
            password=account.password,
            client_keys=[str(account.key_file)] if account.key_file else None,
            passphrase=account.passphrase,
            known_hosts=on_record,
            connect_timeout=patience.connect,
            login_timeout=patience.connect,
            agent_path=None,
            config=None,
        )
        self._sftp = await self._connection.start_sftp_client()

    async def _open(self, path: bytes) -> asyncssh.SFTPClientFile:
        return await self._opened.open(path, "rb")

    async def _listed(self, path: str) -> list[asyncssh.SFTPName]:
        # Asked in bytes, answered in bytes: names need not be UTF-8.
        return [entry async for entry in self._opened.scandir(path.encode())]

    def _offers_in(
        self, folder: FarFolder, listed: Sequence[asyncssh.SFTPName], note: Note
    ) -> Iterator[Offer]:
        now = self._clock()
        found = []
        for entry in listed:
            raw_name = (
                bytes(entry.filename, "utf-8")
                if isinstance(entry.filename, str)
                else (entry.filename)
            )
            name = _readable(raw_name)
            if is_ignored(name) or not stat.S_ISREG(entry.attrs.permissions or 0):
                continue
            size, modified = entry.attrs.size or 0, int(entry.attrs.mtime or 0)
            if not is_settled(modified, now):
                continue
            if size > self._workshop.sizes.file_bytes:
                note(too_large(name, size, self._workshop.sizes.file_bytes))
                continue
            handle = _Handle(folder, raw_name, size, modified)
            found.append(Offer(folder.place, f"{name}|{size}|{modified}", name, handle))
        yield from sorted(found, key=lambda offer: (offer.handle.modified, offer.name))

    def _download(self, path: bytes, partial: Path, size: int) -> None:
        """Adds to what was brought before, up to one byte more than offered, which shows growth."""
        partial.parent.mkdir(parents=True, exist_ok=True)
        have = partial.stat().st_size if partial.exists() else 0
        if have > size:
            partial.unlink()
            have = 0
        far = self._ask(self._open(path))
        with partial.open("ab") as near:
            while have <= size:
                chunk = self._ask(far.read(min(_CHUNK, size + 1 - have), have))
                if not chunk:
                    break
                assert isinstance(chunk, bytes)  # as it was opened
                near.write(chunk)
                near.flush()
                have += len(chunk)
                self.received_bytes += len(chunk)
        self._ask(far.close())

    def _explained(
        self, error: BaseException, account: Credentials, host: _HostKeyWatcher, on_record: Any
    ) -> ChannelError | None:
        """What the operator can act on, in place of what the library says; None to let it be."""
        where, known_hosts = f"{self._host}:{self._port}", self._workshop.known_hosts
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            recorded = asyncssh.match_known_hosts(on_record, self._host, host.address, self._port)
            kind = HostKeyChanged if any(recorded) else HostKeyUnknown
            return kind(where, host.fingerprint, known_hosts)
        if isinstance(error, asyncssh.KeyExchangeFailed):
            return NoCommonKey(where, error.reason)
        if isinstance(error, asyncssh.PermissionDenied):
            return LoginRefused(account.key)
        if isinstance(error, (asyncssh.KeyImportError, asyncssh.KeyEncryptionError)):
            return SecretUnreadable(account.key_file or Path(), "私钥打不开，或口令不对")
        return ChannelDown(error) if isinstance(error, _CUT) else None


class _HostKeyWatcher(asyncssh.SSHClient):
    """Trusts no key that is not on record, and remembers the one it was shown."""

    fingerprint = "未知"
    address = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Never: a key on record is not asked about."""
        self.fingerprint, self.address = key.get_fingerprint(), addr
        return False


def partial_path(folder: Path, offer: Offer) -> Path:
    """Where an offer's bytes gather until they are whole: the same for the same offer only."""
    name = hashlib.sha256(f"{offer.place}\n{offer.far_id}".encode()).hexdigest()[:24]
    return folder / f"{name}.part"


def too_large(name: str, size: int, limit: int) -> str:
    """The sentence about a file that is not fetched because of its size."""
    return f"“{name}”有 {size / 1048576:.0f} MB，超过 {limit / 1048576:.0f} MB 的上限，未取"


def _readable(raw_name: bytes) -> str:
    """A far name as text: programs under Windows send names in GB18030."""
    try:
        return raw_name.decode()
    except UnicodeDecodeError:
        return raw_name.decode("gb18030", "replace")


def _joined(folder: str, raw_name: bytes) -> bytes:
    return folder.rstrip("/").encode() + b"/" + raw_name


def _stamped(raw_name: bytes, modified: int) -> bytes:
    return wall_time(modified).strftime("%Y%m%d%H%M%S").encode() + b"_" + raw_name
