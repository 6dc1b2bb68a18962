"""Errors of the shell: a stage that cannot go on, said in words an operator can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date


class OrchestrationError(Exception):
    """Base of the errors of this room.

    Attributes:
        message_zh: one sentence in Chinese: what failed and what to do.
    """

    def __init__(self, message_zh: str) -> None:
        self.message_zh = message_zh
        super().__init__(message_zh)


class DefinitionsUnsound(OrchestrationError):
    """Definition tables with rows that cannot stand; nothing was received, read or built.

    Attributes:
        problems: each with `table`, `file`, `row`, `column`, `value` and `problem_zh`.
    """

    SHOWN = 10

    def __init__(self, problems: Sequence[Mapping[str, object]]) -> None:
        self.problems = tuple(problems)
        listed = "；".join(
            f"{one['file']} 第 {one['row']} 行 {one['column']} 列：{one['problem_zh']}"
            for one in self.problems[: self.SHOWN]
        )
        more = f"……共 {len(self.problems)} 处" if len(self.problems) > self.SHOWN else ""
        super().__init__(
            f"定义表有问题，未做任何处理：{listed}{more}。"
            "改正后重试；全部问题见 qiangshi definitions check"
        )


class RollUpFailed(OrchestrationError):
    """dbt could not build the marts, so nothing of this night is published.

    Attributes:
        nodes: the models that failed, each with dbt's own message.
    """

    def __init__(self, nodes: Sequence[tuple[str, str]]) -> None:
        self.nodes = tuple(nodes)
        listed = "；".join(f"{name}：{message}" for name, message in self.nodes) or "dbt 未给出原因"
        super().__init__(f"汇总失败，本夜不发布，已发布的数据不受影响。{listed}")


class NightInThePast(OrchestrationError):
    """A night on a business day before the last release, which would put older data in its place.

    Attributes:
        day: the day asked for.
        last: the day up to which releases stand.
    """

    def __init__(self, day: date, last: date) -> None:
        self.day, self.last = day, last
        super().__init__(
            f"业务日期 {day.isoformat()} 早于已发布数据的截至日 {last.isoformat()}，不能倒着发布。"
            f"查看过去某日的数据请用 qiangshi table 规划 --as-of {day.isoformat()}"
        )


class DayNotCome(OrchestrationError):
    """A question as of a day that the business clock has not reached."""

    def __init__(self, day: date, today: date) -> None:
        super().__init__(f"{day.isoformat()} 尚未到来，业务日期为 {today.isoformat()}，不能查询。")


class NightFailed(OrchestrationError):
    """The nightly job ended without success.

    Attributes:
        steps: the Dagster steps that failed, each with the error it gave.
    """

    def __init__(self, steps: Sequence[tuple[str, str]]) -> None:
        self.steps = tuple(steps)
        listed = "；".join(f"{step}：{error}" for step, error in self.steps)
        super().__init__(f"夜间任务失败，已发布的数据不受影响。{listed}")
