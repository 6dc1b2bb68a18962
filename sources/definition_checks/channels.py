"""Checks of `channels`: an address that can be opened, a named credential, never a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from sources.channels.addresses import CREDENTIAL_KEY, FIELDS, SCHEMES, TEMPLATE_FIELDS
from sources.definition_checks.problem import Problem, problem
from sources.definitions import Definitions

TABLE = "channels"
Row = Mapping[str, str | None]


def channel_problems(definitions: Definitions) -> Iterator[Problem]:
    """Rows that no channel could be made of, or that say too much."""
    for index, row in enumerate(definitions.table(TABLE).iter_rows(named=True)):
        for column, said in _of_row(row):
            # A location that holds a password is not repeated.
            value = None if "凭据" in said else row[column]
            yield problem(definitions, TABLE, index, column, value, said)


def _of_row(row: Row) -> Iterator[tuple[str, str]]:
    kind, location = row["channel_kind"] or "", row["location"]
    if location is None:
        yield "location", "不能为空"
        return
    unknown = sorted(set(FIELDS.findall(location)) - TEMPLATE_FIELDS)
    if unknown:
        yield "location", f"只能含 {{city_code}} 和 {{unit_code}}，不能含 {'、'.join(unknown)}"
    if kind in SCHEMES:
        yield from _of_address(kind, location)
        if row["credential_key"] is None:
            yield "credential_key", "不能为空：写凭据的名称，内容放环境变量或凭据文件"
    if row["credential_key"] and not CREDENTIAL_KEY.fullmatch(row["credential_key"]):
        yield "credential_key", "只能用小写字母、数字和下划线，以字母开头"
    if row["sender"] is not None:
        if kind != "imap":
            yield "sender", "只有 imap 渠道才有发件人"
        elif row["unit_code"] is None:
            yield "unit_code", "写了发件人的行必须写明单位"
        elif "@" not in row["sender"]:
            yield "sender", "不是邮件地址，如 tjj@example.gov.cn 或 *@example.gov.cn"


def _of_address(kind: str, location: str) -> Iterator[tuple[str, str]]:
    try:
        address = urlsplit(location)
        port_is_sound = address.port is None or address.port > 0
    except ValueError:
        address, port_is_sound = urlsplit(""), False
    if address.scheme not in SCHEMES[kind] or not address.hostname or not port_is_sound:
        shapes = "、".join(f"{scheme}://主机:端口/目录" for scheme in SCHEMES[kind])
        yield "location", f"{kind} 渠道的地址应为 {shapes}"
    elif "@" in address.netloc:
        yield "location", "地址里不得写账号和密码，请改用凭据（credential_key）"
