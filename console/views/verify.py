"""核验: whether an exported table still holds, by its short code or by the file itself."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from console import children
from console.desk import Visit
from console.errors import ConsoleError
from console.handing import FILE_BYTES, clean_name
from console.routes import Act, Declared, Page
from warehouse.exports.records import ExportRecord, UnknownExport, record_named
from warehouse.exports.verify import verify
from warehouse.queries.row_names import without_needless_digits

MOST_FIGURES = 500
"""Numbers of a table as it was handed out that the page lists."""
MOST_CHANGES = 500


def ask(visit: Visit) -> dict[str, Any]:
    """Where a code is typed, and what has become of the table it stands for."""
    code = visit.asked("code")
    if not code:
        return _told(visit)
    try:
        if len(code) > 20:
            raise UnknownExport(f"核验码“{code[:20]}…”")
        record = record_named(visit.settings, code)
    except UnknownExport as error:
        return _told(visit, problem=error.message_zh)
    return _told(visit, record, verify(visit.settings, record).as_json())


def look(visit: Visit) -> dict[str, Any]:
    """The same of a file. It is a stranger's: a process of its own opens it, never this one.

    Raises:
        ConsoleError: no file was chosen, or it is empty or too large.
    """
    upload = visit.upload("file")
    if upload is None:
        raise ConsoleError("没有选择文件，请选择导出的表（xlsx、docx、csv 或 pdf）。")
    data = upload.file.read(FILE_BYTES + 1)
    if not data:
        raise ConsoleError(f"“{str(upload.filename)[-80:]}”是空文件，请重新选择。")
    if len(data) > FILE_BYTES:
        raise ConsoleError(f"文件超过 {FILE_BYTES >> 20} MB，不是本工作区导出的表。")
    with TemporaryDirectory(prefix="qiangshi-") as folder:
        file = Path(folder) / clean_name(str(upload.filename))
        file.write_bytes(data)
        answer = children.verified(visit.settings, file)
    if "problem" in answer:
        return _told(visit, problem=answer["problem"], file_name=file.name)
    record = record_named(visit.settings, answer["code"])
    return _told(visit, record, answer, file_name=file.name)


def _told(
    visit: Visit,
    record: ExportRecord | None = None,
    verdict: dict[str, Any] | None = None,
    problem: str = "",
    file_name: str = "",
) -> dict[str, Any]:
    # A file that is one part of a release has numbers of its own, which its record does not list.
    is_whole = record and verdict and verdict["figures"] == len(record.figures)
    found = record.figures if record and is_whole else ()
    changes = verdict["changes"] if verdict else []
    return {
        "problem": problem,
        "file_name": file_name,
        "code": record.code if record else visit.asked("code")[:20],
        "verdict": verdict,
        "is_touched": bool(verdict) and (verdict or {}).get("is_file_untouched") is False,
        "changes": [
            change
            | {one: without_needless_digits(change[one]) for one in ("old_value", "new_value")}
            for change in changes[:MOST_CHANGES]
        ],
        "change_count": len(changes),
        "figures": [
            {"label_zh": one.label_zh, "value": without_needless_digits(one.value)}
            for one in found[:MOST_FIGURES]
        ],
        "figure_count": len(found),
        "most_mb": FILE_BYTES >> 20,
    }


ROUTES: tuple[Declared, ...] = (
    Page("/verify", "verify.html", ask, "published.read"),
    Act("/verify", look, "published.read", "verify.html"),
)
