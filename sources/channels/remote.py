"""The interface of far places: what is offered, what is brought, and how a session goes.

A far place (SFTP folder, mailbox, mounted share) keeps its files; what was fetched is remembered
by whoever polls, under the place and the far side's own identity of the object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

from sources.channels.errors import ChannelError
from sources.readers.grid import LIMITS

Note = Callable[[str], None]
Known = Callable[[str], AbstractSet[str]]
"""The far ids of a place that were fetched before."""


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds, and how often is tried again."""

    connect: float = 20.0
    answer: float = 30.0
    whole: float = 300.0
    """For everything one channel does in a night: a dead host cannot hold the night."""
    idle_attempts: int = 4
    """Sessions in a row that bring not one byte before the channel counts as down."""
    first_pause: float = 1.0
    longest_pause: float = 20.0


@dataclass(frozen=True)
class Sizes:
    """The largest file and the largest mail that are fetched, in bytes."""

    file_bytes: int = LIMITS.file_bytes
    message_bytes: int = 4 * LIMITS.file_bytes


@dataclass(frozen=True)
class Offer:
    """One object that lies at a far place.

    Attributes:
        place: the folder or mailbox, as markers remember it.
        far_id: the far side's identity: name, size and time, or mailbox epoch and number.
        name: what people call it.
        handle: whatever the channel needs to fetch it.
    """

    place: str
    far_id: str
    name: str
    handle: Any = field(repr=False, compare=False, default=None)


@dataclass(frozen=True)
class FetchedFile:
    """One file out of a delivery.

    Attributes:
        part: which part of the object, empty when it is the object itself.
        file_name: the name as sent.
        data: its bytes, whole.
        received_at: the channel's arrival time in Asia/Shanghai wall time.
        unit_code: who sent it, told by the channel's row; None when the row does not say.
        city_code: the city of the unit, or of all rows of the place; None when they differ.
        sender: a mail's sender; for the ledger only.
    """

    part: str
    file_name: str
    data: bytes = field(repr=False)
    received_at: datetime
    unit_code: str | None
    city_code: str | None
    sender: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Delivery:
    """One fetched object, whole: its files are kept together with its marker or not at all."""

    channel_kind: str
    place: str
    far_id: str
    files: tuple[FetchedFile, ...]


class RemoteChannel(Protocol):
    """One account on one far side, opened for the length of a session."""

    @property
    def label(self) -> str:
        """What the operator is told it is: kind and address, never a secret."""

    @property
    def received_bytes(self) -> int:
        """Bytes that came in all sessions so far: whether a session got anywhere."""

    def __enter__(self) -> Self:
        """Connects and logs in."""

    def __exit__(self, *_: object) -> None:
        """Hangs up, whatever happened."""

    def offers(self, known: Known, note: Note) -> Iterator[Offer]:
        """What lies there whole, in the order of arrival; what is odd is noted in words.

        What is known is left out, except where the row says that kept objects are moved away.
        """

    def fetch(self, offer: Offer) -> Delivery:
        """An offer's files, whole."""

    def settle(self, offer: Offer) -> None:
        """Does with a kept object what the row says: nothing, or moves it."""


class Unservable:
    """A channel that cannot even be set up: it says so when it is opened."""

    received_bytes = 0

    def __init__(self, label: str, error: ChannelError) -> None:
        self.label = label
        self._error = error

    def __enter__(self) -> Self:
        raise self._error

    def __exit__(self, *_: object) -> None:
        return

    def offers(self, known: Known, note: Note) -> Iterator[Offer]:
        """Nothing: it never opens."""
        raise self._error

    def fetch(self, offer: Offer) -> Delivery:
        """Nothing: it never opens."""
        raise self._error

    def settle(self, offer: Offer) -> None:
        """Nothing: it never opens."""
        raise self._error


@dataclass(frozen=True)
class Workshop:
    """What channels need of this machine: where half-fetched files lie, whom to trust."""

    partial_folder: Path
    known_hosts: Path
    ca_file: Path | None = None
    patience: Patience = field(default_factory=Patience)
    sizes: Sizes = field(default_factory=Sizes)
