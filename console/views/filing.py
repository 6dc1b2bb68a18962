"""上传、模板: files handed in after a look at them, and blank forms to fill in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from console import children, handing, reach
from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.filled import read_forms
from console.routes import Act, Declared, Download, Page
from sources.definitions import FormVersion, Unit
from sources.periods import Period, PeriodError, containing, parse_period, shift
from warehouse.access.scope import Place, may
from warehouse.ledger.tables import arrivals

_ON_BEHALF_ZH = "代填报单位上传的，须经其确认后采用。"
PERIODS_OFFERED = {"month": 15, "quarter": 8, "half": 4, "year": 4}
_OPEN_XML = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload_page(visit: Visit) -> dict[str, Any]:
    """Where files are chosen, and what lately came this way."""
    units = reach.units_within(visit, *reach.FILING)
    return {
        "units": [_named(one) for one in units],
        "unit": visit.asked("unit"),
        "checked": None,
        "tasks": visit.desk.daytime.under_way(),
        "recent": _recent(visit, [one.unit_code for one in units]),
        "most_files": handing.MOST_FILES,
        "most_mb": handing.FILE_BYTES >> 20,
    }


def check_upload(visit: Visit) -> Mapping[str, Any]:
    """Looks at files as the night would; nothing is handed in yet."""
    unit = reach.unit(visit, visit.field("unit"), *reach.FILING)
    files = [
        (str(one.filename), one.file.read(handing.FILE_BYTES + 1))
        for one in visit.form.getlist("files")
        if isinstance(one, UploadFile) and one.filename
    ]
    token, paths = handing.put_aside(visit, files)
    answer = children.checked(visit.settings, paths, unit.unit_code)
    forms = read_forms(visit, paths, unit, answer["findings"])
    return {
        **upload_page(visit),
        "unit": unit.unit_code,
        "checked": {
            "token": token,
            "unit_name_zh": unit.unit_name_zh,
            "exit_code": answer["exit_code"],
            "findings": answer["findings"],
            "read": answer["read"],
            "evidence": answer["evidence"],
            "notes": answer["notes"],
            "names": [path.name for path in paths],
        },
        "_forms": forms,
    }


def submit_upload(visit: Visit) -> Response:
    """Hands the files in that were looked at."""
    unit = reach.unit(visit, visit.field("unit"), *reach.FILING)
    paths = handing.taken_up(visit, visit.field("token"))
    # A file that the city uploads is no less entered on the unit's behalf than one it types.
    place = Place(unit.city_code, unit.unit_code)
    is_on_behalf = not may(visit.person, "filings.submit", place)
    count = handing.hand_in(visit, unit, paths, is_on_behalf=is_on_behalf)
    handing.let_go(paths)
    if count:
        visit.desk.daytime.take_in(author_of(visit))
    said = (
        f"已报送 {count} 个文件，正在审核，结果稍后见下表。"
        + (_ON_BEHALF_ZH if is_on_behalf else "")
        if count
        else "这些文件以前已报送过，内容完全相同，没有重复接收。"
    )
    return RedirectResponse(f"/upload?done={quote(said)}", status_code=303)


def blank_forms(visit: Visit) -> dict[str, Any]:
    """The forms each unit files, with the periods to choose from."""
    units = reach.units_within(visit, *reach.FILING, "filings.read")
    chosen = visit.asked("unit") or (units[0].unit_code if units else "")
    unit = next((one for one in units if one.unit_code == chosen), None)
    if chosen and unit is None:
        raise NotHere(f"单位“{chosen[:40]}”")
    return {
        "units": [_named(one) for one in units],
        "unit": chosen,
        "forms": forms_to_file(visit, unit) if unit else [],
    }


def blank_form(visit: Visit) -> Response:
    """One blank workbook."""
    unit, version, period = subject(visit, *reach.FILING, "filings.read")
    with TemporaryDirectory() as folder:
        target = Path(folder) / "blank.xlsx"
        children.blank_form(visit.settings, version.form_code, unit.unit_code, period.code, target)
        data = target.read_bytes()
    name = f"{version.form_number}_{unit.unit_name_zh}_{period.code}.xlsx"
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(data, media_type=_OPEN_XML, headers={"Content-Disposition": disposition})


def forms_to_file(visit: Visit, unit: Unit) -> list[dict[str, Any]]:
    """The forms of a unit in force now, each with the periods that are offered, newest first."""
    definitions, today = visit.definitions, visit.desk.now().date()
    told = []
    for code in dict.fromkeys(definitions.forms_of_unit(unit.unit_code)):
        version = next(
            (one for one in reversed(definitions.form_versions) if one.form_code == code), None
        )
        if version is None or version.frequency not in PERIODS_OFFERED:
            continue
        current = containing(version.frequency, today)
        offered = [shift(current, -step) for step in range(PERIODS_OFFERED[version.frequency])]
        told.append({
            "form_code": code,
            "form_zh": version.form_zh,
            "form_number": version.form_number,
            "frequency": version.frequency,
            "is_table": bool(definitions.form_elements(code, version.form_version)),
            "periods": [
                {"code": one.code, "zh": one.label_zh}
                for one in offered
                if definitions.form(code, one)
            ],
            "due": shift(current, -1).code,
        })  # fmt: skip
    return told


def subject(visit: Visit, *permissions: str) -> tuple[Unit, FormVersion, Period]:
    """Unit, form and period of the address.

    Raises:
        NotHere: the unit is out of reach, or does not file that form for that period.
    """
    unit = reach.unit(visit, visit.params["unit_code"], *permissions)
    form_code = visit.params["form_code"]
    try:
        period = parse_period(visit.params["period_code"])
    except PeriodError as error:
        raise NotHere(f"报告期“{visit.params['period_code'][:40]}”") from error
    version = visit.definitions.form(form_code, period)
    mine = visit.definitions.forms_of_unit(unit.unit_code)
    if version is None or form_code not in mine or version.frequency != period.period_type:
        raise NotHere(f"{unit.unit_name_zh} {period.label_zh} 的报表“{form_code[:40]}”")
    return unit, version, period


def _named(unit: Unit) -> dict[str, str]:
    return {"unit_code": unit.unit_code, "unit_name_zh": unit.unit_name_zh}


def _recent(visit: Visit, units: list[str]) -> list[dict[str, Any]]:
    names = (
        "file_name", "unit_code", "state_code", "received_at", "submission_id", "is_evidence",
    )  # fmt: skip
    found = (
        select(*(arrivals.c[name] for name in names))
        .where(arrivals.c.channel_kind == handing.CHANNEL, arrivals.c.unit_code.in_(units))
        .order_by(arrivals.c.recorded_at.desc(), arrivals.c.arrival_id)
        .limit(15)
    )
    known = visit.definitions.units
    with visit.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(found).mappings()]
    return [
        row | {"unit_name_zh": known[row["unit_code"]].unit_name_zh}
        for row in rows
        if row["unit_code"] in known
    ]


def checked_number(text: str) -> str:
    """A figure as typed: blanks and thousands separators taken out; anything else as it is."""
    plain = text.strip().replace("，", "").replace(",", "").replace(" ", "")
    if re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", plain):
        return plain
    if len(text) > 60:
        raise ConsoleError("有一栏填写的内容过长，请只填数字。")
    return text.strip()


ROUTES: tuple[Declared, ...] = (
    Page("/upload", "upload.html", upload_page, reach.FILING),
    Act("/upload", check_upload, reach.FILING, "upload.html"),
    Act("/upload/submit", submit_upload, reach.FILING),
    Page("/forms", "forms.html", blank_forms, (*reach.FILING, "filings.read")),
    Download(
        "/forms/{unit_code}/{form_code}/{period_code}", blank_form,
        (*reach.FILING, "filings.read"),
    ),
)  # fmt: skip
