"""PDF of the papers where the programs for it are missing, or fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warehouse.reports.pdf import NoPdf, page_pdf, pdfs_of


def test_a_missing_program_is_named_with_the_way_round(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(NoPdf, match="没有安装 Chromium。报告页已写出，可用浏览器打开"):
        page_pdf(tmp_path / "report.html")
    with pytest.raises(NoPdf, match="没有安装 LibreOffice。Word 简报已写出"):
        pdfs_of([tmp_path / "brief.docx"])
    assert pdfs_of([]) == []


def test_a_program_that_makes_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    idle = tmp_path / "chromium"
    idle.write_text("#!/bin/sh\necho broken >&2\nexit 0\n", encoding="utf-8")
    idle.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(idle))
    with pytest.raises(NoPdf, match="Chromium 没有做成（broken）"):
        page_pdf(tmp_path / "report.html")
