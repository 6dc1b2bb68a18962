"""报送进度: unit by period, rates, reminder texts to copy, and closing periods (封库、开封)."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from console import reach
from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.routes import Act, Declared, Page
from sources.periods import PeriodError, parse_period
from warehouse.access.scope import Place, may, require
from warehouse.errors import NoRelease
from warehouse.ledger.closing import close, closed_periods, closing_versions, reopen
from warehouse.ledger.tables import submissions
from warehouse.queries.grid import expected_cells, matrix, newest_of
from warehouse.queries.reminders import owed_now, reminder_text

PERIODS = 12


def progress(visit: Visit) -> dict[str, Any]:
    """One form of one city: who has filed what, and how it stands now."""
    definitions = visit.definitions
    units = reach.units_within(visit, "filings.read")
    cities = sorted({one.city_code for one in units})
    forms = {
        one.form_code: one.form_zh
        for one in definitions.form_versions
        if one.form_kind != "authority"
    }
    city = visit.asked("city") or (cities[0] if cities else "")
    form = visit.asked("form") or next(iter(forms), "")
    if city and city not in cities:
        raise NotHere(f"城市“{city[:20]}”")
    if form not in forms:
        raise NotHere(f"报表“{form[:40]}”")
    scope = reach.scope(visit)
    mine = {one.unit_code for one in units}
    problem = ""
    try:
        expected = expected_cells(visit.settings, city, form, PERIODS)
    except NoRelease as error:
        expected, problem = [], error.message_zh
    expected = [row for row in expected if row["unit_code"] in mine]
    periods = [row["period_code"] for row in expected]
    newest = newest_of(
        visit.engine, form, periods,
        scope.where(submissions.c.city_code, submissions.c.unit_code),
    )  # fmt: skip
    columns, rows, rates = matrix(expected, newest, visit.desk.now())
    with visit.engine.connect() as connection:
        closed = {
            period: row
            for (where, which, period), row in closed_periods(connection).items()
            if (where, which) == (city, form)
        }
        versions = {
            period: number
            for (where, which, period), number in closing_versions(connection).items()
            if (where, which) == (city, form)
        }
    place = Place(city)
    return {
        "cities": {code: definitions.units[code].unit_name_zh for code in cities},
        "forms": forms,
        "city": city,
        "form": form,
        "periods": columns,
        "rows": rows,
        "rates": rates,
        "closed": closed,
        "closing_versions": versions,
        "may_close": may(visit.person, "periods.close", place),
        "may_reopen": may(visit.person, "periods.reopen", place),
        "problem": problem,
    }


def reminders(visit: Visit) -> dict[str, Any]:
    """What is late, unit by unit, each with a text to copy (催报)."""
    mine = {one.unit_code for one in reach.units_within(visit, "filings.read")}
    forms = {one.form_code: one.form_zh for one in visit.definitions.form_versions}
    now = visit.desk.now()
    problem = ""
    try:
        owed = owed_now(visit.settings, visit.engine, forms, now=now)
    except NoRelease as error:
        owed, problem = [], error.message_zh
    late = sorted(
        (one for one in owed if one.unit_code in mine and one.days_late > 0),
        key=lambda one: (one.city_code, one.unit_code),
    )
    told = []
    for unit, group in groupby(late, key=lambda one: one.unit_code):
        listed = sorted(group, key=lambda one: -one.days_late)
        told.append({
            "unit_code": unit,
            "unit_name_zh": listed[0].unit_name_zh,
            "count": len(listed),
            "days_late": listed[0].days_late,
            "text": reminder_text(listed, now),
        })  # fmt: skip
    told.sort(key=lambda one: (-one["count"], one["unit_code"]))
    return {"rows": told, "problem": problem, "total": len(late)}


def close_period(visit: Visit) -> Response:
    """封库: its figures stand as they are until a reopening."""
    subject = _subject(visit, "periods.close")
    done = close(
        visit.engine, subject, author=author_of(visit), at=visit.desk.moment(),
        reason=visit.field("reason"), expected_version=_version(visit),
    )  # fmt: skip
    said = "已封库。"
    if done.waiting:
        said += f"尚有 {len(done.waiting)} 件未市级接收。"
    return _back(subject, said)


def reopen_period(visit: Visit) -> Response:
    """开封: with a reason, into a named release; what waited for it is checked anew."""
    subject = _subject(visit, "periods.reopen")
    done = reopen(
        visit.engine, subject, author=author_of(visit), at=visit.desk.moment(),
        reason=visit.field("reason"), release_name=visit.field("release_name"),
        expected_version=_version(visit),
    )  # fmt: skip
    if done.waiting:
        visit.desk.daytime.take_in(author_of(visit))
    said = "已开封。" + (f"{len(done.waiting)} 件补报、更正重新审核。" if done.waiting else "")
    return _back(subject, said)


def _subject(visit: Visit, permission: str) -> tuple[str, str, str]:
    city, form, period = (visit.params[name] for name in ("city_code", "form_code", "period_code"))
    if not reach.scope(visit).reaches(Place(city)):
        raise NotHere(f"城市“{city[:20]}”")
    require(visit.person, permission, Place(city))
    known = {one.form_code for one in visit.definitions.form_versions}
    try:
        parse_period(period)
    except PeriodError as error:
        raise ConsoleError("没有这张报表或这个报告期。") from error
    if form not in known:
        raise ConsoleError("没有这张报表或这个报告期。")
    return city, form, period


def _version(visit: Visit) -> int | None:
    text = visit.field("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _back(subject: tuple[str, str, str], said: str) -> Response:
    address = f"/progress?city={quote(subject[0])}&form={quote(subject[1])}&done={quote(said)}"
    return RedirectResponse(address, status_code=303)


ROUTES: tuple[Declared, ...] = (
    Page("/progress", "progress.html", progress, "filings.read"),
    Page("/progress/reminders", "reminders.html", reminders, "filings.read"),
    Act("/periods/{city_code}/{form_code}/{period_code}/close", close_period, "periods.close"),
    Act("/periods/{city_code}/{form_code}/{period_code}/reopen", reopen_period, "periods.reopen"),
)
