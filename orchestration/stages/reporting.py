"""A night that somebody at the desk started tells its page how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.progress import Listener
from warehouse.daytime import tasks
from warehouse.settings import Settings

if TYPE_CHECKING:
    from orchestration.night import NightResult

Finish = Callable[["NightResult"], None]


@contextmanager
def reported(
    settings: Settings, task_id: str | None, listener: Listener
) -> Iterator[tuple[Listener, Finish]]:
    """A listener that also tells the task, and what to call with the night's result.

    Without a task nothing but `listener` is told. An error on the way ends the task as failed, in
    its own words.

    Raises:
        UnknownTask: there is no such task.
    """
    if task_id is None:
        yield listener, lambda _: None
        return
    task = tasks.begun(settings, tasks.task_of(settings, task_id))

    def tell(sentence_zh: str) -> None:
        listener(sentence_zh)
        tasks.told(settings, task, sentence_zh)

    def finish(result: NightResult) -> None:
        outcome = result.outcome
        said = f"{'已发布' if outcome.is_new else '没有变化，仍为'} {outcome.release_id}"
        if outcome.held_cities:
            held = "、".join(city["city_code"] for city in outcome.held_cities)
            said += f"；{held} 被发布关卡拦下，保留上一版"
        tasks.ended(
            settings, task, "done", said + "。",
            {"release_id": outcome.release_id, "is_new": outcome.is_new,
             "held_cities": [dict(city) for city in outcome.held_cities]},
        )  # fmt: skip

    try:
        yield tell, finish
    except Exception as error:
        said = getattr(error, "message_zh", None) or f"发布时出错（{type(error).__name__}）。"
        tasks.ended(settings, task, "failed", said)
        raise
