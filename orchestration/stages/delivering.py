"""Delivering: the published release handed to every further place; none of them fails a night."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from orchestration.progress import tell
from warehouse.releases.targets import deliver
from warehouse.settings import Settings


def hand_on(settings: Settings) -> tuple[dict[str, Any], ...]:
    """What each further place came to: target, release_id, is_new, problem_zh."""
    if settings.publish_folders or settings.publish_postgres:
        tell("发布：送往其他目录和数据库")
    return tuple(asdict(delivery) for delivery in deliver(settings))
