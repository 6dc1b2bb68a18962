"""The one gate before all views: which route, who asks, may they; what is not declared is refused.

It looks a request up in the application's own routes, so that a route added in whatever way, even
past the lists of `console.views`, is refused unless it says what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import ConsoleError, Forged, NotAllowed, NotDeclared, TooLarge
from console.reach import holds
from console.routes import PUBLIC, SIGNED_IN
from console.security import (
    MAX_UPLOAD_BYTES,
    SAFE_METHODS,
    SESSION_COOKIE,
    VISITOR_COOKIE,
    is_from_here,
    new_visitor,
)
from warehouse.access.errors import SessionEnded
from warehouse.access.scope import Identity

if TYPE_CHECKING:
    from fastapi import FastAPI

    from warehouse.access.sessions import Sessions

PASSWORD_PATHS = frozenset({"/password", "/logout"})
"""What an account with a first password may open until it has chosen its own."""


class AccessGate:
    """Stands around the router."""

    def __init__(self, app: ASGIApp, *, of: FastAPI, sessions: Sessions) -> None:
        self.app = app
        self._of = of
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through to its view, or answers it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            _refuse_unreadable(scope)
            answer = await self._judge(request)
        except ConsoleError as error:
            answer = await self._of.state.refuse(request, error)
        if scope.get("visitor"):
            send = _with_visitor(scope, send)
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await answer(scope, receive, send)

    async def _judge(self, request: Request) -> Response | None:
        """None where the view may answer."""
        scope = request.scope
        matched = self._route(scope)
        if matched is None:
            return None  # the router says that there is nothing
        needs = getattr(matched, "needs", None)
        if not needs:
            raise NotDeclared
        if scope["method"] not in SAFE_METHODS:
            if not is_from_here(request.headers):
                raise Forged
            length = request.headers.get("content-length", "0")
            if not length.isdigit() or int(length) > MAX_UPLOAD_BYTES:
                raise TooLarge(MAX_UPLOAD_BYTES)
        person = scope["person"] = await run_in_threadpool(self._who, request)
        if person is None and not {VISITOR_COOKIE, SESSION_COOKIE} & set(request.cookies):
            scope["visitor"] = new_visitor()
        if needs == PUBLIC:
            return None
        if person is None:
            return await self._ask_to_log_in(request)
        if person.must_change_password and scope["path"] not in PASSWORD_PATHS:
            if scope["path"].endswith(".json"):
                raise NotAllowed("请先登录网页修改初始密码。")
            return RedirectResponse("/password", status_code=303)
        if needs != SIGNED_IN and not holds(person, needs):
            raise NotAllowed("你的岗位没有这项权限；如属误设，请联系安全管理员。")
        return None

    def _who(self, request: Request) -> Identity | None:
        """The person whose session the browser holds; nobody once it has ended."""
        token = request.cookies.get(SESSION_COOKIE)
        if not token:
            return None
        try:
            return self._sessions.identity_of(token)
        except SessionEnded as error:
            request.scope["ended_zh"] = error.message_zh
            return None

    def _route(self, scope: Scope) -> Any:
        """The endpoint that will answer; None where none will."""
        for route in self._of.router.routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                return child.get("endpoint") or getattr(route, "app", route)
        return None

    async def _ask_to_log_in(self, request: Request) -> Response:
        path = request.url.path
        if path.endswith(".json"):
            return JSONResponse({"error": "请先登录。"}, status_code=401)
        if request.method in SAFE_METHODS:
            target = path + (f"?{request.url.query}" if request.url.query else "")
            ended = "&ended=1" if SESSION_COOKIE in request.cookies else ""
            return RedirectResponse(f"/login?next={quote(target)}{ended}", status_code=303)
        response: Response = await self._of.state.keep_half_written(request)
        return response


def _refuse_unreadable(scope: Scope) -> None:
    """Refuses an address with NUL in it, which PostgreSQL keeps in no text.

    Raises:
        ConsoleError: there is one.
    """
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise ConsoleError("地址中有无法识别的字符，请检查链接是否完整。")


def _with_visitor(scope: Scope, send: Send) -> Send:
    """Gives the browser the mark that its login form is bound to."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            secure = "; Secure" if scope.get("scheme") == "https" else ""
            cookie = f"{VISITOR_COOKIE}={scope['visitor']}; Path=/; HttpOnly; SameSite=Lax{secure}"
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return sending
