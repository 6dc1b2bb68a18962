"""Taking a release's report out of the workspace: page, workbook and briefs, as PDF too."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse.errors import UnknownTarget
from warehouse.exports.bundle import REPORT, exports_folder, exports_manifest, open_source
from warehouse.exports.query_files import NotWritten
from warehouse.exports.records import keep, record_named
from warehouse.exports.workbook import WORKBOOK, plan_workbook
from warehouse.reports.brief import BRIEFS
from warehouse.reports.pdf import NoPdf, page_pdf, pdfs_of
from warehouse.settings import Settings


def plan_file(settings: Settings, release_id: str, plan_code: str) -> bytes:
    """The workbook of one plan's table, known by a short code from now on.

    Raises:
        NoRelease: the release is not kept.
        UnknownTarget: it has no such plan.
        NotWritten: the record could not be kept.
    """
    source = open_source(settings, release_id, plan_code)
    content = plan_workbook(source)
    name = f"{plan_code}.xlsx"
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            keep(settings, source.record, [file])
    except OSError as error:
        raise NotWritten(name, error.strerror or str(error)) from error
    return content


def take(
    settings: Settings, release_id: str, target: Path, plan_code: str | None, *, with_pdf: bool
) -> list[Path]:
    """The files of a release's report, copied to a folder unless they lie there already.

    A PDF is known by the short code too.

    Raises:
        UnknownTarget: the release has no such plan.
        NotWritten: the folder cannot be written.
        NoPdf: a PDF was asked for and could not be made; the others are there.
    """
    folder = exports_folder(settings, release_id)
    briefs = sorted((folder / BRIEFS).glob("*.docx"))
    if plan_code is not None:
        briefs = [path for path in briefs if path.stem == plan_code]
        if not briefs:
            raise UnknownTarget("规划", plan_code)
    common = [] if plan_code is not None else [folder / REPORT, folder / WORKBOOK]
    wanted = [path for path in (*common, *briefs) if path.is_file()]
    if target.resolve() == folder.resolve():
        return wanted
    taken = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in wanted:
            copy = target / path.name
            copy.unlink(missing_ok=True)
            shutil.copyfile(path, copy)
            taken.append(copy)
    except OSError as error:
        raise NotWritten(str(target), error.strerror or str(error)) from error
    if with_pdf:
        taken += _pdfs(settings, release_id, taken)
    return taken


def _pdfs(settings: Settings, release_id: str, taken: Sequence[Path]) -> list[Path]:
    """PDF of the page and of the briefs; one that cannot be made does not keep the other back."""
    pages = [path for path in taken if path.name == REPORT]
    papers = [path for path in taken if path.suffix == ".docx"]
    made: list[Path] = []
    missing: NoPdf | None = None
    try:
        made += pdfs_of(papers)
    except NoPdf as error:
        missing = error
    try:
        made += map(page_pdf, pages)
    except NoPdf as error:
        missing = missing or error
    manifest = exports_manifest(settings, release_id)
    if manifest is not None and made:
        keep(settings, record_named(settings, str(manifest["code"])), made)
    if missing is not None:
        raise missing
    return made
