"""A small OpenID provider on loopback: discovery, authorization, token and keys.

It speaks the protocol to whoever asks; what it shall do wrong is set on it by the test.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT_ID = "qiangshi"
CLIENT_SECRET = "kouling-2026-OIDC"  # planted: no log, report or row may show it


@cache
def _key() -> RSAKey:
    """One key for all tests: making one is what takes long."""
    return RSAKey.generate_key(2048, auto_kid=True)


@dataclass
class IdentityProvider:
    """What the provider knows, and the ways in which a test may bend it."""

    key: RSAKey = field(default_factory=_key)
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "preferred_username": "li", "name": "李某"}
    )
    claims: dict[str, Any] = field(default_factory=dict)
    """Laid over the claims of the next tokens; a value of None leaves a claim out."""
    signing_key: RSAKey | OctKey | None = None
    algorithm: str = "RS256"
    said_issuer: str | None = None
    is_down: bool = False
    issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.said_issuer or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, the person having agreed."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return f"{query['redirect_uri']}?{back}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token for a code, once, to the client that began and holds the verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {basic}":
            return 400, {"error": "invalid_grant"}
        challenge = create_s256_code_challenge(form.get("code_verifier", ""))
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **self.person, **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing_key or self.key
        header = {"alg": self.algorithm, "kid": self.key.kid}
        signed = jwt.encode(header, claims, key, algorithms=[self.algorithm])
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """A provider that listens until the test is over."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.requests.append(parts.path)
            if provider.is_down:
                self._json(503, {})
            elif parts.path.endswith("/.well-known/openid-configuration"):
                self._json(200, provider.metadata())
            elif parts.path == "/keys":
                self._json(200, KeySet([provider.key]).as_dict(private=False))
            elif parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            provider.requests.append(self.path)
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._json(*provider.token(form, self.headers.get("Authorization", "")))

        def _json(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
