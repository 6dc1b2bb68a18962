"""What every answer carries and every request must bring: headers, tokens, sizes, origins."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import Forged

SESSION_COOKIE = "qiangshi_session"
VISITOR_COOKIE = "qiangshi_visitor"
"""Of somebody who has not logged in yet: binds the login form to the browser it was shown in."""
MAX_UPLOAD_BYTES = 32 * 1024 * 1024
"""Of one request, scans included; the readers' own limits are narrower."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
)
"""Of a report page, which is one file with its own style: it runs no script and, in a sandbox, has
no part in the visitor's login."""
_STATIC_AGE = "public, max-age=3600"


class SecureHeaders:
    """Lays the security headers on every answer; figures are never kept by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                is_static = scope["path"].startswith("/static/")
                headers["Cache-Control"] = _STATIC_AGE if is_static else "no-store"
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self.app(scope, receive, with_headers)


def token_of(request: Request) -> str:
    """The token that forms shown to this browser carry; it tells nothing of the cookie."""
    cookie = request.cookies.get(SESSION_COOKIE) or request.scope.get("visitor") or ""
    cookie = cookie or request.cookies.get(VISITOR_COOKIE, "")
    return hashlib.sha256(f"form|{cookie}".encode()).hexdigest() if cookie else ""


def check_token(request: Request, given: Any) -> None:
    """Refuses a form that was not shown to this browser.

    Raises:
        Forged: its token is missing or another's.
    """
    wanted = token_of(request)
    if not wanted or not isinstance(given, str) or not hmac.compare_digest(wanted, given):
        raise Forged


def is_from_here(headers: Headers) -> bool:
    """Whether a posted form came from a page of this host, as far as the browser tells."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def new_visitor() -> str:
    """A random mark for a browser that has not logged in."""
    return secrets.token_urlsafe(24)
