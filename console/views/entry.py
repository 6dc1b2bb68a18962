"""填报、代录: a form typed into a page, which becomes a workbook like any other.

The figures are laid into the form's own template, the workbook is checked and handed in; so that
a number of the web ends in a cell of stored bytes as one of a file does.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from console import children, handing, reach
from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError
from console.filled import drawn
from console.routes import Act, Declared, Page
from console.views.filing import checked_number, forms_to_file, subject
from sources.definitions import FormVersion, Unit
from sources.periods import Period
from sources.templates import (
    FOOTER_LABELS_ZH,
    FormGrid,
    Value,
    ValueKey,
    blueprint,
    fill,
    render_workbook,
)
from warehouse.access.scope import Place, may
from warehouse.connection import between_writers
from warehouse.ledger.tables import submissions
from warehouse.queries import filed
from warehouse.queries.filed import FiledValue


def entry_list(visit: Visit) -> dict[str, Any]:
    """The forms a unit may fill in on the web, and what of each has come."""
    units = reach.units_within(visit, *reach.FILING)
    chosen = visit.asked("unit") or (units[0].unit_code if units else "")
    unit = reach.unit(visit, chosen, *reach.FILING) if chosen else None
    forms = [one for one in forms_to_file(visit, unit) if one["is_table"]] if unit else []
    return {
        "units": [{"unit_code": one.unit_code, "unit_name_zh": one.unit_name_zh} for one in units],
        "unit": chosen,
        "forms": forms,
        "tasks": visit.desk.daytime.under_way(),
        "states": _states(visit, unit) if unit else {},
    }


def entry_page(visit: Visit) -> dict[str, Any]:
    """One form to be filled in; what was filed last for the period stands in it."""
    unit, version, period = subject(visit, *reach.FILING)
    values = _last_filed(visit, unit, version, period)
    return _shown(visit, unit, version, period, values, people={}, is_nil=False, answer=None)


def enter(visit: Visit) -> Mapping[str, Any] | Response:
    """Checks what was typed; with `act=submit` it is handed in as well."""
    unit, version, period = subject(visit, *reach.FILING)
    typed = _typed(visit, version)
    people = {label: visit.field(f"p|{label}")[:60] for label in FOOTER_LABELS_ZH}
    is_nil = visit.field("is_nil") == "yes"
    is_on_behalf = not may(visit.person, "filings.submit", _place(unit))
    papers = _papers(visit)
    if visit.field("act") == "submit" and is_on_behalf and not papers:
        raise ConsoleError("代录须附填报单位原件的照片或扫描件。")
    grid = _grid(visit, unit, version, period, typed, people, is_nil=is_nil)
    name = f"{version.form_number}_{unit.unit_name_zh}_{period.code}.xlsx"
    if visit.field("act") == "submit":
        _, paths = handing.put_aside(visit, [(name, _workbook(grid)), *papers])
        handing.hand_in(visit, unit, paths, is_on_behalf=is_on_behalf)
        handing.let_go(paths)
        visit.desk.daytime.take_in(author_of(visit))
        said = "已代录，待填报单位确认后采用。" if is_on_behalf else "已报送，正在审核。"
        return RedirectResponse(
            f"/entry?unit={quote(unit.unit_code)}&done={quote(said)}", status_code=303
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(_workbook(grid))
        answer = children.checked(visit.settings, [path], unit.unit_code)
    values = _as_filed(version, grid, typed, visit)
    return _shown(visit, unit, version, period, values, people, is_nil=is_nil, answer=answer)


def _shown(
    visit: Visit,
    unit: Unit,
    version: FormVersion,
    period: Period,
    values: Mapping[ValueKey, FiledValue],
    people: Mapping[str, str],
    *,
    is_nil: bool,
    answer: Mapping[str, Any] | None,
) -> dict[str, Any]:
    form = (version.form_code, version.form_version)
    found = answer["findings"] if answer else []
    shown = drawn(visit, unit, form, period.code, values, found)
    return {
        "unit_code": unit.unit_code,
        "unit_name_zh": unit.unit_name_zh,
        "form_code": version.form_code,
        "form_zh": version.form_zh,
        "period_code": period.code,
        "is_on_behalf": not may(visit.person, "filings.submit", _place(unit)),
        "labels": FOOTER_LABELS_ZH,
        "people": dict(people),
        "is_nil": is_nil,
        "was_checked": answer is not None,
        "exit_code": answer["exit_code"] if answer else None,
        "findings": shown["findings"],
        "_sheet": shown["sheet"],
    }


def _typed(visit: Visit, version: FormVersion) -> dict[ValueKey, str]:
    found = {}
    for one in visit.definitions.form_elements(version.form_code, version.form_version):
        text = visit.field(f"v|{one.row_code}|{one.value_column}")
        if text:
            found[one.row_code, one.value_column] = checked_number(text)
    return found


def _value(text: str) -> Value:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _grid(
    visit: Visit,
    unit: Unit,
    version: FormVersion,
    period: Period,
    typed: Mapping[ValueKey, str],
    people: Mapping[str, str],
    *,
    is_nil: bool,
) -> FormGrid:
    values = {key: _value(text) for key, text in typed.items()}
    return fill(
        blueprint(visit.definitions, version), unit, period, values,
        is_synthetic=visit.desk.is_synthetic, is_nil_return=is_nil,
        people={label: text for label, text in people.items() if text},
    )  # fmt: skip


def _workbook(grid: FormGrid) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "form.xlsx"
        render_workbook(grid, path)
        return path.read_bytes()


def _as_filed(
    version: FormVersion, grid: FormGrid, typed: Mapping[ValueKey, str], visit: Visit
) -> dict[ValueKey, FiledValue]:
    """What was typed as it will stand in the workbook."""
    found = {}
    for one in visit.definitions.form_elements(version.form_code, version.form_version):
        key = (one.row_code, one.value_column)
        text = typed.get(key)
        number = text if text is not None and filed.exact(text) is not None else None
        found[key] = FiledValue(
            one.row_code, one.value_column, one.element_code, grid.sheet_name, grid.cell_name(key),
            text, number, None,
        )  # fmt: skip
    return found


def _last_filed(
    visit: Visit, unit: Unit, version: FormVersion, period: Period
) -> dict[ValueKey, FiledValue]:
    newest = (
        select(submissions.c.submission_id)
        .where(
            submissions.c.unit_code == unit.unit_code,
            submissions.c.form_code == version.form_code,
            submissions.c.period_code == period.code,
            submissions.c.form_version == version.form_version,
            submissions.c.state_code.not_in(("withdrawn", "refused")),
        )
        .order_by(
            submissions.c.received_at.desc(),
            submissions.c.file_name.desc(),
            submissions.c.submission_id.desc(),
        )
        .limit(1)
    )
    with visit.engine.connect() as connection:
        key = connection.execute(newest).scalar()
    if key is None or not visit.settings.warehouse_db.is_file():
        return {}
    with between_writers(visit.settings):
        return filed.values_of(visit.settings, str(key))


def _papers(visit: Visit) -> list[tuple[str, bytes]]:
    upload = visit.upload("evidence")
    if upload is None:
        return []
    return [(str(upload.filename), upload.file.read(handing.FILE_BYTES + 1))]


def _states(visit: Visit, unit: Unit) -> dict[str, str]:
    """State of the newest version of each form and period of a unit."""
    found = (
        select(submissions.c.form_code, submissions.c.period_code, submissions.c.state_code)
        .where(submissions.c.unit_code == unit.unit_code, submissions.c.version.is_not(None))
        .order_by(submissions.c.received_at, submissions.c.file_name, submissions.c.submission_id)
    )
    with visit.engine.connect() as connection:
        return {f"{row[0]}|{row[1]}": str(row[2]) for row in connection.execute(found)}


def _place(unit: Unit) -> Place:
    return Place(unit.city_code, unit.unit_code)


ROUTES: tuple[Declared, ...] = (
    Page("/entry", "entries.html", entry_list, reach.FILING),
    Page("/entry/{unit_code}/{form_code}/{period_code}", "entry.html", entry_page, reach.FILING),
    Act("/entry/{unit_code}/{form_code}/{period_code}", enter, reach.FILING, "entry.html"),
)
