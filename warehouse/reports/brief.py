"""The brief of a plan: a Word document laid out as official documents are, and its PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import altair as alt
from docx import Document
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from sources.vocabulary import TARGET_STATUS_ZH, said, tally
from warehouse.exports.bundle import Source, Written
from warehouse.exports.paper import settled
from warehouse.exports.plan_figures import PLAIN_REASONS, shown
from warehouse.exports.plan_layout import PlanTable
from warehouse.exports.printing import NONE_ZH, plain_text
from warehouse.queries.row_names import period_words
from warehouse.reports.brief_template import TEMPLATE
from warehouse.reports.charts import FONT, png_of
from warehouse.reports.facts import Facts, gather
from warehouse.reports.told import owed_lines, revision_lines

BRIEFS = "brief"
GOOD = ("met", "on_track")
MOST_CHANGES = 10
_BARE = re.compile(r"[0-9.~～—-]+")
"""A target that its document's table prints without its unit, which stands in the other column."""


def write_briefs(source: Source, folder: Path) -> Sequence[Written]:
    """`brief/<plan>.docx` of every plan, the rows of its table counted again from the file."""
    target = folder / BRIEFS
    target.mkdir()
    facts = gather(source)
    written = []
    for table in source.tables:
        path = target / f"{table.code}.docx"
        path.write_bytes(brief_bytes(source, table, facts))
        rows = len(Document(str(path)).tables[0].rows) - 1
        written.append(Written(path, len(table.rows), rows))
    return written


def brief_bytes(source: Source, table: PlanTable, facts: Facts) -> bytes:
    """The brief of one plan as a Word document."""
    own = source.settings.home / "templates" / TEMPLATE.name
    paper = DocxTemplate(str(own if own.is_file() else TEMPLATE))
    paper.init_docx()
    chart = completion_chart(table)
    context = brief_context(source, table, facts) | {
        "chart": InlineImage(paper, io.BytesIO(png_of(chart)), width=Mm(150)) if chart else ""
    }
    # What a plan or a county is called is text, never markup of the document.
    paper.render(context, autoescape=True)
    properties = paper.docx.core_properties
    properties.keywords, properties.title = source.record.code, context["title"][:255]
    target = io.BytesIO()
    paper.save(target)
    return settled(target.getvalue())


def brief_context(source: Source, table: PlanTable, facts: Facts) -> dict[str, Any]:
    """What the brief says, in sentences."""
    counts: dict[str, int] = {}
    for row in table.rows:
        counts[row["status_code"]] = counts.get(row["status_code"], 0) + 1
    as_of = date.fromisoformat(str(source.manifest["as_of"]))
    day = f"{as_of.year}年{as_of.month}月{as_of.day}日"
    counted = tally(counts, TARGET_STATUS_ZH) or "无"
    city = str(table.plan["city_name_zh"])
    made_up = "（演示数据，非真实统计）" if source.is_synthetic else ""
    good = [_sentence(row) for row in table.rows if row["status_code"] in GOOD]
    bad = [_sentence(row) for row in table.rows if row["status_code"] not in GOOD]
    return _plain({
        "title": f"{city}规划指标进展简报",
        "subtitle": f"（截至{day}）{made_up}",
        "opening": f"现将《{table.title_zh}》{_origin(table)}主要指标截至{day}的进展情况报告如下。",
        "overall": f"规划主要指标共{len(table.rows)}项：{counted}。",
        "good": good or ["暂无。"],
        "bad": bad or ["暂无。"],
        "filing": owed_lines(source, str(table.plan["city_code"])),
        "changes": revision_lines(facts, str(table.plan["city_code"]), table, MOST_CHANGES),
        "caption": table.table_title_zh if table.has_own_columns else "主要指标进展情况",
        "day": day,
        "rows": [
            {
                "name": row["indicator_zh"] + (f"（{row['unit_zh']}）" if row["unit_zh"] else ""),
                "target": row["target_printed"],
                "actual": shown(row, "actual_value") or NONE_ZH,
                "completion": shown(row, "completion_pct") or NONE_ZH,
                "status": said(TARGET_STATUS_ZH, row["status_code"]),
            }
            for row in table.rows
        ],
        "notes": f"{NONE_ZH} 表示无数，不是零。发布号 {source.release_id}，"
        f"核验码 {source.record.code}。{made_up}",
    })  # fmt: skip


def _origin(table: PlanTable) -> str:
    number = table.plan["document_number"]
    return f"（{number}）" if number else "（征求意见稿）" if table.origin_zh else ""


def _sentence(row: Mapping[str, Any]) -> str:
    actual = shown(row, "actual_value")
    name, status = row["indicator_zh"], said(TARGET_STATUS_ZH, row["status_code"])
    target = f"目标为{row['target_printed']}"
    if _BARE.fullmatch(str(row["target_printed"])):
        target += row["unit_zh"] or ""
    if actual is None:
        return f"{name}：{status}（{row['status_reason_zh']}），{target}。"
    completion = shown(row, "completion_pct")
    share = f"，完成率{completion}%" if completion else ""
    why = "" if row["status_reason_zh"] in PLAIN_REASONS else f"（{row['status_reason_zh']}）"
    waits = "，为初步数" if row["is_provisional"] else ""
    return (
        f"{name}：{actual}{row['unit_zh'] or ''}（{period_words(row['period_code'])}），"
        f"{target}{share}，{status}{why}{waits}。"
    )


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return plain_text(value)
        if isinstance(value, list):
            return [clean(one) for one in value]
        return {key: clean(one) for key, one in value.items()} if isinstance(value, dict) else value

    return {key: clean(value) for key, value in context.items()}


def completion_chart(table: PlanTable) -> dict[str, Any] | None:
    """The spec of a bar chart of completion; None where no target has one."""
    values = [
        {
            "name": row["indicator_zh"], "order": n, "value": float(row["completion_pct"]),
            "shown": shown(row, "completion_pct"),
        }
        for n, row in enumerate(table.rows)
        if row["completion_pct"] is not None
    ]  # fmt: skip
    if not values:
        return None
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("name:N", sort=alt.SortField("order"), title=None, axis=alt.Axis(labelLimit=260)),
        x=alt.X("value:Q", title="完成率（%）"),
    )
    bars = base.mark_bar(color="#1f4e79") + base.mark_text(align="left", dx=3).encode(
        text="shown:N"
    )
    spec: dict[str, Any] = (
        bars.properties(width=420, height=alt.Step(20), background="white")
        .configure(font=FONT)
        .to_dict()
    )
    return spec
