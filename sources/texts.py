"""Texts as they are compared: width, blanks, dashes and letter case do not tell two apart."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache

_SHORT = 64
_QUOTED = 60
_FORMULA_SIGNS = "=+-@\t\r"
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?%?|[-+]+")
_DASHES = str.maketrans(dict.fromkeys("—–−―‐", "-"))


def normalised(text: str | None) -> str:
    """A text as it is compared: half-width, without blanks, dashes alike, lower case."""
    if not text:
        return ""
    return _folded(text) if len(text) <= _SHORT else _folded.__wrapped__(text)


# The same few hundred headers, items and labels stand in every file of a form.
@lru_cache(maxsize=16384)
def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().translate(_DASHES).split())


def shown(text: str) -> str:
    """A filed text as a message quotes it: on one line, of a bearable length, nothing unseen in it.

    A clerk cannot find `20` to be no number while a zero-width sign behind it stays unseen.
    """
    if not text.strip():
        return "空格" if text else ""
    seen = "".join(_visible(char) for char in text[: _QUOTED + 1]).strip()
    if len(text) <= _QUOTED:
        return seen
    return f"{seen[:_QUOTED]}…（共 {len(text)} 个字符）"


def readable_name(name: str) -> str:
    """A file's name as its sender saw it.

    Linux keeps a name as bytes; one that came from Windows in Chinese may be no UTF-8, and what
    Python makes of it can be written nowhere.
    """
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    is_unseen = unicodedata.category(char) in ("Cf", "Cc", "Co", "Cs", "Cn")
    return f"〔不可见字符 U+{ord(char):04X}〕" if is_unseen else char


def harmless(text: str) -> str:
    """A text for a csv cell that no spreadsheet program takes for a formula.

    Numbers and single marks stay as they are; a text that begins like a formula gets the apostrophe
    by which those programs know a text.
    """
    if len(text) < 2 or text[0] not in _FORMULA_SIGNS or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"
