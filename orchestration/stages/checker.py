"""One task of the day, done under the night's lease and told step by step."""

from __future__ import annotations

from orchestration.errors import OrchestrationError
from orchestration.progress import telling
from orchestration.stages import definitions_of
from orchestration.stages.daytime import revalidate, take_in
from sources.errors import SourceError
from warehouse.daytime import tasks
from warehouse.daytime.tasks import Task
from warehouse.errors import WarehouseError
from warehouse.lease import night_lease
from warehouse.settings import Settings

NIGHT_MAY_LAST = 3600.0
"""Seconds for which a task waits for a night under way; its page tells so meanwhile."""


def warm(settings: Settings) -> None:
    """Loads what takes seconds to load, so that no task waits for it."""
    import great_expectations  # noqa: F401

    import expectations.runner  # noqa: F401

    definitions_of(settings)


def do(settings: Settings, task: Task) -> Task:
    """The task, over: done, or failed in words. Nothing of it is lost: the night does it again."""
    task = tasks.begun(settings, task)

    def tell(sentence_zh: str) -> None:
        tasks.told(settings, task, sentence_zh)

    try:
        with (
            night_lease(settings, wait_seconds=NIGHT_MAY_LAST, on_wait=tell),
            telling(tell),
        ):
            definitions = definitions_of(settings)
            if task.kind == "take_in":
                result = take_in(settings, definitions)
                said = _taken_zh(result)
            else:
                result = revalidate(settings, definitions, task.submission_ids)
                said = _checked_zh(result)
    except (OrchestrationError, WarehouseError, SourceError) as error:
        return tasks.ended(settings, task, "failed", getattr(error, "message_zh", str(error)))
    except Exception as error:
        tasks.ended(
            settings, task, "failed",
            f"审核时出错（{type(error).__name__}），已记入 work/day.log；夜间会再审核一次。",
        )  # fmt: skip
        raise
    return tasks.ended(settings, task, "done", said, result)


def _taken_zh(result: dict[str, object]) -> str:
    said = f"新报送 {result['received']} 件"
    for name, words in (
        ("unchanged", "重复报送 {} 件"),
        ("refused", "不予接收 {} 件"),
        ("held", "审核未通过扣留 {} 件"),
    ):
        if result[name]:
            said += "，" + words.format(result[name])
    return said + "。"


def _checked_zh(result: dict[str, object]) -> str:
    if not result["submission_ids"]:
        return "没有需要重新审核的报送件。"
    return (
        f"已重新审核：消除 {result['closed']} 个问题，新发现 {result['opened']} 个，"
        f"尚待处理 {result['still_open']} 个。"
    )
