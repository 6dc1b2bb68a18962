"""How the stages tell of their progress: a listener set by whoever runs them, silent by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(sentence_zh: str) -> None:
    """Tells the listener, if there is one, what is being done."""
    listener = _listener.get()
    if listener is not None:
        listener(sentence_zh)


@contextmanager
def telling(listener: Listener | None) -> Iterator[None]:
    """Every `tell` inside goes to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
