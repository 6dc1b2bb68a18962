"""Coming in by the city's own identity provider, where the settings name one."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from console.desk import Visit
from console.errors import NotHere
from console.routes import PUBLIC, Declared, Download
from console.views.entrance import client_address, inside, with_session
from sources.channels.errors import ChannelError
from warehouse.access.errors import AccessError
from warehouse.access.oidc import Provider, ProviderUnusable

BROWSER_COOKIE = "qiangshi_oidc"
"""What the browser that began a login must bring back; for these two addresses alone."""
_MINUTES = 10


def begin(visit: Visit) -> Response:
    """Sends the browser to the provider; what it must bring back stays in a cookie of its own."""
    provider = _provider(visit)
    begun = provider.begin(
        visit.engine,
        now=visit.request.app.state.sessions.now(),
        next_path=inside(visit.asked("next")),
    )
    answer = RedirectResponse(begun.url, status_code=303)
    answer.set_cookie(
        BROWSER_COOKIE, begun.browser_secret, httponly=True, samesite="lax", path="/oidc",
        max_age=_MINUTES * 60, secure=visit.request.url.scheme == "https",
    )  # fmt: skip
    return answer


def come_back(visit: Visit) -> Response:
    """Opens a session for whom the provider vouches; a failure is told on the login page."""
    secret = visit.request.cookies.get(BROWSER_COOKIE, "")
    try:
        login, path = _provider(visit).finish(
            visit.request.app.state.sessions,
            dict(visit.request.query_params),
            secret,
            address=client_address(visit),
        )
    except AccessError as error:
        shown = {"next": "/", "kept": "", "lost": [], "message": error.message_zh, "login": ""}
        answer: Response = visit.request.app.state.pages.page(visit, "login.html", shown, 401)
    else:
        answer = with_session(visit, RedirectResponse(inside(path), status_code=303), login)
    answer.delete_cookie(BROWSER_COOKIE, path="/oidc")
    return answer


def _provider(visit: Visit) -> Provider:
    try:
        found = Provider.of(visit.settings)
    except ChannelError as error:
        # Which file is missing or open to others is nothing for whoever looks at a login page.
        raise ProviderUnusable("它的凭据还没有设置好") from error
    if found is None:
        raise NotHere("统一身份登录")
    return found


ROUTES: tuple[Declared, ...] = (
    Download("/oidc/start", begin, PUBLIC),
    Download("/oidc/back", come_back, PUBLIC),
)
