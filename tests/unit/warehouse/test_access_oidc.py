"""Logging in by a real provider on loopback: whom it vouches for, and what it is not believed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import func, select

from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider
from tests.unit.warehouse.access_builders import CHEAP, MORNING, Office, post
from warehouse.access.accounts import add_account, grant_post, set_disabled
from warehouse.access.errors import LoginFailed
from warehouse.access.oidc import Provider, ProviderUnusable
from warehouse.access.scope import Place, may
from warehouse.access.sessions import Login
from warehouse.access.tables import accounts, oidc_logins, security_events
from warehouse.settings import Settings

BACK = "http://127.0.0.1:8080/oidc/back"


@pytest.fixture
def far() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def office(ledger) -> Office:
    office = Office(ledger.engine)
    add_account(
        ledger.engine, "li", "李某", author="root", now=MORNING, has_password=False, hasher=CHEAP
    )
    grant_post(ledger.engine, "li", post("city_steward"), author="root", now=MORNING)
    return office


@pytest.fixture
def ours(far: IdentityProvider) -> Provider:
    return Provider(far.issuer, CLIENT_ID, BACK, CLIENT_SECRET)


def answered(office: Office, ours: Provider, next_path: str = "/") -> tuple[dict[str, str], str]:
    """What a browser brings back from the provider, and the secret in its cookie."""
    begun = ours.begin(office.engine, now=office.clock(), next_path=next_path)
    sent = httpx.get(begun.url, follow_redirects=False)
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(BACK)
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}, begun.browser_secret


def log_in(office: Office, ours: Provider, next_path: str = "/") -> tuple[Login, str]:
    answer, secret = answered(office, ours, next_path)
    return ours.finish(office.sessions, answer, secret, address="192.0.2.1")


def acts(office: Office) -> list[str]:
    with office.engine.connect() as connection:
        asked = select(security_events.c.act).order_by(security_events.c.event_order)
        return list(connection.execute(asked).scalars())


def test_a_person_whom_the_provider_vouches_for_has_the_posts_held_here(
    office: Office, ours: Provider, far: IdentityProvider
) -> None:
    login, path = log_in(office, ours, "/queue?page=2")
    assert (login.identity.login, path) == ("li", "/queue?page=2")
    assert may(office.sessions.identity_of(login.token), "filings.read", Place("150400"))
    assert acts(office)[-2:] == ["account_linked", "login"]
    # From now on the subject counts, whatever the provider calls the person.
    far.person["preferred_username"] = "someone-else"
    assert log_in(office, ours)[0].identity.login == "li"


@pytest.mark.parametrize("path", ["https://example.org/", "//example.org/", "/\\example.org", "q"])
def test_a_login_leads_to_no_other_site(office: Office, ours: Provider, path: str) -> None:
    assert log_in(office, ours, path)[1] == "/"


@pytest.mark.parametrize("named", ["wang", "", None, "sun"])
def test_a_name_alone_opens_neither_an_account_with_a_password_nor_one_of_another(
    office: Office, ours: Provider, far: IdentityProvider, named: str | None
) -> None:
    office.add("wang", post("city_approver"))
    log_in(office, ours)
    far.person = {"sub": "u-2", "preferred_username": named}
    with pytest.raises(LoginFailed):
        log_in(office, ours)
    far.person = {"sub": "u-3", "preferred_username": "li"}
    with pytest.raises(LoginFailed):
        log_in(office, ours)
    with office.engine.connect() as connection:
        assert connection.execute(select(func.count(accounts.c.oidc_subject))).scalar() == 1


def test_a_disabled_account_stays_out(office: Office, ours: Provider) -> None:
    set_disabled(office.engine, "li", is_disabled=True, author="root", now=MORNING)
    with pytest.raises(LoginFailed):
        log_in(office, ours)


def test_an_account_without_a_password_cannot_be_opened_by_one(office: Office) -> None:
    with pytest.raises(LoginFailed):
        office.sessions.authenticate("li", "", address="192.0.2.1")


@pytest.mark.parametrize(
    "changes",
    [{"state": "other"}, {"state": ""}, {"code": ""}, {"error": "access_denied", "code": ""}],
)
def test_an_answer_to_no_login_of_ours_opens_nothing(
    office: Office, ours: Provider, changes: dict[str, str]
) -> None:
    answer, secret = answered(office, ours)
    with pytest.raises(LoginFailed):
        ours.finish(office.sessions, answer | changes, secret, address="192.0.2.1")
    assert acts(office)[-1] == "login_failed"


def test_an_answer_slipped_to_another_browser_opens_nothing(office: Office, ours: Provider) -> None:
    answer, _ = answered(office, ours)
    with pytest.raises(LoginFailed):
        ours.finish(office.sessions, answer, "another-browser", address="192.0.2.1")


def test_an_answer_counts_once_and_not_for_long(office: Office, ours: Provider) -> None:
    answer, secret = answered(office, ours)
    ours.finish(office.sessions, answer, secret, address="192.0.2.1")
    with pytest.raises(LoginFailed):
        ours.finish(office.sessions, answer, secret, address="192.0.2.1")
    for step in ({"minutes": 11}, {"minutes": -11}):
        answer, secret = answered(office, ours)
        office.clock.move(**step)
        with pytest.raises(LoginFailed):
            ours.finish(office.sessions, answer, secret, address="192.0.2.1")
    office.clock.move(minutes=30)
    answered(office, ours)
    with office.engine.connect() as connection:
        assert connection.execute(select(func.count(oidc_logins.c.nonce))).scalar() == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["another-client", CLIENT_ID], "azp": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"exp": int(time.time()) - 600},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_us_now_is_not_believed(
    office: Office, ours: Provider, far: IdentityProvider, claims: dict[str, object]
) -> None:
    far.claims = claims
    with pytest.raises(ProviderUnusable, match="未通过验证"):
        log_in(office, ours)


@pytest.mark.filterwarnings("ignore:JWS algorithm")
@pytest.mark.parametrize("how", ["another key", "a shared secret", "no signature"])
def test_a_token_that_the_provider_did_not_sign_is_not_believed(
    office: Office, ours: Provider, far: IdentityProvider, how: str
) -> None:
    if how == "another key":
        far.signing_key = RSAKey.generate_key(2048)
    elif how == "a shared secret":
        far.algorithm, far.signing_key = "HS256", OctKey.generate_key(256)
    else:
        far.algorithm = "none"
    with pytest.raises(ProviderUnusable, match="未通过验证"):
        log_in(office, ours)


def test_a_wrong_client_secret_is_told_as_trouble_of_the_provider(
    office: Office, ours: Provider
) -> None:
    with pytest.raises(ProviderUnusable, match="可改用账户和密码登录"):
        log_in(office, replace(ours, client_secret="wrong"))
    assert CLIENT_SECRET not in repr(ours)


def test_a_provider_that_is_down_or_another_than_it_says_is_not_used(
    office: Office, ours: Provider, far: IdentityProvider
) -> None:
    far.said_issuer = "https://elsewhere.example"
    with pytest.raises(ProviderUnusable, match="自述与设置不符"):
        ours.begin(office.engine, now=MORNING)
    far.is_down = True
    with pytest.raises(ProviderUnusable):
        ours.begin(office.engine, now=MORNING)


def test_the_settings_name_a_provider_or_none(settings: Settings, monkeypatch) -> None:
    assert Provider.of(settings) is None
    set_up = replace(settings, oidc_issuer="https://id.example.cn/", oidc_redirect_uri=BACK)
    monkeypatch.setenv("QIANGSHI_SECRET_OIDC_USER", CLIENT_ID)
    monkeypatch.setenv("QIANGSHI_SECRET_OIDC_PASSWORD", CLIENT_SECRET)
    found = Provider.of(set_up)
    assert (found and found.issuer) == "https://id.example.cn"
    with pytest.raises(ProviderUnusable, match="https"):
        Provider.of(replace(set_up, oidc_issuer="http://id.example.cn"))
    with pytest.raises(ProviderUnusable, match="REDIRECT"):
        Provider.of(replace(set_up, oidc_redirect_uri=None))
