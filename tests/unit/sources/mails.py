"""Mails as clerks' programs write them, in literal bytes."""

from __future__ import annotations

import base64
from email.message import EmailMessage


def mail(sender: str, *files: tuple[str, bytes], display: str = "统计员", date: str = "") -> bytes:
    """A mail with attachments, as a present-day program writes it (RFC 2231 names)."""
    message = EmailMessage()
    message["From"] = f"{display} <{sender}>"
    message["Subject"] = "报表"
    message["Date"] = date or "Fri, 09 Jan 2026 08:30:00 +0800"
    message.set_content("您好，请查收。")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def raw_mail(*attachment_headers: bytes, body: bytes = b"data") -> bytes:
    """A mail with one attachment whose headers are written byte by byte."""
    return b"\r\n".join(
        [
            b"From: =?gb2312?B?zbO8xtSx?= <TJJ@Example.gov.cn>",
            b"MIME-Version: 1.0",
            b'Content-Type: multipart/mixed; boundary="b"',
            b"",
            b"--b",
            b"Content-Type: text/plain; charset=gb2312",
            b"",
            b"hello",
            b"--b",
            *attachment_headers,
            b"Content-Transfer-Encoding: base64",
            b"",
            base64.b64encode(body),
            b"--b--",
            b"",
        ]
    )
