"""SFTP: folders of reporting units on a server, read and (only where a row says so) tidied.

The host's key must be in the known_hosts file. A file goes to a temporary name first; a cut is
taken up where it ended, and only a file of the size and time that were offered is handed on.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import posixpath
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from errno import EACCES, ENOENT
from pathlib import Path
from typing import Self

import paramiko

from sources.channels.credentials import Credentials
from sources.channels.errors import (
    CannotMove,
    ChannelDown,
    ChannelError,
    FarFileChanged,
    HostKeyChanged,
    HostKeyUnknown,
    LoginRefused,
    PlaceMissing,
    SecretUnreadable,
)
from sources.channels.inbox import is_ignored, is_settled, wall_time
from sources.channels.remote import Delivery, FetchedFile, Known, Note, Offer, Workshop

# Its threads log whole tracebacks of every cut; what matters of them is told by our own errors.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_CHUNK = 32 * 1024  # the most one SFTP request brings


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
    raw_name: str | bytes
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
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def __enter__(self) -> Self:
        """Connects, checks the host's key, logs in.

        Raises:
            HostKeyUnknown, HostKeyChanged, LoginRefused, ChannelDown: as named.
            CredentialMissing, SecretExposed, SecretUnreadable: the account cannot be used.
        """
        account = self._credentials()
        patience = self._workshop.patience
        client = paramiko.SSHClient()
        known_hosts = self._workshop.known_hosts
        if known_hosts.is_file():
            client.load_host_keys(str(known_hosts))
        client.set_missing_host_key_policy(_OnlyKnownHosts(known_hosts))
        self._client = client
        try:
            client.connect(
                self._host,
                self._port,
                username=account.user,
                password=account.password,
                key_filename=str(account.key_file) if account.key_file else None,
                passphrase=account.passphrase,
                timeout=patience.connect,
                banner_timeout=patience.connect,
                auth_timeout=patience.connect,
                channel_timeout=patience.connect,
                allow_agent=False,
                look_for_keys=False,
            )
            self._sftp = client.open_sftp()
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(patience.answer)
        except ChannelError:
            self.__exit__()
            raise
        except (OSError, EOFError, paramiko.SSHException) as error:
            self.__exit__()
            raise self._explained(error, account) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Hangs up."""
        client, self._client, self._sftp = self._client, None, None
        if client is not None:
            client.close()

    def offers(self, known: Known, note: Note) -> Iterator[Offer]:
        """New settled files of every folder, in the order of time and name."""
        for folder in self._folders:
            try:
                listed = self._opened.listdir_attr(folder.path)
            except OSError as error:
                if error.errno in (ENOENT, EACCES):
                    if folder.is_certain:
                        note(PlaceMissing(folder.path).message_zh)
                    continue
                raise ChannelDown(error) from error
            except (paramiko.SSHException, EOFError) as error:
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
            status = self._opened.stat(path)
        except (FileNotFoundError, PermissionError) as error:
            partial.unlink(missing_ok=True)
            raise FarFileChanged(offer.name) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise ChannelDown(error) from error
        data = partial.read_bytes()
        if len(data) < handle.size and status.st_size == handle.size:
            raise ChannelDown(f"“{offer.name}”只取到 {len(data)}/{handle.size} 字节")
        partial.unlink()
        if (status.st_size, status.st_mtime) != (handle.size, handle.modified) or (
            len(data) != handle.size
        ):
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
        try:
            if target not in self._opened.listdir(handle.folder.path):
                self._opened.mkdir(folder)
            # The time in the name keeps two files of one name apart.
            kept = _joined(folder, _stamped(handle.raw_name, handle.modified))
            source = _joined(handle.folder.path, handle.raw_name)
            self._opened.rename(source, kept)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise CannotMove(offer.name, target, str(error)) from error

    @property
    def _opened(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            raise ChannelDown("尚未连接")
        return self._sftp

    def _offers_in(
        self, folder: FarFolder, listed: Sequence[paramiko.SFTPAttributes], note: Note
    ) -> Iterator[Offer]:
        now = self._clock()
        found = []
        for entry in listed:
            name = _readable(entry.filename)
            if is_ignored(name) or not stat.S_ISREG(entry.st_mode or 0):
                continue
            size, modified = entry.st_size or 0, int(entry.st_mtime or 0)
            if not is_settled(modified, now):
                continue
            if size > self._workshop.sizes.file_bytes:
                note(too_large(name, size, self._workshop.sizes.file_bytes))
                continue
            handle = _Handle(folder, entry.filename, size, modified)
            found.append(Offer(folder.place, f"{name}|{size}|{modified}", name, handle))
        yield from sorted(found, key=lambda offer: (offer.handle.modified, offer.name))

    def _download(self, path: bytes, partial: Path, size: int) -> None:
        partial.parent.mkdir(parents=True, exist_ok=True)
        have = partial.stat().st_size if partial.exists() else 0
        if have > size:
            partial.unlink()
            have = 0
        with (
            self._opened.open(path, "rb") as far,
            partial.open("ab") as near,
        ):
            far.seek(have)
            while chunk := far.read(min(_CHUNK, size + 1 - have)):
                near.write(chunk)
                near.flush()
                have += len(chunk)
                self.received_bytes += len(chunk)
                if have > size:
                    return

    def _explained(self, error: Exception, account: Credentials) -> ChannelError:
        """What the operator can act on, in place of what the library says."""
        if isinstance(error, paramiko.BadHostKeyException):
            where, shown = f"{self._host}:{self._port}", fingerprint(error.key)
            return HostKeyChanged(where, shown, self._workshop.known_hosts)
        if isinstance(error, paramiko.PasswordRequiredException):
            return SecretUnreadable(account.key_file or Path(), "私钥有口令，请给出")
        if isinstance(error, paramiko.AuthenticationException):
            return LoginRefused(account.key)
        return ChannelDown(error)


class _OnlyKnownHosts(paramiko.MissingHostKeyPolicy):
    """Refuses a host that is not on record and shows the fingerprint to be checked."""

    def __init__(self, known_hosts: Path) -> None:
        self._known_hosts = known_hosts

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        raise HostKeyUnknown(hostname, fingerprint(key), self._known_hosts)


def fingerprint(key: paramiko.PKey) -> str:
    """A key's SHA256 fingerprint, as ssh-keygen shows it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def partial_path(folder: Path, offer: Offer) -> Path:
    """Where an offer's bytes gather until they are whole: the same for the same offer only."""
    name = hashlib.sha256(f"{offer.place}\n{offer.far_id}".encode()).hexdigest()[:24]
    return folder / f"{name}.part"


def too_large(name: str, size: int, limit: int) -> str:
    """The sentence about a file that is not fetched because of its size."""
    return f"“{name}”有 {size / 1048576:.0f} MB，超过 {limit / 1048576:.0f} MB 的上限，未取"


def _readable(raw_name: str | bytes) -> str:
    """A far name as text: servers under Windows send names in GB18030."""
    return raw_name if isinstance(raw_name, str) else raw_name.decode("gb18030", "replace")


def _joined(folder: str, raw_name: str | bytes) -> bytes:
    name = raw_name.encode() if isinstance(raw_name, str) else raw_name
    return folder.rstrip("/").encode() + b"/" + name


def _stamped(raw_name: str | bytes, modified: int) -> bytes:
    name = raw_name.encode() if isinstance(raw_name, str) else raw_name
    return wall_time(modified).strftime("%Y%m%d%H%M%S").encode() + b"_" + name
