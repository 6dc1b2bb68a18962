"""The brief: laid out as official documents are, its table the plan's, its PDF made and read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from tests.integration.conftest import Workspace
from tests.servers import tool
from warehouse.reports.brief_template import LINE_PT, TEMPLATE, build


@pytest.fixture(scope="module")
def briefs(demo: Workspace) -> Path:
    published = json.loads((demo.home / "published/manifest.json").read_text(encoding="utf-8"))
    return demo.home / "releases" / published["release_id"] / "exports" / "brief"


def test_the_layout_is_that_of_official_documents(briefs: Path) -> None:
    for path in briefs.glob("*.docx"):
        paper = Document(str(path))
        section = paper.sections[0]
        margins = (section.top_margin, section.bottom_margin, section.left_margin,
                   section.right_margin)  # fmt: skip
        for found, wanted in zip(margins, (37, 35, 28, 26), strict=True):
            assert abs(found - Mm(wanted)) < Mm(0.1)
        assert int((section.page_height - Mm(72)) / 12700 / LINE_PT) == 22
        fonts = {
            run._element.rPr.rFonts.get(qn("w:eastAsia"))
            for paragraph in paper.paragraphs for run in paragraph.runs if run.text.strip()
        }  # fmt: skip
        assert {"方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"} <= fonts


def test_the_template_is_what_its_script_makes() -> None:
    made, kept = build(), Document(str(TEMPLATE))
    assert made.element.xml == kept.element.xml


def test_every_brief_tells_its_plan(demo: Workspace, briefs: Path) -> None:
    plans = dict(demo.query("select plan_code, plan_zh from marts.plans"))
    assert {path.stem for path in briefs.glob("*.docx")} == set(plans)
    for code, title in plans.items():
        paper = Document(str(briefs / f"{code}.docx"))
        text = "\n".join(paragraph.text for paragraph in paper.paragraphs)
        assert title in text
        assert "演示数据" in text
        assert "{{" not in text
        assert "{%" not in text
        rows = [[cell.text for cell in row.cells] for row in paper.tables[0].rows[1:]]
        asked = demo.query(
            "select coalesce(actual_printed, '—'), target_printed from marts.plan_table"
            " where plan_code = ? order by target_order",
            code,
        )
        assert [(row[2], row[1]) for row in rows] == asked


def test_the_pdf_is_made_by_an_office_and_read(demo: Workspace, tmp_path: Path) -> None:
    from pypdf import PdfReader

    tool("soffice")
    found = demo.run("report", "--plan", "baotou-145", "--out", str(tmp_path), "--pdf", "--json")
    names = {Path(path).name for path in found.json["files"]}
    assert names == {"baotou-145.docx", "baotou-145.pdf"}
    pages = PdfReader(tmp_path / "baotou-145.pdf").pages
    text = "".join(page.extract_text() for page in pages)
    assert "包头市规划指标进展简报" in text.replace(" ", "")
    for page in pages:
        assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
    told = demo.run("verify", str(tmp_path / "baotou-145.pdf"), "--json").json
    assert (told["is_current"], told["is_file_untouched"]) == (True, True)


def test_without_an_office_the_word_document_is_there_and_said(
    demo: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ("report", "--plan", "baotou-145", "--out", str(tmp_path), "--pdf")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    demo.run(*wanted, ends_with=1)
    assert [path.name for path in tmp_path.iterdir()] == ["baotou-145.docx"]


def test_the_page_has_a_pdf_too(demo: Workspace, tmp_path: Path) -> None:
    from pypdf import PdfReader

    tool("soffice")
    tool("chromium")
    found = demo.run("report", "--out", str(tmp_path), "--pdf", "--json")
    assert str(tmp_path / "report.pdf") in found.json["files"]
    pages = PdfReader(tmp_path / "report.pdf").pages
    for number, page in enumerate(pages, start=1):
        assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
        assert f"第{number}页，共{len(pages)}页" in page.extract_text().replace(" ", "")
    told = demo.run("verify", str(tmp_path / "report.pdf"), "--json").json
    assert (told["is_current"], told["is_file_untouched"]) == (True, True)
