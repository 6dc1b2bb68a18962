"""The pages, one module per subject; each declares its routes and what they need."""

from __future__ import annotations

from collections.abc import Iterator

from console.routes import Declared


def declared() -> Iterator[Declared]:
    """Every route of the desk."""
    from console.views import (
        accounts,
        audit,
        corrections,
        entrance,
        entry,
        filing,
        identity,
        official,
        plans,
        progress,
        query,
        queue,
        release_files,
        releases,
        submissions,
        verify,
        waiting,
    )

    for module in (
        entrance, identity, queue, waiting, corrections, submissions, filing, entry, progress,
        plans, query, verify, release_files, releases, official, audit, accounts,
    ):  # fmt: skip
        yield from module.ROUTES
