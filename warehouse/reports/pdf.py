"""PDF of the release's papers, by programs that a server may have: briefs and page."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from warehouse.errors import WarehouseError

PDF_WITHIN_SECONDS = 300
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
            "microsoft-edge")  # fmt: skip
"""Programs that print a page as it is seen; an office program would lose its layout."""


class NoPdf(WarehouseError):
    """A PDF was asked for, and the program for it is not there or did not make it."""

    def __init__(self, problem_zh: str, advice_zh: str) -> None:
        """Say what is missing, and how to get the PDF without it."""
        super().__init__(f"没有做成 PDF：{problem_zh}。{advice_zh}")


def pdfs_of(papers: Sequence[Path]) -> list[Path]:
    """The PDF of each Word document, beside it, all made by one start of LibreOffice.

    Raises:
        NoPdf: LibreOffice is not installed, or did not make it.
    """
    advice = "Word 简报已写出，可用 Office 或 WPS 另存为 PDF。"
    if not papers:
        return []
    program = shutil.which("soffice") or shutil.which("lowriter")
    if program is None:
        raise NoPdf("没有安装 LibreOffice", advice)
    made = [paper.with_suffix(".pdf") for paper in papers]
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program, f"-env:UserInstallation={Path(profile).as_uri()}", "--headless",
            "--norestore", "--convert-to", "pdf", "--outdir", str(papers[0].parent),
            *map(str, papers),
        ]  # fmt: skip
        _made_by("LibreOffice", command, made, advice)
    return made


def page_pdf(page: Path) -> Path:
    """The PDF of the report page, beside it, as a browser prints it: A4, colours, page numbers.

    Raises:
        NoPdf: no Chromium is installed, or it did not make it.
    """
    advice = "报告页已写出，可用浏览器打开，打印为 PDF。"
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise NoPdf("没有安装 Chromium", advice)
    target = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program, "--headless", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update",
            f"--user-data-dir={profile}", "--no-pdf-header-footer",
            f"--print-to-pdf={target.absolute()}",
        ]  # fmt: skip
        if os.name == "posix" and os.geteuid() == 0:
            # Chromium refuses to run as root in its sandbox; the page is our own and asks nothing.
            command.append("--no-sandbox")
        _made_by("Chromium", [*command, page.absolute().as_uri()], [target], advice)
    return target


def _made_by(name: str, command: Sequence[str], wanted: Sequence[Path], advice_zh: str) -> None:
    try:
        done = subprocess.run(
            list(command), capture_output=True, timeout=PDF_WITHIN_SECONDS,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NoPdf(f"{name} 在 {PDF_WITHIN_SECONDS} 秒内没有做完", advice_zh) from error
    if done.returncode or not all(path.is_file() for path in wanted):
        said = done.stderr.decode("utf-8", "replace").strip()[-200:]
        raise NoPdf(f"{name} 没有做成（{said or '原因不明'}）", advice_zh)
