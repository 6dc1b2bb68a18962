"""Logging in by the city's own identity provider (OpenID Connect, authorization code with PKCE).

Optional: without `QIANGSHI_OIDC_ISSUER` there is none. The provider says who somebody is, never
what they may do: posts are held here. Client id and secret are the credentials of the key `oidc`.

The console sends the browser to `begin().url`, keeps `begin().browser_secret` in a cookie of that
browser, and hands what comes back to `finish`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Engine, delete, insert, select, update

from sources.channels.credentials import Secrets
from warehouse.access import security_events
from warehouse.access.accounts import normal_login
from warehouse.access.errors import AccessError, LoginFailed
from warehouse.access.sessions import Login, Sessions
from warehouse.access.tables import accounts, oidc_logins
from warehouse.ledger.engine import writing
from warehouse.settings import Settings

CREDENTIALS = "oidc"
_SCOPE = "openid profile"
# Signatures that only the provider can make; a shared secret or none at all is no proof.
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_UNDERWAY = timedelta(minutes=10)
_TIMEOUT_SECONDS = 10.0
_LEEWAY_SECONDS = 60


class ProviderUnusable(AccessError):
    """The identity provider cannot be reached, or says what cannot be trusted."""

    def __init__(self, why_zh: str) -> None:
        """Say why; the password login stays open."""
        super().__init__(f"统一身份登录暂不可用：{why_zh}；可改用账户和密码登录。")


@dataclass(frozen=True)
class Begun:
    """A login on its way: where to send the browser, and what that browser must bring back."""

    url: str
    browser_secret: str = field(repr=False)


@dataclass(frozen=True)
class Provider:
    """The identity provider of a workspace."""

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str = field(repr=False)
    ca_file: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Provider | None:
        """The provider that the settings name; None when they name none.

        Raises:
            ProviderUnusable: its address or the console's is no https address.
            ChannelError: its credentials are missing or open to others.
        """
        if settings.oidc_issuer is None:
            return None
        if settings.oidc_redirect_uri is None:
            raise ProviderUnusable("没有设置 QIANGSHI_OIDC_REDIRECT_URI")
        for url in (settings.oidc_issuer, settings.oidc_redirect_uri):
            _refuse_plain(url)
        opened = Secrets(settings.secrets).of(CREDENTIALS)
        ca_file = str(settings.ca_file) if settings.ca_file else None
        return cls(
            settings.oidc_issuer.rstrip("/"), opened.user, settings.oidc_redirect_uri,
            opened.password or "", ca_file,
        )  # fmt: skip

    def begin(self, engine: Engine, *, now: datetime, next_path: str = "/") -> Begun:
        """A login on its way, written down so that only its own browser can end it, once.

        Raises:
            ProviderUnusable: the provider cannot be reached.
        """
        endpoint = self._metadata()["authorization_endpoint"]
        state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        with writing(engine) as connection:
            connection.execute(delete(oidc_logins).where(oidc_logins.c.begun_at < now - _UNDERWAY))
            connection.execute(
                insert(oidc_logins).values(
                    state_sha256=_digest(state),
                    browser_sha256=_digest(browser),
                    nonce=nonce,
                    code_verifier=verifier,
                    next_path=_own_path(next_path),
                    begun_at=now,
                )
            )
        url = add_params_to_uri(
            endpoint,
            {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": _SCOPE,
                "state": state,
                "nonce": nonce,
                "code_challenge": create_s256_code_challenge(verifier),
                "code_challenge_method": "S256",
            },
        )
        return Begun(url, browser)

    def finish(
        self, doors: Sessions, answer: Mapping[str, str], browser_secret: str, *, address: str
    ) -> tuple[Login, str]:
        """A session for whom the provider vouches, and the path they wanted.

        Args:
            doors: the workspace's sessions.
            answer: the query the browser came back with.
            browser_secret: what `begin` gave that browser.
            address: the browser's address.

        Raises:
            LoginFailed: the answer is not one to a login of this browser, or nobody here is meant.
            ProviderUnusable: the provider cannot be reached, or its token does not hold.
        """
        now = doors.now()
        underway = _taken(doors.engine, answer.get("state", ""), browser_secret, now)
        if underway is None or not answer.get("code"):
            _tell_failure(doors.engine, address, now, "统一身份登录的回应不属于本次登录")
            raise LoginFailed
        claims = self._claims(answer["code"], underway)
        login = _account_of(doors.engine, self.issuer, claims, now)
        if login is None:
            _tell_failure(doors.engine, address, now, "统一身份没有对应的账户")
            raise LoginFailed
        opened = doors.open_for(login, address=address, detail_zh="统一身份")
        return opened, str(underway["next_path"])

    def _claims(self, code: str, underway: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = self._metadata()
        token = self._asked(
            lambda client: client.post(
                metadata["token_endpoint"],
                data={
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": self.redirect_uri,
                    "code_verifier": underway["code_verifier"],
                },
                auth=httpx.BasicAuth(self.client_id, self.client_secret),
            )
        )
        keys: Any = self._asked(lambda client: client.get(metadata["jwks_uri"]))
        try:
            decoded = jwt.decode(
                str(token.get("id_token", "")), KeySet.import_key_set(keys), algorithms=_ALGORITHMS
            )
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                },
                {
                    "nonce": underway["nonce"],
                    "client_id": self.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError) as error:
            raise ProviderUnusable("身份令牌未通过验证") from error
        return claims

    def _metadata(self) -> dict[str, Any]:
        found = self._asked(
            lambda client: client.get(get_well_known_url(self.issuer, external=True))
        )
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer", "").rstrip("/") != self.issuer or any(
            name not in found for name in wanted
        ):
            raise ProviderUnusable("身份服务的自述与设置不符")
        for name in wanted:
            _refuse_plain(found[name])
        return found

    def _asked(self, ask: Callable[[httpx.Client], httpx.Response]) -> dict[str, Any]:
        try:
            with httpx.Client(timeout=_TIMEOUT_SECONDS, verify=_trusted(self.ca_file)) as client:
                answer = ask(client)
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnusable("身份服务没有给出可用的回应") from error
        if not isinstance(found, dict):
            raise ProviderUnusable("身份服务没有给出可用的回应")
        return found


@cache
def _trusted(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _taken(
    engine: Engine, state: str, browser_secret: str, now: datetime
) -> Mapping[str, Any] | None:
    """The login on its way that an answer belongs to; it can be taken once."""
    with writing(engine) as connection:
        named = oidc_logins.c.state_sha256 == _digest(state)
        row = connection.execute(select(oidc_logins).where(named)).mappings().first()
        if row is None:
            return None
        connection.execute(delete(oidc_logins).where(named))
        age = now - row["begun_at"]
        is_own = secrets.compare_digest(row["browser_sha256"], _digest(browser_secret))
        return dict(row) if is_own and timedelta(0) <= age < _UNDERWAY else None


def _account_of(
    engine: Engine, issuer: str, claims: Mapping[str, Any], now: datetime
) -> str | None:
    """The login a subject is linked to; a first coming links an account made without a password."""
    subject = str(claims["sub"])
    named = normal_login(str(claims.get("preferred_username") or ""))
    with writing(engine) as connection:
        linked = select(accounts.c.login).where(
            accounts.c.oidc_issuer == issuer, accounts.c.oidc_subject == subject
        )
        login: str | None = connection.execute(linked).scalar()
        if login is not None:
            return login
        waiting = (
            update(accounts)
            .where(
                accounts.c.login == named,
                accounts.c.password_hash.is_(None),
                accounts.c.oidc_subject.is_(None),
            )
            .values(oidc_issuer=issuer, oidc_subject=subject)
        )
        if connection.execute(waiting).rowcount != 1:
            return None
        security_events.record(
            connection, "account_linked", author=named, subject=named, now=now, detail_zh=issuer
        )
        return named


def _tell_failure(engine: Engine, address: str, now: datetime, detail_zh: str) -> None:
    with writing(engine) as connection:
        security_events.record(
            connection, "login_failed", author="未知账户", address=address, now=now,
            detail_zh=detail_zh,
        )  # fmt: skip


def _own_path(path: str) -> str:
    """A path of the console itself; one that names a host would lead browsers elsewhere."""
    return path if path.startswith("/") and path[1:2] not in ("/", "\\") else "/"


def _refuse_plain(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    # On the machine itself nobody listens on the line.
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return
    raise ProviderUnusable(f"“{url}”不是 https 地址")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
