"""待纳入: what waits to take effect, and how it differs; the queue as an Excel file and back."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from console import reach
from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError
from console.routes import Act, Declared, Download, Page
from console.views.queue import named, waiting, wanted_by
from sources.errors import SourceError
from sources.plain_cells import plain_cells
from sources.readers.grid import LIMITS
from warehouse.access.scope import Place
from warehouse.clock import technical_now
from warehouse.connection import between_writers, private_warehouse
from warehouse.errors import WarehouseBusy, WorkspaceMissing
from warehouse.queries.pending import (
    KIND_ZH,
    WAITS_ZH,
    Difference,
    pending_versions,
    unfit_overlays,
)
from warehouse.queue.importing import import_queue
from warehouse.queue.rows import Filter, queue_rows
from warehouse.queue.sheet import filled_rows
from warehouse.queue.workbook import Made, reason_kinds, write_queue

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DECIDING = (
    "findings.explain", "submissions.return", "submissions.accept_county",
    "submissions.accept_city", "corrections.approve", "filings.confirm",
)  # fmt: skip


def pending(visit: Visit) -> dict[str, Any]:
    """Versions that do not count yet, each with what it would change; and overlays left behind."""
    scope = reach.scope(visit)
    cities = {one.city_code for one in reach.units_within(visit, "filings.read")}
    rows: list[dict[str, Any]] = []
    overlays: list[dict[str, Any]] = []
    is_busy = False
    try:
        with between_writers(visit.settings), private_warehouse(visit.settings) as warehouse:
            found = pending_versions(visit.engine, warehouse, cities)
            left = unfit_overlays(visit.engine, warehouse, cities)
    except (WarehouseBusy, WorkspaceMissing):
        found, left, is_busy = [], [], True
    for one in found:
        if scope.reaches(Place(one.city_code, one.unit_code)):
            rows.append(
                one.__dict__
                | {
                    "kind_zh": KIND_ZH[one.kind],
                    "waits_zh": WAITS_ZH[one.waits_for],
                    "differences": [_difference(visit, d) for d in one.differences],
                    "received_at": visit.desk.now(),
                }
            )
    units = {one.unit_code for one in reach.units_within(visit, "filings.read")}
    for overlay in left:
        if not overlay.is_taken_over and overlay.newer_id.split(".")[0] in units:
            overlays.append(dict(overlay.__dict__))
    return {
        "rows": named(visit, rows),
        "overlays": overlays,
        "is_busy": is_busy,
        "waiting": waiting(visit),
    }


def export(visit: Visit) -> Response:
    """The queue within reach as a workbook, with columns for decision and reason."""
    wanted = wanted_by(visit)
    asked = Filter(
        city_code=wanted.city_code, unit_code=wanted.unit_code, form_code=wanted.form_code,
        period_code=wanted.period_code, severity_code=wanted.severity_code,
        rule_id=wanted.rule_id,
    )  # fmt: skip
    rows = queue_rows(visit.engine, visit.definitions, visit.person, asked)
    target = BytesIO()
    made = Made(author_of(visit), technical_now(), visit.desk.is_synthetic)
    write_queue(rows, visit.definitions, made, target)
    name = quote(f"待办_{visit.desk.now():%Y-%m-%d}.xlsx")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(target.getvalue(), media_type=_XLSX, headers=headers)


def take_back(visit: Visit) -> dict[str, Any]:
    """Decides what a filled-in queue says: the same verbs, checks and record as on the pages."""
    upload = visit.upload("file")
    if upload is None:
        raise ConsoleError("没有选择文件，请选择导出后填好的待办。")
    data = upload.file.read(LIMITS.file_bytes + 1)
    if len(data) > LIMITS.file_bytes:
        raise ConsoleError(f"文件超过 {LIMITS.file_bytes >> 20} MB，不是导出的待办。")
    try:
        cells = plain_cells(data, str(upload.filename), visit.definitions)
    except SourceError as error:
        raise ConsoleError(error.message_zh) from error
    outcomes = import_queue(
        visit.engine, visit.person, filled_rows(cells), kinds=reason_kinds(visit.definitions),
        at=visit.desk.moment(),
    )  # fmt: skip
    return {
        "rows": [dict(one.__dict__) for one in outcomes],
        "done_count": sum(one.is_done for one in outcomes),
    }


def _difference(visit: Visit, one: Difference) -> dict[str, Any]:
    elements = dict(
        visit.definitions.table("elements").select("element_code", "element_zh").iter_rows()
    )
    return dict(one.__dict__) | {"element_zh": elements.get(one.element_code or "", one.row_code)}


ROUTES: tuple[Declared, ...] = (
    Page("/queue/pending", "pending.html", pending, "filings.read"),
    Download("/queue/export", export, "filings.read"),
    Act("/queue/import", take_back, _DECIDING, "imported.html"),
)
