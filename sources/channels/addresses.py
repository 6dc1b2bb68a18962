"""What a row of `channels` may hold: kinds, address schemes, template fields, credential keys."""

from __future__ import annotations

import re

PORTS = {"sftp": 22, "imaps": 993, "imap": 143}
SCHEMES = {"sftp": ("sftp",), "imap": ("imaps", "imap")}
REMOTE_KINDS = ("folder", *SCHEMES)
CREDENTIAL_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
FIELDS = re.compile(r"\{(\w*)\}")
TEMPLATE_FIELDS = frozenset({"city_code", "unit_code"})
