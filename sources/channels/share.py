"""Folders of a mounted share (a network drive, another program's drop): read, not emptied."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sources.channels.errors import CannotMove, ChannelDown, FarFileChanged, PlaceMissing
from sources.channels.inbox import is_ignored, is_settled, wall_time
from sources.channels.remote import Delivery, FetchedFile, Known, Note, Offer, Sizes
from sources.channels.sftp import FarFolder, too_large
from sources.texts import readable_name


@dataclass(frozen=True)
class _Handle:
    folder: FarFolder
    path: Path
    size: int
    modified_ns: int


class ShareChannel:
    """Local folders that stay as they are unless a row says where kept files go."""

    channel_kind = "folder"

    def __init__(
        self,
        label: str,
        folders: Sequence[FarFolder],
        sizes: Sizes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.label = label
        self.received_bytes = 0
        self._folders = tuple(folders)
        self._sizes = sizes
        self._clock = clock

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def offers(self, known: Known, note: Note) -> Iterator[Offer]:
        """New settled files of every folder, in the order of time and name."""
        for folder in self._folders:
            try:
                entries = list(os.scandir(folder.path))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                if folder.is_certain:
                    note(PlaceMissing(folder.path).message_zh)
                continue
            except OSError as error:
                raise ChannelDown(error) from error
            seen = known(folder.place)
            for offer in self._offers_in(folder, entries, note):
                if offer.far_id not in seen or folder.moves_to is not None:
                    yield offer

    def fetch(self, offer: Offer) -> Delivery:
        """The bytes of one file, whole.

        Raises:
            FarFileChanged: it is no longer the file that was offered.
            ChannelDown: the share went away.
        """
        handle: _Handle = offer.handle
        try:
            data = handle.path.read_bytes()
            status = handle.path.stat()
        except FileNotFoundError as error:
            raise FarFileChanged(offer.name) from error
        except OSError as error:
            raise ChannelDown(error) from error
        if (len(data), status.st_mtime_ns) != (handle.size, handle.modified_ns):
            raise FarFileChanged(offer.name)
        self.received_bytes += len(data)
        folder = handle.folder
        arrived = wall_time(handle.modified_ns / 1e9)
        file = FetchedFile("", offer.name, data, arrived, folder.unit_code, folder.city_code)
        return Delivery(self.channel_kind, offer.place, offer.far_id, (file,))

    def settle(self, offer: Offer) -> None:
        """Moves a kept file where the row says.

        Raises:
            CannotMove: the share does not let it.
        """
        handle: _Handle = offer.handle
        target = handle.folder.moves_to
        if target is None:
            return
        folder = Path(handle.folder.path) / target
        stamp = wall_time(handle.modified_ns / 1e9).strftime("%Y%m%d%H%M%S")
        try:
            folder.mkdir(exist_ok=True)
            handle.path.rename(folder / f"{stamp}_{offer.name}")
        except OSError as error:
            raise CannotMove(offer.name, target, error.strerror or "") from error

    def _offers_in(
        self, folder: FarFolder, entries: Sequence[os.DirEntry[str]], note: Note
    ) -> Iterator[Offer]:
        now = self._clock()
        found = []
        for entry in entries:
            if is_ignored(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if not is_settled(status.st_mtime, now):
                continue
            if status.st_size > self._sizes.file_bytes:
                note(too_large(readable_name(entry.name), status.st_size, self._sizes.file_bytes))
                continue
            handle = _Handle(folder, Path(entry.path), status.st_size, status.st_mtime_ns)
            name = readable_name(entry.name)
            far_id = f"{name}|{status.st_size}|{status.st_mtime_ns}"
            found.append(Offer(folder.place, far_id, name, handle))
        yield from sorted(found, key=lambda offer: (offer.handle.modified_ns, offer.name))
