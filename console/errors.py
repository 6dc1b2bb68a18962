"""What a page can refuse: one family, each with the answer's status and one Chinese sentence."""

from __future__ import annotations

from collections.abc import Mapping


class ConsoleError(Exception):
    """A request that cannot be answered as asked.

    Attributes:
        status: the HTTP status of the answer.
        message_zh: what is wrong and what to do.
    """

    status = 400

    def __init__(self, message_zh: str) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh


class NotHere(ConsoleError):
    """Nothing there, or nothing that this account may know of: the two look alike."""

    status = 404

    def __init__(self, what_zh: str = "这个页面") -> None:
        super().__init__(f"没有{what_zh}，或不在你的职责范围内。")


class NotAllowed(ConsoleError):
    """The account may not do this."""

    status = 403


class NotDeclared(NotAllowed):
    """A route that does not say what it needs: it is refused to everybody."""

    def __init__(self) -> None:
        super().__init__("这个地址没有声明需要什么权限，一律拒绝；请告知运维人员。")


class Forged(NotAllowed):
    """A form that did not come from a page of this desk."""

    def __init__(self) -> None:
        super().__init__("页面已过期或来源不明，没有执行任何操作；请返回上一页刷新后重试。")


class TooLarge(ConsoleError):
    """More bytes than the desk takes."""

    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"上传的内容超过 {limit_bytes // (1024 * 1024)} MB，没有接收；请拆分后再传。"
        )


class Stale(ConsoleError):
    """Somebody else was first; what was written is kept on the page.

    Attributes:
        kept: the fields as they were filled in.
        back: where the present state is shown.
    """

    status = 409

    def __init__(self, message_zh: str, kept: Mapping[str, str], back: str) -> None:
        super().__init__(message_zh)
        self.kept = dict(kept)
        self.back = back


class ChildFailed(ConsoleError):
    """A child process ended without an answer."""

    status = 502
