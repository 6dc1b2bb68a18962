"""What goes with a release: report page, workbook, briefs, notices and tables, with sha256.

Figures and definitions are open to whoever may see what is published. What also tells who filed
late and what is wrong is for accounts that may read all the filings it tells of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from starlette.responses import Response

from console import reach
from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.routes import Declared, Download, Page
from console.security import REPORT_POLICY
from console.views.query import attached
from console.views.releases import nights
from warehouse.access.scope import Place
from warehouse.exports.bundle import exports_folder, exports_manifest
from warehouse.queries.published import ask
from warehouse.queries.tables import plans
from warehouse.reports.html import REPORT

INNER_TABLES = frozenset(
    {"findings", "reporting_rates", "unit_observations", "unit_observation_versions"}
)
"""Marts that tell of single filings, beyond what the published pages show."""
OF_TABLES = ("csv", "parquet", "sdmx")
_KINDS_ZH: Mapping[str, str] = {
    ".html": "报告页，可打印", ".xlsx": "工作簿", ".docx": "Word", ".txt": "文本", ".csv": "CSV",
    ".parquet": "Parquet", ".json": "JSON",
}  # fmt: skip
_MEDIA: Mapping[str, str] = {".html": "text/html; charset=utf-8", ".txt": "text/plain"}


def listing(visit: Visit) -> dict[str, Any]:
    """The files of a release that the account may have, the readable ones first."""
    release_id = _release(visit)
    manifest = exports_manifest(visit.settings, release_id)
    told = []
    withheld = 0
    cities = _cities_of(visit, release_id)
    titles = _titles(visit, release_id)
    titles |= {code: plan_zh for code, (_, plan_zh) in cities.items()}
    titles |= {city: visit.definitions.units[city].unit_name_zh for city, _ in cities.values()}
    for name, facts in (manifest or {"files": {}})["files"].items():
        if not _may_have(visit, name, cities):
            withheld += 1
            continue
        told.append({
            "name": name,
            "what_zh": titles.get(PurePosixPath(name).stem, str(facts["part"])),
            "kind_zh": _KINDS_ZH.get(PurePosixPath(name).suffix, "文件"),
            "size": facts["size"],
            "rows": facts.get("rows_written"),
            "sha256": facts["sha256"],
            "is_table": name.startswith(OF_TABLES),
        })  # fmt: skip
    return {
        "release_id": release_id,
        "rows": sorted(told, key=lambda one: one["is_table"]),
        "withheld": withheld,
        "report": f"/releases/{release_id}/report" if _has(told, REPORT) else "",
        "code": manifest["code"] if manifest else "",
        "failed": manifest["failed"] if manifest else [],
        "has_exports": manifest is not None,
    }


def take(visit: Visit) -> Response:
    """One file, as it was written."""
    name = visit.params["name"]
    data = _bytes(visit, name)
    path = PurePosixPath(name)
    media = _MEDIA.get(path.suffix, "application/octet-stream")
    return attached(data, f"{_release(visit)}_{path.name}", media)


def report(visit: Visit) -> Response:
    """The report page, opened in the browser: it has its own style and no part in the desk."""
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return Response(_bytes(visit, REPORT), media_type=_MEDIA[".html"], headers=headers)


def _release(visit: Visit) -> str:
    wanted = visit.params["release_id"]
    if wanted not in {row["release_id"] for row in nights(visit)}:
        raise NotHere(f"发布版本“{wanted[:60]}”")
    return wanted


def _bytes(visit: Visit, name: str) -> bytes:
    """The bytes of a file that the manifest of the exports names.

    Raises:
        NotHere: it names none, or one that the account may not have.
        ConsoleError: the bytes are not those that were written.
    """
    release_id = _release(visit)
    manifest = exports_manifest(visit.settings, release_id)
    facts = (manifest or {"files": {}})["files"].get(name)
    if facts is None or not _may_have(visit, name, _cities_of(visit, release_id)):
        raise NotHere(f"{release_id} 的文件“{name[:80]}”")
    try:
        data = (exports_folder(visit.settings, release_id) / name).read_bytes()
    except OSError as error:
        raise NotHere(f"{release_id} 的文件“{name[:80]}”") from error
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise ConsoleError(
            f"“{name}”与登记的校验值不符，没有提供下载；请告知运维人员运行 qiangshi doctor。"
        )
    return data


def _cities_of(visit: Visit, release_id: str) -> dict[str, tuple[str, str]]:
    """City and title of each plan of a release, by plan."""
    return {
        str(row["plan_code"]): (str(row["city_code"]), str(row["plan_zh"]))
        for row in plans(visit.settings, release_id)
    }


def _may_have(visit: Visit, name: str, plans_of: Mapping[str, tuple[str, str]]) -> bool:
    path = PurePosixPath(name)
    folder = path.parts[0]
    if folder in OF_TABLES and path.stem not in INNER_TABLES:
        return True
    told_of = {
        "brief": lambda: [plans_of[path.stem][0]] if path.stem in plans_of else None,
        "notices": lambda: [path.stem],
    }.get(folder, lambda: None)()
    every = {city for city, _ in plans_of.values()}
    readable = reach.scope(visit)
    return all(readable.reaches(Place(city)) for city in (told_of or sorted(every)))


def _titles(visit: Visit, release_id: str) -> dict[str, str]:
    """What is in a file, by the name of it: the table's Chinese name, or the plan's."""
    named = ask(
        visit.settings, "select distinct table_name, table_zh from marts.data_dictionary", (),
        release_id,
    )  # fmt: skip
    return {str(row["table_name"]): str(row["table_zh"]) for row in named}


def _has(rows: list[dict[str, Any]], name: str) -> bool:
    return any(row["name"] == name for row in rows)


ROUTES: tuple[Declared, ...] = (
    Page("/releases/{release_id}/files", "release_files.html", listing, "published.read"),
    Download("/releases/{release_id}/report", report, "published.read"),
    Download("/releases/{release_id}/files/{name:path}", take, "published.read"),
)
