"""Handing in: files put aside to be looked at, then given to the ledger as an arrival of the web.

An arrival of the web is recorded at once, with the account that sent it; the next reading takes it
the way of a drop into the inbox.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError, NotHere
from sources.channels.inbox import is_ignored
from sources.definitions import Unit
from sources.evidence import evidence_kind
from warehouse.ledger.arrivals import BroughtFile, keep_delivery
from warehouse.raw_files import flush_file, store_bytes

CHANNEL = "web"
FILE_BYTES = 20 * 1024 * 1024
MOST_FILES = 10
NAME_BYTES = 200
KEPT_SECONDS = 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,40}")


def clean_name(name: str) -> str:
    """A file name without folders or control characters that no channel would pass over."""
    last = re.split(r"[\\/]", name)[-1]
    text = "".join(char for char in last if char.isprintable()).strip().lstrip(".~")
    # File systems count bytes, of which a Chinese character has three; the end tells the kind.
    text = text.encode()[-NAME_BYTES:].decode(errors="ignore").strip().lstrip(".~")
    return text if text and not is_ignored(text) else f"报送_{text or '文件'}.xlsx"


def put_aside(visit: Visit, files: Iterable[tuple[str, bytes]]) -> tuple[str, list[Path]]:
    """Keeps files for a look before they are handed in: a token of this account, and their paths.

    Raises:
        ConsoleError: there are none, or one is empty, too large, or one too many.
    """
    given = list(files)
    if not given:
        raise ConsoleError("没有选择文件，请先选择要上传的报表。")
    if len(given) > MOST_FILES:
        raise ConsoleError(f"一次最多上传 {MOST_FILES} 个文件，请分批或打成 zip。")
    for name, data in given:
        if not data:
            raise ConsoleError(f"“{name}”是空文件，请重新选择。")
        if len(data) > FILE_BYTES:
            raise ConsoleError(f"“{name}”超过 {FILE_BYTES >> 20} MB，没有接收。")
    _sweep(visit)
    token = secrets.token_urlsafe(24)
    folder = _own_folder(visit) / token
    folder.mkdir(parents=True)
    paths: list[Path] = []
    for number, (name, data) in enumerate(given):
        path = folder / clean_name(name)
        while path in paths:
            path = folder / f"{number + 1}_{path.name}"
        path.write_bytes(data)
        paths.append(path)
    return token, paths


def taken_up(visit: Visit, token: str) -> list[Path]:
    """The files of a token of this account.

    Raises:
        NotHere: there are none, or they are another account's, or were handed in already.
    """
    folder = _own_folder(visit) / token
    if not _TOKEN.fullmatch(token) or not folder.is_dir():
        raise NotHere("这批待报送的文件（可能已经报送过，或超过一天）")
    return sorted(folder.iterdir())


def hand_in(visit: Visit, unit: Unit, paths: Sequence[Path], *, is_on_behalf: bool = False) -> int:
    """How many files the ledger has newly taken; the bytes are on disk before it says so."""
    now = visit.desk.now()
    brought = []
    for number, path in enumerate(paths):
        data = path.read_bytes()
        stored = store_bytes(visit.settings, data)
        flush_file(stored)
        is_paper = evidence_kind(data) is not None
        brought.append(BroughtFile(
            part=str(number), file_name=path.name, file_sha256=stored.sha256,
            size_bytes=stored.size_bytes, received_at=now, unit_code=unit.unit_code,
            city_code=unit.city_code, is_evidence=is_paper, sender=author_of(visit),
            entered_by=author_of(visit) if is_on_behalf and not is_paper else None,
        ))  # fmt: skip
    return keep_delivery(
        visit.engine, channel_kind=CHANNEL, place=f"{CHANNEL}/{unit.city_code}/{unit.unit_code}",
        far_id=secrets.token_hex(8), files=brought, seen_at=now,
    )  # fmt: skip


def let_go(paths: Sequence[Path]) -> None:
    """Removes what was put aside, once it is handed in."""
    if paths:
        shutil.rmtree(paths[0].parent, ignore_errors=True)


def _own_folder(visit: Visit) -> Path:
    mine = sha256(str(visit.person.account_id).encode()).hexdigest()[:16]
    return visit.settings.work / "desk_uploads" / mine


def _sweep(visit: Visit) -> None:
    """Throws away what this account put aside long ago and never handed in."""
    folder = _own_folder(visit)
    if not folder.is_dir():
        return
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
