"""What can go wrong with accounts, sessions and rights; one Chinese sentence each."""

from __future__ import annotations

from typing import ClassVar

from warehouse.errors import WarehouseError


class AccessError(WarehouseError):
    """Any failure about accounts, sessions or rights."""


class Forbidden(AccessError):
    """The account holds no post that allows this here."""

    def __init__(self, login: str, permission: str, permission_zh: str, place_zh: str = "") -> None:
        """Keep who asked for what; the sentence tells nothing of what lies there."""
        where = f"（{place_zh}）" if place_zh else ""
        super().__init__(f"账户“{login}”没有“{permission_zh}”的权限{where}，请联系安全管理员。")
        self.login = login
        self.permission = permission


class FirstPasswordStands(AccessError):
    """Nothing is open to an account whose first password has not been changed."""

    def __init__(self, login: str) -> None:
        """Keep whose it is."""
        super().__init__(f"账户“{login}”还在使用初始密码，请先登录工作台更改密码。")
        self.login = login


class LoginFailed(AccessError):
    """Login or password wrong, account disabled or unknown: all say the same."""

    def __init__(self) -> None:
        """Say nothing about which it was."""
        super().__init__("账户或密码不正确。")


class LoginThrottled(AccessError):
    """Too many failures of one account or from one address."""

    def __init__(self, minutes: int) -> None:
        """Say after how long a further try counts."""
        super().__init__(f"登录失败次数过多，请 {minutes} 分钟后再试。")
        self.minutes = minutes


class SessionEnded(AccessError):
    """There is no such session, or not any more."""

    _WHY_ZH: ClassVar = {
        "unknown": "请先登录。",
        "idle": "长时间未操作，登录已失效，请重新登录；未提交的内容仍在页面上。",
        "expired": "本次登录已到时限，请重新登录；未提交的内容仍在页面上。",
        "clock": "服务器时钟被调整，为安全起见请重新登录。",
        "logged_out": "已退出登录，请重新登录。",
        "password": "密码已更改，请重新登录。",
        "disabled": "账户已停用，请联系安全管理员。",
    }

    def __init__(self, how: str = "unknown") -> None:
        """Keep how the session ended."""
        super().__init__(self._WHY_ZH[how])
        self.how = how


class PasswordRefused(AccessError):
    """A new password that breaks a rule."""


class AccountRefused(AccessError):
    """A change of an account or a post that breaks a rule; nothing was written."""


class UnknownAccount(AccessError):
    """No such account."""

    def __init__(self, login: str) -> None:
        """Name the login."""
        super().__init__(f"没有账户“{login}”；全部账户用 qiangshi accounts list 列出。")
        self.login = login
