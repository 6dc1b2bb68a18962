"""Routes as data: each page or act says its address, its template and what it needs.

A route without a need is refused by the gate; the lists in `console.views` are all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from console.desk import Desk, Visit
from console.render import Renderer
from console.security import MAX_UPLOAD_BYTES, check_token
from console.words import plain

PUBLIC = "public"
"""The need of what is answered without login."""
SIGNED_IN = "signed_in"
"""The need of what every account may do."""

Needs = str | tuple[str, ...]
"""A permission of `warehouse.access`, or several of which any will do."""

View = Callable[[Visit], "Mapping[str, Any] | Response"]


@dataclass(frozen=True)
class Page:
    """Something to look at, for people at `path` and for programs at `path.json`."""

    path: str
    template: str
    view: View
    needs: Needs

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods it answers."""
        return ("GET",)


@dataclass(frozen=True)
class Act:
    """Something to do: a posted form, answered by a redirect, a page or a fragment."""

    path: str
    view: View
    needs: Needs
    template: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods it answers."""
        return ("POST",)


@dataclass(frozen=True)
class Download:
    """A file handed out; it has no twin."""

    path: str
    view: View
    needs: Needs

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods it answers."""
        return ("GET",)


Declared = Page | Act | Download


def page_endpoint(desk: Desk, pages: Renderer, route: Page, *, is_json: bool) -> Any:
    """The endpoint of a page or of its twin."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(desk, request, request.scope.get("person"), dict(request.path_params))
        shown = await run_in_threadpool(route.view, visit)
        if isinstance(shown, Response):
            return shown
        if is_json:
            return JSONResponse(plain(shown))
        return await run_in_threadpool(pages.page, visit, route.template, shown)

    endpoint.needs = route.needs  # type: ignore[attr-defined]
    return endpoint


def act_endpoint(desk: Desk, pages: Renderer, route: Act) -> Any:
    """The endpoint of an act: the form is read whole, its token checked, then the view runs."""

    async def endpoint(request: Request) -> Response:
        form: FormData = await request.form(
            max_files=20, max_fields=2000, max_part_size=MAX_UPLOAD_BYTES
        )
        check_token(request, form.get("csrf"))
        # PostgreSQL keeps no NUL; the rest of what somebody wrote is not to be lost over one.
        form = FormData([
            (name, value.replace("\0", "") if isinstance(value, str) else value)
            for name, value in form.multi_items()
        ])  # fmt: skip
        visit = Visit(desk, request, request.scope.get("person"), dict(request.path_params), form)
        answered = await run_in_threadpool(route.view, visit)
        if isinstance(answered, Response):
            return answered
        return await run_in_threadpool(pages.page, visit, route.template, answered)

    endpoint.needs = route.needs  # type: ignore[attr-defined]
    return endpoint
