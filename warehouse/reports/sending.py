"""Sending notices by mail or webhook, where an office has said where to.

`secrets/notices.toml`, or the file that `QIANGSHI_NOTICES` names, readable by nobody else:

    [[to]]
    url = "mailtos://user:password@mail.example.cn?to=leader@example.cn"
    cities = ["150200"]        # left out: every city

Addresses are apprise's. Each notice goes to each address once per release; one that could not be
sent is recorded and tried again by the next night.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apprise

from warehouse.clock import technical_now
from warehouse.exports.bundle import exports_folder
from warehouse.reports.notices import NOTICES
from warehouse.settings import Settings

SENT = "notices_sent.json"
_OTHERS = 0o077


@dataclass(frozen=True)
class Address:
    """Where notices of some cities go; the URL may hold a password and never shows."""

    url: str = field(repr=False)
    city_codes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the address is recorded by."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:12]

    @property
    def kind(self) -> str:
        """What is told of it: the part before the colon, which holds no secret."""
        return self.url.partition(":")[0]

    def takes(self, city_code: str) -> bool:
        """Whether a city's notice goes there."""
        return not self.city_codes or city_code in self.city_codes


def send_notices(settings: Settings, release_id: str) -> dict[str, Any]:
    """How many notices of a release went out now, and what failed, in words without secrets."""
    outcome: dict[str, Any] = {"sent": 0, "failed": []}
    try:
        addresses = addresses_of(settings)
    except (OSError, ValueError) as error:
        return outcome | {"failed": [_failure("通报地址", str(error))]}
    texts = sorted((exports_folder(settings, release_id) / NOTICES).glob("*.txt"))
    if not addresses or not texts:
        return outcome
    record = sent_before(settings)
    done = record.setdefault(release_id, {})
    for path in texts:
        title, _, body = path.read_text(encoding="utf-8").partition("\n")
        for address in addresses:
            key = f"{path.stem}|{address.key}"
            if not address.takes(path.stem) or done.get(key, {}).get("is_sent"):
                continue
            problem = _send(address, title, body)
            at = technical_now().isoformat(timespec="seconds")
            done[key] = {"is_sent": problem is None, "at": at, "problem_zh": problem}
            if problem is None:
                outcome["sent"] += 1
            else:
                outcome["failed"].append(_failure(f"{path.stem} {address.kind}", problem))
    _remember(settings, record)
    return outcome


def addresses_of(settings: Settings) -> list[Address]:
    """The addresses an office has given; none without a file.

    Raises:
        ValueError: the file is open to others, is no TOML, or says something else.
        OSError: it cannot be read.
    """
    path = settings.notices_file
    if not path.is_file():
        return []
    if path.stat().st_mode & _OTHERS:
        raise ValueError(f"“{path.name}”能被他人读取，未采用；请 chmod 600")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("to", [])
        return [Address(str(one["url"]), tuple(map(str, one.get("cities", ())))) for one in found]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        # The parser's own words would repeat a line that may hold a password.
        raise ValueError(f"“{path.name}”不是所要的格式：每个地址写 [[to]]、url、cities") from None


def sent_before(settings: Settings) -> dict[str, dict[str, Any]]:
    """What was sent of each release: city and address, when, or what went wrong."""
    try:
        text = (settings.work / SENT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def _send(address: Address, title: str, body: str) -> str | None:
    """What went wrong, or nothing."""
    service = apprise.Apprise()
    if not service.add(address.url):
        return "地址无法识别"
    try:
        is_sent = service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
    # Any library of any service may fail in any way; a notice is never worth a night.
    except Exception as error:  # noqa: BLE001
        return f"没有送达（{type(error).__name__}）"
    return None if is_sent else "没有送达，对方拒收或连不上"


def _failure(part: str, problem: str) -> dict[str, str]:
    return {"part": part, "problem_zh": problem}


def _remember(settings: Settings, record: Mapping[str, Any]) -> None:
    path = settings.work / SENT
    aside: Path = path.with_name(f".{path.name}")
    aside.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    aside.replace(path)
