"""The desk as one application: routes, gate, headers, and what is said of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from fastapi import FastAPI, Request
from starlette.datastructures import FormData, UploadFile
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from console import views
from console.daytime import Daytime
from console.desk import Desk, Visit
from console.errors import ConsoleError, NotAllowed, NotHere, Stale, TooLarge
from console.gate import AccessGate
from console.render import STATIC, Renderer
from console.routes import PUBLIC, Declared, Download, Page, act_endpoint, page_endpoint
from console.security import MAX_UPLOAD_BYTES, SecureHeaders
from warehouse.access.errors import AccessError, Forbidden
from warehouse.access.sessions import Sessions
from warehouse.errors import (
    DecisionRefused,
    NoRelease,
    UnknownSubmission,
    UnknownTarget,
    WarehouseBusy,
    WarehouseError,
)
from warehouse.settings import Settings

KEPT_FIELDS = 60
"""Fields of a half-written form that are carried through a login."""
KEPT_CHARACTERS = 20_000


class _Static(StaticFiles):
    """The vendored files: they need nothing, and they say so."""

    needs = PUBLIC


def create_app(
    settings: Settings, sessions: Sessions | None = None, daytime: Daytime | None = None
) -> FastAPI:
    """The desk of one workspace.

    Args:
        settings: the workspace.
        sessions: the sessions of its accounts; made of the settings when None.
        daytime: how its children are asked; they are started when needed when None.
    """
    desk = Desk(settings, daytime)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    pages = Renderer()
    app.state.desk = desk
    app.state.pages = pages
    app.state.sessions = sessions or Sessions(desk.engine, cities=settings.cities)
    for route in views.declared():
        add_route(app, desk, pages, route)
    app.mount("/static", _Static(directory=STATIC), name="static")
    _say_what_is_wrong(app, desk, pages)
    # The gate refuses in words what says its size; this one stops what does not.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_UPLOAD_BYTES)
    app.add_middleware(AccessGate, of=app, sessions=app.state.sessions)
    app.add_middleware(SecureHeaders)
    if settings.trusted_proxies:
        # Only a proxy named in the settings is believed about who asks and over which scheme.
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    return app


def add_route(app: FastAPI, desk: Desk, pages: Renderer, route: Declared) -> None:
    """Adds one declared route; a page with its twin, which goes first as ids hold dots."""
    if isinstance(route, Page):
        twin = page_endpoint(desk, pages, route, is_json=True)
        path = "/index" if route.path == "/" else route.path
        app.add_api_route(f"{path}.json", twin, methods=["GET"], response_model=None)
        endpoint = page_endpoint(desk, pages, route, is_json=False)
    elif isinstance(route, Download):
        endpoint = page_endpoint(
            desk, pages, Page(route.path, "", route.view, route.needs), is_json=False
        )
    else:
        endpoint = act_endpoint(desk, pages, route)
    app.add_api_route(route.path, endpoint, methods=list(route.methods), response_model=None)


def status_of(error: Exception) -> int:
    """The status of the answer to an error that the rooms raise."""
    if isinstance(error, ConsoleError):
        return error.status
    if isinstance(error, Forbidden):
        return 403
    if isinstance(error, (UnknownSubmission, UnknownTarget, NoRelease)):
        return 404
    if isinstance(error, WarehouseBusy):
        return 503
    return 409 if isinstance(error, DecisionRefused) else 400


def _say_what_is_wrong(app: FastAPI, desk: Desk, pages: Renderer) -> None:
    async def refuse(request: Request, error: Exception) -> Response:
        message = getattr(error, "message_zh", str(error))
        status = status_of(error)
        if isinstance(error, Forbidden):
            _note_forbidden(request, error)
        if request.url.path.endswith(".json"):
            return JSONResponse({"error": message}, status_code=status)
        visit = Visit(desk, request, request.scope.get("person"), {})
        kept = error.kept if isinstance(error, Stale) else {}
        back = error.back if isinstance(error, Stale) else request.headers.get("referer", "/")
        shown = {"message": message, "status": status, "kept": kept, "back": _local(request, back)}
        return pages.page(visit, "refused.html", shown, status)

    async def not_found(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        if status == 404:
            return await refuse(request, NotHere())
        if status == 405:
            return await refuse(request, _Wrong("这个地址不能这样访问；请从页面上的按钮操作。"))
        if status == 413:
            return await refuse(request, TooLarge(MAX_UPLOAD_BYTES))
        return await refuse(request, ConsoleError("请求不完整或无法识别，没有执行任何操作。"))

    async def keep_half_written(request: Request) -> Response:
        """The login page with what was posted kept on it, to be sent again after login."""
        try:
            # The gate stands before the limit on bodies: what does not say its size is not read.
            is_sized = request.headers.get("content-length") is not None
            is_sized = is_sized and "transfer-encoding" not in request.headers
            form = await request.form(max_part_size=MAX_UPLOAD_BYTES) if is_sized else FormData()
        except ClientDisconnect:
            return PlainTextResponse("", status_code=400)
        kept = dict(_texts(form.multi_items()))
        lost = [value.filename for value in form.values() if isinstance(value, UploadFile)]
        visit = Visit(desk, request, None, {})
        shown = {
            "next": request.url.path,
            "kept": json.dumps(kept, ensure_ascii=False),
            "lost": [name for name in lost if name],
            "message": request.scope.get("ended_zh", "") or "登录已失效，请重新登录。",
            "login": "",
        }
        answer = pages.page(visit, "login.html", shown, 401)
        return answer

    app.state.refuse = refuse
    app.state.keep_half_written = keep_half_written
    app.add_exception_handler(ConsoleError, refuse)
    app.add_exception_handler(WarehouseError, refuse)
    app.add_exception_handler(AccessError, refuse)
    for status in (400, 404, 405, 413, 422):
        app.add_exception_handler(status, not_found)


class _Wrong(NotAllowed):
    """A method that an address does not answer."""

    status = 405


def _texts(items: Sequence[tuple[str, object]]) -> Iterator[tuple[str, list[str]]]:
    """The text fields of a form by name, up to what a page can carry."""
    found: dict[str, list[str]] = {}
    for name, value in items[:KEPT_FIELDS]:
        if isinstance(value, str) and name != "csrf" and len(value) <= KEPT_CHARACTERS:
            found.setdefault(name, []).append(value)
    yield from found.items()


def _note_forbidden(request: Request, error: Forbidden) -> None:
    person = request.scope.get("person")
    if person is not None:
        address = request.client.host if request.client else ""
        detail = f"{request.method} {request.url.path[:200]}：{error.permission}"
        request.app.state.sessions.record_forbidden(person, address, detail)


def _local(request: Request, address: str) -> str:
    """An address of this desk; the first page for any other."""
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    path = address.removeprefix(here)
    return path if path.startswith("/") and not path.startswith("//") else "/"


__all__ = ["HTMLResponse", "RequestResponseEndpoint", "add_route", "create_app", "status_of"]
