"""Makes `templates/brief.docx`, the brief's layout after GB/T 9704.

Run `python -m warehouse.reports.brief_template` to write it anew. An office that wants another
layout puts its own `templates/brief.docx` into its workspace.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from warehouse.exports.paper import set_font

# GB/T 9704—2012: type area 156 × 225 mm, head margin 37, binding margin 28; 22 lines of 28
# characters; title in size 2 small standard Song, text in size 3 FangSong.
TOP, BOTTOM, LEFT, RIGHT = 37, 35, 28, 26
LINE_PT, TEXT_PT, TITLE_PT, SMALL_PT = 28.95, 16, 22, 12
TITLE, BODY, FIRST, SECOND = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
TEMPLATE = Path(__file__).parent / "templates" / "brief.docx"
_LEFT, _CENTER, _RIGHT = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
)
_TABLE = (
    ("指标", "{{ row.name }}", 62), ("目标", "{{ row.target }}", 24),
    ("实际", "{{ row.actual }}", 22), ("完成率（%）", "{{ row.completion }}", 24),
    ("状态", "{{ row.status }}", 24),
)  # fmt: skip


def build() -> Any:
    """The template document."""
    paper = Document()
    _page(paper)
    _text(paper, "{{ title }}", TITLE, TITLE_PT, _CENTER, indent=False, line=34)
    _text(paper, "{{ subtitle }}", SECOND, TEXT_PT, _CENTER, indent=False)
    _text(paper, "")
    _text(paper, "{{ opening }}")
    _heading(paper, "一、总体情况")
    _text(paper, "{{ overall }}")
    _text(paper, "{%p if chart %}")
    _text(paper, "{{ chart }}", align=_CENTER, indent=False, exact=False)
    _text(paper, "{%p endif %}")
    for number, (name, loop) in enumerate(
        (("已达到或进度正常的指标", "good"), ("需要关注的指标", "bad")), start=2
    ):
        _heading(paper, f"{'一二三四五六'[number - 1]}、{name}")
        _text(paper, f"{{%p for item in {loop} %}}")
        _text(paper, "{{ item }}")
        _text(paper, "{%p endfor %}")
    _heading(paper, "四、报送情况")
    _text(paper, "{%p for item in filing %}")
    _text(paper, "{{ item }}")
    _text(paper, "{%p endfor %}")
    _heading(paper, "五、与上次发布相比的变化")
    _text(paper, "{%p for item in changes %}")
    _kept(_text(paper, "{{ item }}"))
    _text(paper, "{%p endfor %}")
    # The day never stands on a page without a line of the text before it.
    for text in ("", "附件：{{ caption }}", ""):
        _kept(_text(paper, text))
    _text(paper, "{{ day }}", align=_RIGHT)
    paper.add_page_break()
    _text(paper, "附件", FIRST, TEXT_PT, indent=False)
    _text(paper, "{{ caption }}", TITLE, TITLE_PT, _CENTER, indent=False, line=34)
    _table(paper)
    _text(paper, "{{ notes }}", BODY, SMALL_PT, indent=False, line=18)
    properties = paper.core_properties
    properties.author, properties.title = "", "规划指标进展简报"
    properties.created = properties.modified = datetime(2000, 1, 1)
    return paper


def _page(paper: Any) -> None:
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.footer_distance = Mm(25)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(round(LINE_PT * 20)))
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = BODY, Pt(TEXT_PT)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)
    paper.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)


def _page_number(paragraph: Any, align: Any) -> None:
    paragraph.alignment = align
    for kind, text in (("", "— "), ("begin", ""), ("code", "PAGE"), ("end", ""), ("", " —")):
        run = set_font(paragraph.add_run(text if not kind else ""), "宋体", 14)
        if kind == "code":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = text
            run._r.append(code)
        elif kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def _text(
    paper: Any,
    text: str,
    font: str = BODY,
    size: float = TEXT_PT,
    align: Any = _LEFT,
    *,
    indent: bool = True,
    line: float = LINE_PT,
    exact: bool = True,
) -> Any:
    paragraph = paper.add_paragraph()
    paragraph.alignment = align
    form = paragraph.paragraph_format
    form.space_before = form.space_after = Pt(0)
    if exact:
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line)
    if indent and align is _LEFT:
        form.first_line_indent = Pt(2 * size)
    set_font(paragraph.add_run(text), font, size)
    return paragraph


def _heading(paper: Any, text: str) -> None:
    """A heading never stands alone at the end of a page."""
    _kept(_text(paper, text, FIRST))


def _kept(paragraph: Any) -> None:
    paragraph.paragraph_format.keep_with_next = True


def _table(paper: Any) -> None:
    table = paper.add_table(rows=4, cols=len(_TABLE))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, (heading, content, width) in enumerate(_TABLE):
        table.columns[column].width = Mm(width)
        loop = ("{%tr for row in rows %}", "{%tr endfor %}") if column == 0 else ("", "")
        for row, text in enumerate((heading, loop[0], content, loop[1])):
            cell = table.rows[row].cells[column]
            cell.width = Mm(width)
            paragraph = cell.paragraphs[0]
            form = paragraph.paragraph_format
            form.space_after = Pt(0)
            form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(18)
            paragraph.alignment = _CENTER if row == 0 or column else WD_ALIGN_PARAGRAPH.LEFT
            set_font(paragraph.add_run(text), FIRST if row == 0 else BODY, SMALL_PT)
    for row, mark in ((0, "w:tblHeader"), (0, "w:cantSplit"), (2, "w:cantSplit")):
        found = OxmlElement(mark)
        found.set(qn("w:val"), "true")
        table.rows[row]._tr.get_or_add_trPr().append(found)


if __name__ == "__main__":
    build().save(str(TEMPLATE))
