"""What the desk has done by day: taking in, checking again, publishing; never in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.access.scope import Identity
from warehouse.daytime import children, tasks
from warehouse.daytime.tasks import STATES_ZH, Task
from warehouse.settings import Settings

SHOWN = 3


@dataclass(frozen=True)
class Daytime:
    """The day of one workspace.

    Attributes:
        is_at_work: False where children are not to be started: tasks wait for the next night.
    """

    settings: Settings
    is_at_work: bool = True

    def take_in(self, author: str) -> None:
        """Has what was handed in read and checked."""
        if self.is_at_work:
            children.take_in(self.settings, author=author)
        else:
            tasks.ask(self.settings, "take_in", author=author)

    def revalidate(self, submission_ids: Sequence[str], author: str) -> None:
        """Has submissions checked again."""
        if self.is_at_work:
            children.revalidate(self.settings, submission_ids, author=author)
        else:
            tasks.ask(self.settings, "revalidate", author=author, submission_ids=submission_ids)

    def publish(self, person: Identity) -> None:
        """Starts a night now."""
        if self.is_at_work:
            children.publish_now(self.settings, person)
        else:
            tasks.ask(self.settings, "publish", author=person.login)

    def under_way(self) -> list[dict[str, Any]]:
        """The tasks not yet over, for the pages whose figures they will change."""
        return [_told(one) for one in self._current() if not one.is_over][-SHOWN:]

    def last_publication(self) -> dict[str, Any] | None:
        """The publication asked for last; None when there was none lately."""
        found = [one for one in self._current() if one.kind == "publish"]
        return _told(found[-1]) if found else None

    def _current(self) -> list[Task]:
        listed = tasks.tasks(self.settings)
        return [one if one.is_over else tasks.task_of(self.settings, one.task_id) for one in listed]


def _told(task: Task) -> dict[str, Any]:
    return {
        "kind": task.kind,
        "title_zh": task.title_zh,
        "state": task.state,
        "state_zh": STATES_ZH[task.state],
        "sentence_zh": task.sentence_zh,
        "author": task.author,
        "asked_at": task.asked_at,
        "is_over": task.is_over,
    }
