"""Coming in and going out: login, first password, logout, and whether the desk is alive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, RedirectResponse, Response

from console.desk import Visit
from console.errors import ConsoleError
from console.navigation import entries_for
from console.routes import PUBLIC, SIGNED_IN, Act, Declared, Page
from console.security import SESSION_COOKIE, VISITOR_COOKIE
from warehouse.access.errors import AccessError
from warehouse.access.sessions import Login, Sessions


def health(visit: Visit) -> Response:
    """Whether the ledger answers; without figures, names or versions."""
    try:
        with visit.engine.connect() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        return JSONResponse({"status": "ledger_unreachable"}, status_code=503)
    return JSONResponse({"status": "ok"})


def start(visit: Visit) -> Response:
    """The first page of an account: the first entry of its bar."""
    entries = entries_for(visit)
    return RedirectResponse(entries[0].path if entries else "/password", status_code=303)


def login_page(visit: Visit) -> Mapping[str, Any] | Response:
    """Where an account logs in."""
    if visit.person is not None:
        return RedirectResponse("/", status_code=303)
    ended = "登录已失效，请重新登录。" if visit.asked("ended") else ""
    return {
        "next": inside(visit.asked("next")), "kept": "", "lost": [], "message": ended, "login": "",
    }  # fmt: skip


def log_in(visit: Visit) -> Response:
    """Opens a session; what was written before it was needed is shown again to be sent."""
    target, kept = inside(visit.field("next")), visit.field("kept")
    try:
        login = _sessions(visit).authenticate(
            visit.field("login"),
            str(visit.form.get("password") or ""),
            address=client_address(visit),
        )
    except AccessError as error:
        shown = {
            "next": target, "kept": kept, "lost": [], "message": error.message_zh,
            "login": visit.field("login")[:64],
        }  # fmt: skip
        page: Response = visit.request.app.state.pages.page(visit, "login.html", shown, 401)
        return page
    if kept:
        answer = _show_kept(visit, login, target, kept)
    elif login.must_change_password:
        answer = RedirectResponse("/password", status_code=303)
    else:
        answer = RedirectResponse(target, status_code=303)
    return with_session(visit, answer, login)


def log_out(visit: Visit) -> Response:
    """Ends the session on the server; the cookie alone is worth nothing then."""
    _sessions(visit).log_out(visit.request.cookies.get(SESSION_COOKIE, ""))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def password_page(visit: Visit) -> dict[str, Any]:
    """Where a password is changed; after a first login nothing else opens before."""
    return {"is_first": visit.person.must_change_password, "message": ""}


def change_password(visit: Visit) -> Response:
    """Changes the password; every other session of the account ends."""
    new = str(visit.form.get("new") or "")
    message = ""
    if new != str(visit.form.get("again") or ""):
        message = "两次输入的新密码不一致。"
    else:
        try:
            token = visit.request.cookies.get(SESSION_COOKIE, "")
            old = str(visit.form.get("old") or "")
            login = _sessions(visit).change_password(token, old, new)
        except AccessError as error:
            message = error.message_zh
    if message:
        shown = {"is_first": visit.person.must_change_password, "message": message}
        page: Response = visit.request.app.state.pages.page(visit, "password.html", shown, 400)
        return page
    return with_session(visit, RedirectResponse("/?done=密码已更改。", status_code=303), login)


def _show_kept(visit: Visit, login: Login, target: str, kept: str) -> Response:
    """What was half-written when the session ended, to be looked at and sent again."""
    try:
        fields = json.loads(kept)
        items = [(str(name), str(value)) for name, values in fields.items() for value in values]
    except (ValueError, AttributeError, TypeError) as error:
        raise ConsoleError("保留的内容已损坏，请重新填写。") from error
    # The page is shown to the new session, whose token its form must carry.
    visit.request.cookies[SESSION_COOKIE] = login.token
    visit.person = login.identity
    shown = {"target": target, "items": items}
    page: Response = visit.request.app.state.pages.page(visit, "kept.html", shown)
    return page


def _sessions(visit: Visit) -> Sessions:
    found: Sessions = visit.request.app.state.sessions
    return found


def client_address(visit: Visit) -> str:
    """Where the one who asks comes from; a proxy is believed where the settings say so."""
    client = visit.request.client
    return client.host if client else ""


def with_session(visit: Visit, answer: Response, login: Login) -> Response:
    """The answer, with the session in a cookie that no script reads."""
    answer.set_cookie(
        SESSION_COOKIE, login.token, httponly=True, samesite="lax", path="/",
        secure=visit.request.url.scheme == "https",
    )  # fmt: skip
    answer.delete_cookie(VISITOR_COOKIE)
    return answer


def inside(address: str) -> str:
    """An address of this desk to go on to; never another host's."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\", "/login", "/logout"))
    # Browsers pass over tabs and line ends in an address, which would make "//" of "/\t/".
    return address if is_ours and address.isprintable() else "/"


ROUTES: tuple[Declared, ...] = (
    Page("/healthz", "", health, PUBLIC),
    Page("/", "", start, SIGNED_IN),
    Page("/login", "login.html", login_page, PUBLIC),
    Act("/login", log_in, PUBLIC),
    Act("/logout", log_out, SIGNED_IN),
    Page("/password", "password.html", password_page, SIGNED_IN),
    Act("/password", change_password, SIGNED_IN),
)
