"""Credentials of channels, by the key a row names: environment variables, else a secret file.

`QIANGSHI_SECRET_<KEY>_USER`, `_PASSWORD`, `_KEY_FILE`, `_PASSPHRASE`, or `<folder>/<key>.toml` with
`user`, `password`, `key_file`, `passphrase`. A file that others can read is refused, not used.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sources.channels.errors import CredentialMissing, SecretExposed, SecretUnreadable

_PARTS = ("user", "password", "key_file", "passphrase")
_OTHERS = 0o077


@dataclass(frozen=True)
class Credentials:
    """What opens one account; the secret parts never show in a representation."""

    key: str
    user: str
    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Secrets:
    """Where credentials are looked for."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def of(self, key: str) -> Credentials:
        """The credentials of a key; each part from the environment, else from the secret file.

        Raises:
            CredentialMissing: there is no user of that key.
            SecretExposed: the secret file, or the private key it names, is open to others.
            SecretUnreadable: the secret file is no TOML.
        """
        path = self.folder / f"{key}.toml"
        stored = _stored(path)
        prefix = f"QIANGSHI_SECRET_{key.upper()}_"
        found = {part: self.environ.get(prefix + part.upper()) or stored.get(part)
                 for part in _PARTS}  # fmt: skip
        if not found["user"] or not (found["password"] or found["key_file"]):
            raise CredentialMissing(key, prefix + "USER", path)
        key_file = None
        if found["key_file"]:
            key_file = self.folder / Path(found["key_file"]).expanduser()
            _refuse_if_open(key_file)
        return Credentials(key, found["user"], found["password"], key_file, found["passphrase"])


def _stored(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    _refuse_if_open(path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # What the parser says may quote the line, which holds the secret.
        raise SecretUnreadable(path, "不是合法的 TOML") from error
    except OSError as error:
        raise SecretUnreadable(path, "不能读取") from error
    return {str(name): str(value) for name, value in found.items()}


def _refuse_if_open(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SecretUnreadable(path, "文件不存在") from error
    if mode & _OTHERS:
        raise SecretExposed(path)
