"""The interface of every channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ArrivedFile:
    """One file that has arrived whole and waits to be taken.

    Attributes:
        channel_kind: kind of the channel, as in the table `channels`.
        city_code, unit_code: who sent it, told by the channel and not by the file.
        file_name: the name as sent.
        path: where it lies.
        size: bytes.
        received_at: arrival time in Asia/Shanghai wall time.
        arrival_key: path, size and modification time: the same for the same arrival only.
    """

    channel_kind: str
    city_code: str
    unit_code: str
    file_name: str
    path: Path
    size: int
    received_at: datetime
    arrival_key: str


class Channel(Protocol):
    """Somewhere files arrive."""

    def arrivals(self) -> Iterator[ArrivedFile]:
        """Files that have arrived whole, in the order of arrival time and name."""

    def take(self, file: ArrivedFile) -> bytes:
        """The bytes of an arrival."""

    def done(self, file: ArrivedFile) -> None:
        """Lets go of an arrival whose bytes and receipt are safe."""
