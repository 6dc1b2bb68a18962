"""The workspace as a Dagster resource: whose night, on which business day, under which lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg

from orchestration.dead_runs import bury_dead_runs
from warehouse.lease import night_lease
from warehouse.settings import Settings


class WorkspacePlace(dg.ConfigurableResource):
    """Where one workspace is: for sensors, which look and never wait for a night to end."""

    home: str = ""
    day: str = ""

    def settings(self) -> Settings:
        """The settings in force, read anew on each call."""
        day = date.fromisoformat(self.day) if self.day else None
        return Settings.load(self.home or None, day=day)


class Workspace(WorkspacePlace):
    """One workspace in a run's hands: it holds the lease, unless the caller does."""

    holds_lease: bool = True
    wait_seconds: float = 600.0

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Workspace]:
        """Keeps every other night off this workspace until the run is over."""
        if not self.holds_lease:
            yield self
            return
        with night_lease(self.settings(), wait_seconds=self.wait_seconds):
            if context.instance is not None:
                bury_dead_runs(context.instance, context.run_id)
            yield self
