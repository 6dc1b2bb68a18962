"""Coming in by a real identity provider on loopback, link by link as a browser follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.console.conftest import Office, Visitor, post_of
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider
from tests.unit.warehouse.access_builders import CHEAP
from warehouse.access.accounts import add_account, grant_post

BACK = "http://127.0.0.1:8080/oidc/back"


@pytest.fixture
def far() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def linked(opened: Callable[..., Office], far: IdentityProvider) -> Office:
    """The desk of a city with a provider, and an account without a password."""
    office = opened(QIANGSHI_OIDC_ISSUER=far.issuer, QIANGSHI_OIDC_REDIRECT_URI=BACK)
    engine, now = office.engine, office.clock()
    add_account(engine, "li", "李某", author="root", now=now, has_password=False, hasher=CHEAP)
    grant_post(engine, "li", post_of("city_steward"), author="root", now=now)
    office.settings.secrets.mkdir(exist_ok=True)
    secret = office.settings.secrets / "oidc.toml"
    secret.write_text(f'user = "{CLIENT_ID}"\npassword = "{CLIENT_SECRET}"\n', encoding="utf-8")
    secret.chmod(0o600)
    return office


def sent_back(visitor: Visitor, start: str = "/oidc/start") -> str:
    """The address of the desk to which the provider sends this browser."""
    begun = visitor.get(start)
    assert begun.status_code == 303
    answered = httpx.get(begun.headers["location"], follow_redirects=False)
    assert answered.headers["location"].startswith(BACK)
    parts = urlsplit(answered.headers["location"])
    return f"{parts.path}?{parts.query}"


def test_the_login_page_leads_to_the_citys_provider_and_back_to_the_page_wanted(
    linked: Office,
) -> None:
    visitor = linked.visitor()
    page = visitor.get("/login?next=/queue")
    assert 'href="/oidc/start?next=/queue"' in page.text
    back = visitor.get(sent_back(visitor, "/oidc/start?next=/queue"))
    assert (back.status_code, back.headers["location"]) == (303, "/queue")
    assert visitor.get("/queue").status_code == 200


def test_without_a_provider_neither_the_link_nor_its_addresses_are_there(office: Office) -> None:
    assert "/oidc/" not in office.visitor().get("/login").text
    assert office.visitor().get("/oidc/start").status_code == 404
    assert office.visitor().get("/oidc/back?code=1&state=2").status_code == 404


def test_an_answer_opens_the_desk_to_no_other_browser_and_only_once(linked: Office) -> None:
    visitor, thief = linked.visitor(), linked.visitor()
    answer = sent_back(visitor)
    stolen = thief.get(answer)
    assert stolen.status_code == 401
    assert "登录" in stolen.text
    assert visitor.get(answer).status_code == 401  # the try has spent it
    assert visitor.get(sent_back(visitor)).status_code == 303


def test_a_person_without_an_account_here_is_told_so_on_the_login_page(
    linked: Office, far: IdentityProvider
) -> None:
    far.person["preferred_username"] = "nobody"
    visitor = linked.visitor()
    answer = visitor.get(sent_back(visitor))
    assert answer.status_code == 401
    assert "统一身份登录" in answer.text
    assert visitor.get("/queue").status_code == 303


def test_a_provider_that_is_down_or_without_its_secret_leaves_the_password_login_open(
    linked: Office, far: IdentityProvider
) -> None:
    far.is_down = True
    assert "可改用账户和密码登录" in linked.visitor().get("/oidc/start").text
    far.is_down = False
    (linked.settings.secrets / "oidc.toml").unlink()
    refused = linked.visitor().get("/oidc/start")
    assert refused.status_code == 400
    assert CLIENT_SECRET not in refused.text
    assert linked.visitor().log_in("city_steward").status_code == 303


def test_no_way_leads_to_another_site(linked: Office) -> None:
    visitor = linked.visitor()
    back = visitor.get(sent_back(visitor, "/oidc/start?next=//example.org/"))
    assert back.headers["location"] == "/"
