"""Passwords: argon2id, the rules of a new one, and a first one to hand over.

The rules are those that help (length, not guessable from the account); what a regulation adds can
be added here, in one place.
"""

from __future__ import annotations

import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from warehouse.access.errors import PasswordRefused

MINIMUM = 10
MAXIMUM = 128
"""Longer texts would only cost the server time."""
_DISTINCT = 5
_COMMON = (
    "password",
    "passw0rd",
    "qwerty",
    "12345678",
    "88888888",
    "66666666",
    "qiangshi",
    "admin",
)
# Without letters and digits that look alike on paper: a first password is read off a slip.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@cache
def strong() -> PasswordHash:
    """argon2id at the library's recommended cost."""
    return PasswordHash((Argon2Hasher(),))


@cache
def dummy_of(hasher: PasswordHash) -> str:
    """A hash of nobody's password at a hasher's cost, to check an unknown account against."""
    return hasher.hash(secrets.token_urlsafe(24))


def first_password() -> str:
    """Sixteen random characters in groups of four."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def checked_password(password: str, *, login: str, name_zh: str = "") -> str:
    """The password, when it may be used.

    Raises:
        PasswordRefused: it is too short or long, or can be guessed from the account.
    """
    folded = password.casefold()
    if len(password) < MINIMUM:
        raise PasswordRefused(f"密码太短：不得少于 {MINIMUM} 个字符。")
    if len(password) > MAXIMUM:
        raise PasswordRefused(f"密码太长：不得超过 {MAXIMUM} 个字符。")
    if len(set(folded)) < _DISTINCT:
        raise PasswordRefused("密码太简单：重复的字符太多。")
    guessed = (login.casefold(), name_zh.casefold(), *_COMMON)
    if any(len(word) > 1 and word in folded for word in guessed):
        raise PasswordRefused("密码容易猜到：不得含账户名、姓名或常见密码。")
    return password
