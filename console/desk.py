"""What every page works with: settings, ledger, definitions, and the one who asks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from fastapi import Request
from sqlalchemy import Engine
from starlette.datastructures import FormData, UploadFile

from console.daytime import Daytime
from console.errors import ConsoleError
from sources.definitions import Definitions
from warehouse.clock import decided_at
from warehouse.ledger.engine import open_ledger
from warehouse.releases.history import last_as_of
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic

_Stamp = tuple[tuple[str, int], ...]


class Desk:
    """One workspace behind the pages; shared by all requests."""

    def __init__(self, settings: Settings, daytime: Daytime | None = None) -> None:
        self.settings = settings
        self.daytime = daytime or Daytime(settings)
        self._guard = threading.Lock()
        self._definitions: tuple[_Stamp, Definitions] | None = None

    @cached_property
    def engine(self) -> Engine:
        """The ledger."""
        return open_ledger(self.settings)

    @cached_property
    def is_synthetic(self) -> bool:
        """Whether the workspace holds demo data; said on every page."""
        return bool(is_synthetic(self.settings))

    @property
    def definitions(self) -> Definitions:
        """The definition tables, read anew when the overlay's files have changed."""
        overlay = self.settings.definitions_overlay
        stamp: _Stamp = ()
        if overlay is not None:
            stamp = tuple((p.name, p.stat().st_mtime_ns) for p in sorted(overlay.glob("*.csv")))
        with self._guard:
            if self._definitions is None or self._definitions[0] != stamp:
                found = Definitions.load(overlay).serving(self.settings.cities)
                self._definitions = (stamp, found)
            return self._definitions[1]

    def now(self) -> datetime:
        """The business moment."""
        return self.settings.clock.now()

    def moment(self) -> datetime:
        """The business moment from which a decision taken now counts."""
        return decided_at(self.settings.clock.now(), last_as_of(self.settings))


@dataclass
class Visit:
    """One request, after the gate: who asks, and what for.

    Attributes:
        params: parts of the path.
        form: the fields of a posted form; empty otherwise.
    """

    desk: Desk
    request: Request
    person: Any
    params: Mapping[str, str]
    form: FormData = field(default_factory=FormData)

    @property
    def engine(self) -> Engine:
        """The ledger."""
        return self.desk.engine

    @property
    def settings(self) -> Settings:
        """The workspace's settings."""
        return self.desk.settings

    @property
    def definitions(self) -> Definitions:
        """The definition tables."""
        return self.desk.definitions

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address, trimmed."""
        return (self.request.query_params.get(name) or default).strip()

    def number(self, name: str, default: int, low: int = 1, high: int = 1_000_000) -> int:
        """A whole number of the address, within its bounds.

        Raises:
            ConsoleError: it is not a number.
        """
        text = self.asked(name, str(default))
        if not text.isascii() or not text.isdigit():
            raise ConsoleError(f"参数 {name} 应为整数，收到“{text[:40]}”。")
        return max(low, min(int(text[:9]), high))

    def field(self, name: str) -> str:
        """A text field of the form, trimmed; empty when it was left out."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        """All values of a repeated field."""
        return [value for value in self.form.getlist(name) if isinstance(value, str) and value]

    def upload(self, name: str) -> UploadFile | None:
        """An uploaded file that has a name; None when none was chosen."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None
