"""Why a channel could not be read: one typed error per reason, told to the operator in Chinese.

None of them is about a county's file (those are in `sources.errors`), and none carries a secret.
Those that may pass by themselves are `ChannelDown`; the others need somebody's hand.
"""

from __future__ import annotations

import socket
from pathlib import Path

_USUAL: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "对方没有开放这个端口"),
    (TimeoutError, "超时没有应答"),
    (socket.gaierror, "找不到这个主机名"),
    (ConnectionError, "对方断开了连接"),
)


class ChannelError(Exception):
    """A channel that could not be read; `message_zh` says why and what to do."""

    def __init__(self, message_zh: str) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh


class ChannelDown(ChannelError):
    """The far side does not answer, or the line was cut: worth another try."""

    def __init__(self, cause: BaseException | str) -> None:
        said = cause if isinstance(cause, str) else _plain(cause)
        super().__init__(f"连接不上或中途断开（{said}），下一夜再取")


class ChannelTimedOut(ChannelError):
    """The channel used up the time one night gives it; what it brought until then is kept."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"用满 {seconds:.0f} 秒仍未取完，余下的下一夜再取")


class FarFileChanged(ChannelError):
    """A far file that changed while it was fetched: left for the next look."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}”在取的时候被改动或移走，下一夜再取")


class HostKeyUnknown(ChannelError):
    """A server whose key nobody has vouched for."""

    def __init__(self, host: str, fingerprint: str, known_hosts: Path) -> None:
        super().__init__(
            f"{host} 的主机密钥未登记（指纹 {fingerprint}），未连接；"
            f"请向对方核对指纹后写入 {known_hosts}"
        )
        self.fingerprint = fingerprint


class HostKeyChanged(ChannelError):
    """A server that shows another key than the one on record."""

    def __init__(self, host: str, fingerprint: str, known_hosts: Path) -> None:
        super().__init__(
            f"{host} 的主机密钥与登记的不符（现为 {fingerprint}），可能被冒充，未连接；"
            f"请向对方核实，确已更换的再改 {known_hosts}"
        )
        self.fingerprint = fingerprint


class NoCommonKey(ChannelError):
    """A server that offers no kind of key, or no cipher, that is on record here."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            f"{host} 没有登记过的那种主机密钥，或加密方式谈不拢（{reason}），未连接；"
            "请核对 known_hosts"
        )


class CertificateRefused(ChannelError):
    """A mail server whose certificate does not hold."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            f"{host} 的证书验证不通过（{reason}），未登录；"
            "自建证书的，把签发机构的证书文件写进设置 QIANGSHI_CA_FILE"
        )


class LoginRefused(ChannelError):
    """The far side does not accept the account. What it answered is not repeated."""

    def __init__(self, credential_key: str) -> None:
        super().__init__(f"对方拒绝登录，请核对凭据“{credential_key}”的账号、密码或密钥")


class CredentialMissing(ChannelError):
    """Neither the environment nor a secret file has what the row names."""

    def __init__(self, credential_key: str, variable: str, path: Path) -> None:
        super().__init__(f"没有凭据“{credential_key}”：请设环境变量 {variable} 等，或写入 {path}")


class SecretExposed(ChannelError):
    """A secret file that others can read is not used."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"凭据文件 {path} 别人也能读，未使用；请先 chmod 600 {path}")


class SecretUnreadable(ChannelError):
    """A secret file that is no TOML, or a key that cannot be opened."""

    def __init__(self, path: Path, reason_zh: str) -> None:
        super().__init__(f"凭据文件 {path} 不能使用：{reason_zh}")


class PlaceMissing(ChannelError):
    """The folder that a row names is not there, or may not be read."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"没有目录“{folder}”，或无权读取；请核对 channels.csv 的 location")


class CannotMove(ChannelError):
    """Fetched, but it could not be moved to where the row says."""

    def __init__(self, name: str, folder: str, reason: str) -> None:
        super().__init__(f"“{name}”已取回，但未能移到“{folder}”（{reason}）")


def _plain(cause: BaseException) -> str:
    """What went wrong with a line, in words where it is one of the usual ways."""
    for kind, words in _USUAL:
        if isinstance(cause, kind):
            return words
    text = str(cause).strip() or type(cause).__name__
    return text.splitlines()[0][:160]
