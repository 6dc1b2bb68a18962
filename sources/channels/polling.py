"""Polling far places: sessions with retries, side by side, each within its own time.

What is fetched goes to `keep`, which stores bytes and marker in one act; the far side is touched
(where a row says so) only after that. So a cut at any point loses nothing and doubles nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from sources.channels.errors import (
    CannotMove,
    ChannelDown,
    ChannelError,
    ChannelTimedOut,
    FarFileChanged,
)
from sources.channels.remote import Delivery, Known, Patience, RemoteChannel

Keep = Callable[[Delivery], int]
"""Keeps a delivery with its marker; the number of files that were new."""
_AT_A_TIME = 16
_GRACE_SECONDS = 5.0


@dataclass
class PollReport:
    """What a channel brought, and why it brought no more.

    Attributes:
        label: the channel, without any secret.
        files: new files kept.
        problem_zh: why it could not be read to the end; None when it was.
        notes: what is odd about single objects, in Chinese.
    """

    label: str
    files: int = 0
    problem_zh: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_down(self) -> bool:
        """Whether the channel could not be read to the end."""
        return self.problem_zh is not None


def poll_all(
    channels: Sequence[RemoteChannel], known: Known, keep: Keep, patience: Patience
) -> list[PollReport]:
    """One report per channel, in the order given; none of them can hold up or break another."""
    polls = [_Poll(channel, known, keep, patience) for channel in channels]
    places = threading.Semaphore(_AT_A_TIME)
    threads = [
        # A daemon: one that hangs in spite of every timeout must not keep the process alive.
        threading.Thread(target=poll.run_in, args=(places,), daemon=True, name=poll.report.label)
        for poll in polls
    ]
    for thread in threads:
        thread.start()
    for thread, poll in zip(threads, polls, strict=True):
        while thread.is_alive() and not poll.is_overdue:
            thread.join(timeout=0.2)
        poll.close()
    return [poll.report for poll in polls]


class _Poll:
    """One channel's sessions of a night."""

    def __init__(
        self, channel: RemoteChannel, known: Known, keep: Keep, patience: Patience
    ) -> None:
        self.report = PollReport(channel.label)
        self._channel = channel
        self._known = known
        self._keep = keep
        self._patience = patience
        self._started: float | None = None
        self._place: threading.Semaphore | None = None
        self._is_closed = False
        self._lock = threading.Lock()
        self._brought = 0
        self._idle = 0

    @property
    def is_overdue(self) -> bool:
        """Whether it ought to have ended by itself and has not."""
        return self._spent > self._patience.whole + _GRACE_SECONDS

    def run_in(self, places: threading.Semaphore) -> None:
        """Runs when there is a place for it."""
        places.acquire()
        with self._lock:
            self._place = places
            self._started = time.monotonic()
        self.run()
        with self._lock:
            self._leave()

    def run(self) -> None:
        """Sessions until nothing new is left, time is up, or the channel counts as down."""
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(ChannelDown),
                wait=wait_exponential_jitter(
                    self._patience.first_pause, self._patience.longest_pause
                ),
                stop=self._gives_up,
                reraise=True,
            ):
                with attempt:
                    self._session()
        except ChannelError as error:
            self._say(error.message_zh)
        except Exception as error:  # noqa: BLE001 - a library's surprise is this channel's alone
            self._say(f"读取渠道时出错（{type(error).__name__}），请告知管理员")

    def close(self) -> None:
        """Ends the poll for good: a thread that still hangs keeps nothing any more."""
        with self._lock:
            if self.is_overdue:
                self.report = PollReport(
                    self.report.label,
                    self.report.files,
                    ChannelTimedOut(self._patience.whole).message_zh,
                    list(self.report.notes),
                )
            self._is_closed = True
            self._leave()

    def _leave(self) -> None:
        """Makes room for the next one, once; a thread that hangs holds no place."""
        place, self._place = self._place, None
        if place is not None:
            place.release()

    @property
    def _spent(self) -> float:
        return 0.0 if self._started is None else time.monotonic() - self._started

    def _session(self) -> None:
        self.report.notes.clear()
        with self._channel as channel:
            for offer in channel.offers(self._known, self.report.notes.append):
                if self._spent > self._patience.whole:
                    raise ChannelTimedOut(self._patience.whole)
                try:
                    if offer.far_id not in self._known(offer.place):
                        self._take(channel.fetch(offer))
                    channel.settle(offer)
                except (FarFileChanged, CannotMove) as error:
                    self.report.notes.append(error.message_zh)

    def _take(self, delivery: Delivery) -> None:
        with self._lock:
            if self._is_closed:
                raise ChannelTimedOut(self._patience.whole)
            self.report.files += self._keep(delivery)

    def _gives_up(self, state: RetryCallState) -> bool:
        """After so many sessions in a row without one new byte, or when the time is up."""
        came = self._channel.received_bytes
        self._idle = 0 if came > self._brought else self._idle + 1
        self._brought = came
        pause = state.upcoming_sleep
        return (
            self._idle >= self._patience.idle_attempts or self._spent + pause > self._patience.whole
        )

    def _say(self, sentence_zh: str) -> None:
        with self._lock:
            if not self._is_closed:
                self.report.problem_zh = sentence_zh
