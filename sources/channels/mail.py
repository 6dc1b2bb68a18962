"""A mail's sender and attachments, with the names clerks' mail programs give them.

Names come as RFC 2231, as RFC 2047 inside a quoted parameter (Outlook and most Chinese webmail),
or as bare bytes in UTF-8 or GB18030. gb2312 and gbk are read as GB18030, which holds them both:
programs say gb2312 and then use characters that only the larger sets have.
"""

from __future__ import annotations

import email
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses

_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]+")
_LONGEST_NAME = 180
_SMALLEST_PHOTO = 32 * 1024
_KEPT_UNNAMED = ("image", "application")


@dataclass(frozen=True)
class Attachment:
    """One file of a mail; `part` is its place in the mail, the same at every look."""

    part: str
    file_name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Mail:
    """What of a mail matters here; neither subject nor text is kept."""

    sender: str
    attachments: tuple[Attachment, ...]


def read_mail(data: bytes) -> Mail:
    """The sender's address, in lower case, and the attachments, in their order."""
    # compat32 never raises on what clerks' programs write; the newer policy does.
    message = email.message_from_bytes(data, policy=compat32)
    for part in message.walk():
        _read_bare_bytes(part)
    addresses = getaddresses([_text(message.get("From", ""))])
    sender = next((address for _, address in addresses if "@" in address), "").lower()
    return Mail(sender, tuple(_attachments(message)))


def safe_name(name: str) -> str:
    """A sent name without path and control characters, short enough for any disk."""
    plain = _UNSAFE.sub("_", name).strip(" .") or "附件"
    if len(plain.encode()) <= _LONGEST_NAME:
        return plain
    stem, dot, suffix = plain.rpartition(".")
    suffix = f"{dot}{suffix}" if stem and len(suffix) <= 8 else ""
    head = (stem if suffix else plain).encode()[: _LONGEST_NAME - len(suffix.encode())]
    return head.decode(errors="ignore") + suffix


def _attachments(message: Message) -> Iterator[Attachment]:
    # walk() goes into forwarded mails too, so a county's form forwarded by its city is found.
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            continue
        name = _file_name(part)
        payload = part.get_payload(decode=True)
        if name is None or not isinstance(payload, bytes) or not payload:
            continue
        if not _is_decoration(part, len(payload)):
            yield Attachment(str(number), safe_name(name), payload)


def _file_name(part: Message) -> str | None:
    """The attachment's name; a made-up one for an unnamed file; None for the mail's own text."""
    for parameter, header in (("filename", "content-disposition"), ("name", "content-type")):
        value = part.get_param(parameter, None, header)
        if isinstance(value, tuple):
            charset, _, text = value
            return _decoded(text.encode("raw-unicode-escape"), charset)
        if value:
            return _text(value)
    is_attached = part.get_content_disposition() == "attachment"
    if is_attached or part.get_content_maintype() in _KEPT_UNNAMED:
        return "附件" + (mimetypes.guess_extension(part.get_content_type()) or "")
    return None


def _is_decoration(part: Message, size: int) -> bool:
    """A logo in a signature is no paper anybody filed; a photo put into the text is one."""
    is_image = part.get_content_maintype() == "image"
    is_inline = part.get_content_disposition() == "inline" or "Content-ID" in part
    return is_image and is_inline and size < _SMALLEST_PHOTO


def _read_bare_bytes(part: Message) -> None:
    """Puts readable text where a program wrote bare bytes into a header."""
    for name, value in list(part.raw_items()):
        text = str(value)
        if any("\udc80" <= character <= "\udcff" for character in text):
            part.replace_header(name, _decoded(text.encode("utf-8", "surrogateescape"), None))


def _text(raw: str) -> str:
    """A header's text with its encoded words decoded."""
    try:
        pieces = decode_header(raw)
    except HeaderParseError:
        return raw
    return "".join(
        piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces
    )


def _decoded(data: bytes, charset: str | None) -> str:
    named = (charset or "").lower()
    for encoding in filter(None, (_WIDER.get(named, named), "utf-8", "gb18030")):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")
