"""The folder channel: `<inbox>/<city_code>/<unit_code>/<any name>`.

`_unsorted` beside the unit folders takes what a steward drops there for others. A file still being
copied is left for the next look: one changed within the last seconds, by the real clock, or named
as an unfinished or temporary file.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

from sources.channels.channel import ArrivedFile
from sources.texts import readable_name

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTLE_SECONDS = 30.0
UNSORTED = "_unsorted"
"""Stands for the unit of an arrival whose sender nobody has told yet."""
IGNORED_NAMES = (".*", "~$*", "*.part", "*.tmp", "*.crdownload", "thumbs.db", "desktop.ini")


class FileChangedError(OSError):
    """An arrival that is no longer the file it was when it was seen.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"`{readable_name(path.name)}` changed while it was taken")


def _arrival_key(path: Path, status: os.stat_result) -> str:
    # A name that is no UTF-8 has to stand in the ledger too, and stay told from any other.
    place = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
    return f"{place}|{status.st_size}|{status.st_mtime_ns}"


def wall_time(seconds: float) -> datetime:
    """Seconds since 1970 as naive Asia/Shanghai wall time."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI).replace(tzinfo=None)


def is_settled(modified: float, now: float, settle_seconds: float = SETTLE_SECONDS) -> bool:
    """Whether a file has been still long enough to be whole.

    A time further in the future was set by hand, hence after the last byte.
    """
    return abs(now - modified) >= settle_seconds


def is_ignored(file_name: str) -> bool:
    """Whether a name says that the file is hidden, temporary or not yet whole."""
    return any(fnmatchcase(file_name.lower(), pattern) for pattern in IGNORED_NAMES)


def _is_plain(path: Path) -> bool:
    """Whether a path is a file itself; of one that has gone meanwhile nothing is to be told."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return True


class FolderInbox:
    """Files dropped into one folder per city and unit."""

    channel_kind = "inbox"

    def __init__(
        self,
        folder: Path,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._settle_seconds = settle_seconds
        self._clock = clock

    def arrivals(self) -> Iterator[ArrivedFile]:
        """Whole files of every unit's folder, in the order of arrival time, then path."""
        found = [arrival for unit in self._unit_folders() for arrival in self._files_of(unit)]
        yield from sorted(found, key=lambda file: (file.received_at, file.arrival_key))

    def strays(self) -> Iterator[Path]:
        """What is never taken: files beside the unit folders or below them, which are nobody's.

        And in them whatever is no plain file: a link is not followed, a pipe or device not opened.
        """
        for place, folders, names in os.walk(self._folder):
            folder = Path(place)
            depth = len(folder.relative_to(self._folder).parts)
            # The walk does not go into a linked folder; a linked unit folder is its office's doing.
            linked = [name for name in folders if depth >= 2 and (folder / name).is_symlink()]
            for path in (folder / name for name in sorted([*names, *linked])):
                if not is_ignored(path.name) and (depth != 2 or not _is_plain(path)):
                    yield path

    def take(self, file: ArrivedFile) -> bytes:
        """The bytes of an arrival.

        Raises:
            FileChangedError: the file changed after it was seen; it is left for the next look.
        """
        data = file.path.read_bytes()
        if _arrival_key(file.path, file.path.stat()) != file.arrival_key or len(data) != file.size:
            raise FileChangedError(file.path)
        return data

    def done(self, file: ArrivedFile) -> None:
        """Removes the file, unless another of the same name has taken its place meanwhile."""
        try:
            if _arrival_key(file.path, file.path.stat()) == file.arrival_key:
                file.path.unlink()
        except FileNotFoundError:
            return

    def _unit_folders(self) -> Iterator[Path]:
        if self._folder.is_dir():
            for city in sorted(self._folder.iterdir()):
                if city.is_dir() and not is_ignored(city.name):
                    yield from (
                        unit for unit in sorted(city.iterdir())
                        if unit.is_dir() and not is_ignored(unit.name)
                    )  # fmt: skip

    def _files_of(self, unit: Path) -> Iterator[ArrivedFile]:
        now = self._clock()
        with os.scandir(unit) as entries:
            for entry in entries:
                if is_ignored(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if not is_settled(status.st_mtime, now, self._settle_seconds):
                    continue
                path = Path(entry.path)
                yield ArrivedFile(
                    channel_kind=self.channel_kind,
                    city_code=unit.parent.name,
                    unit_code=unit.name,
                    file_name=readable_name(entry.name),
                    path=path,
                    size=status.st_size,
                    received_at=wall_time(status.st_mtime),
                    arrival_key=_arrival_key(path, status),
                )
