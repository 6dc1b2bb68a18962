"""The report of a release: one page that needs no server and no network, and prints on A4."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sources.vocabulary import (
    OBSERVED_ZH,
    PUBLISHED_TABLE_ZH,
    RELEASE_KIND_ZH,
    REVISED_COLUMN_ZH,
    SEVERITY_ZH,
    SOURCE_ZH,
    TARGET_STATUS_ZH,
    said,
    tally,
)
from warehouse.exports.bundle import REPORT, Source, Written
from warehouse.exports.plan_figures import decimals_of, held_zh, remark, shown
from warehouse.exports.plan_layout import PlanTable
from warehouse.exports.printing import NONE_ZH, printed
from warehouse.queries.row_names import cell_words, period_words, value_zh
from warehouse.reports.charts import FONTS, svg_of, target_chart
from warehouse.reports.facts import MOST_FINDINGS, MOST_REVISIONS, Facts, gather, heat

TEMPLATES = Path(__file__).parent / "templates"


def write_report(source: Source, folder: Path) -> Sequence[Written]:
    """`report.html` of a release; its rows are those of the plans' tables."""
    path = folder / REPORT
    path.write_text(report_html(source), encoding="utf-8")
    selected = sum(len(table.rows) for table in source.tables)
    return [Written(path, selected, path.read_text(encoding="utf-8").count('<tr class="target"'))]


def report_html(source: Source) -> str:
    """The page as text."""
    facts = gather(source)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    font = base64.b64encode((FONTS / "QiangshiSans.otf").read_bytes()).decode("ascii")
    count = _Counter()
    return environment.get_template(REPORT).render(
        release_id=source.release_id,
        manifest=source.manifest,
        kind_zh=said(RELEASE_KIND_ZH, source.manifest["kind"]),
        stamp=source.stamp_zh,
        is_synthetic=source.is_synthetic,
        code=source.record.code,
        font=font,
        plans=[_plan(source, table, facts, count) for table in source.tables],
        coverage=[_coverage(city, facts) for city in facts.coverage],
        findings=[_finding(row, facts) for row in facts.findings[:MOST_FINDINGS]],
        finding_count=len(facts.findings),
        revisions=[_revision(row, facts) for row in facts.revisions[:MOST_REVISIONS]],
        revision_count=len(facts.revisions),
        unchanged=facts.unchanged_zh,
        held=[facts.names.get(str(city["city_code"]), str(city["city_code"]))
              for city in source.manifest["held_cities"]],
        dash=NONE_ZH,
    )  # fmt: skip


class _Counter:
    """Numbers the charts, so that each has ids of its own."""

    def __init__(self) -> None:
        self.number = 0

    def next(self) -> int:
        self.number += 1
        return self.number


def _plan(source: Source, table: PlanTable, facts: Facts, count: _Counter) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for row in table.rows:
        counts[row["status_code"]] = counts.get(row["status_code"], 0) + 1
    return {
        "code": table.code,
        "title": table.title_zh,
        "origin": table.origin_zh,
        "caption": table.table_title_zh,
        "city": table.plan["city_name_zh"],
        "note": table.sentences_zh,
        "tally": tally(counts, TARGET_STATUS_ZH) or "没有可以列出的指标",
        "headings": [column.heading_zh for column in table.columns],
        "rows": _targets(source, table, facts),
        "charts": [_chart(row, facts, count) for row in table.rows if _has_chart(row, facts)],
        "counties": _counties(source, table, facts.counties.get(table.code, ())),
    }


def _targets(source: Source, table: PlanTable, facts: Facts) -> list[dict[str, Any]]:
    """The rows of a plan's table; a category is printed once, over all of its rows."""
    spans = dict(table.category_spans())
    rows = []
    for number, row in enumerate(table.rows):
        told = _target(row, facts, source.release_id)
        told["printed"] = [
            {"text": column.text(row), "rows": spans[number] if is_category else 1}
            for column in table.columns
            if not (is_category := column.field_name == "category_zh") or number in spans
        ]
        rows.append(told)
    return rows


def _target(row: Mapping[str, Any], facts: Facts, release_id: str) -> dict[str, Any]:
    return {
        "code": row["target_code"],
        "name": row["indicator_zh"],
        "actual": shown(row, "actual_value") or NONE_ZH,
        "unit": row["unit_zh"] or "",
        "period": period_words(row["period_code"]) if row["period_code"] else NONE_ZH,
        "expected": shown(row, "expected_value") or NONE_ZH,
        "completion": shown(row, "completion_pct") or NONE_ZH,
        "status_code": row["status_code"],
        "status": said(TARGET_STATUS_ZH, row["status_code"]),
        "reason": remark(row, release_id),
        "coverage": shown(row, "coverage") or NONE_ZH,
        "source": "、".join(
            SOURCE_ZH[code]
            for code in str(row["source_of_record"] or "").split("+")
            if code in SOURCE_ZH
        ),
        "arithmetic": _arithmetic(row),
        "leaves": [_leaf(leaf, facts) for leaf in facts.leaves.get(str(row["target_code"]), ())],
    }


def _arithmetic(row: Mapping[str, Any]) -> str:
    if row["actual_value"] is None:
        return f"没有数：{row['status_reason_zh']}"
    if row["is_ratio"] and row["denominator"]:
        return (
            f"{plain(row['numerator'])} ÷ {plain(row['denominator'])}"
            f" × {plain(row['factor'])}，印作 {row['actual_printed']}"
        )
    unit = row["unit_zh"] or ""
    if plain(row["unit_factor"] or 1) == "1":
        return f"合计 {plain(row['numerator'])} {unit}".rstrip()
    return f"合计 {plain(row['numerator'])}，折合 {row['actual_printed']} {unit}".rstrip()


def plain(value: Any) -> str:
    """A number without trailing zeros; a dash for none."""
    if value is None:
        return NONE_ZH
    text = f"{value:f}" if not isinstance(value, float) else f"{value:.6f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _leaf(leaf: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    is_public = leaf["confidentiality_zh"] == "公开"
    periods = period_words(leaf["first_period"])
    if leaf["periods"] > 1:
        periods += f"至{period_words(leaf['last_period'])}，{leaf['periods']} 期"
        if leaf["filed"] < leaf["periods"]:
            periods += f"中有数 {leaf['filed']} 期"
    return {
        "role": "分子" if leaf["term_role"] == "numerator" else "分母",
        "element": leaf["element_zh"],
        "unit_name": leaf["unit_name_zh"],
        "form": facts.forms.get(str(leaf["form_code"]), leaf["form_code"] or NONE_ZH),
        "periods": periods,
        "value": plain(leaf["value"]) if is_public else "不公开",
        "unit": leaf["unit_zh"],
        "status": said(OBSERVED_ZH, leaf["obs_status"]),
        "submission": leaf["submission_id"] or NONE_ZH,
        "cell": cell_words(leaf["source_cell"]) or NONE_ZH,
    }


def _has_chart(row: Mapping[str, Any], facts: Facts) -> bool:
    series = facts.series.get(str(row["target_code"]), ())
    return len([one for one in series if one["actual_value"] is not None]) > 1


def _chart(row: Mapping[str, Any], facts: Facts, count: _Counter) -> dict[str, Any]:
    series = facts.series[str(row["target_code"])]
    newest = shown(row, "actual_value") or NONE_ZH
    return {
        "title": row["indicator_zh"] + (f"（{row['unit_zh']}）" if row["unit_zh"] else ""),
        "svg": svg_of(target_chart(row, series), count.next()),
        "alt": f"{row['indicator_zh']}：{period_words(series[0]['period_code'])}至"
        f"{period_words(series[-1]['period_code'])}各期实际值，"
        f"最新 {newest}{row['unit_zh'] or ''}；"
        f"目标 {row['target_printed']}，基期 {row['baseline_printed'] or '未印'}",
    }


def _counties(
    source: Source, table: PlanTable, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Units × additive targets in the printed unit, with the city's row; none without any.

    Rows that a held city keeps name the release they are of.
    """
    if not rows:
        return None
    kept = {str(row["target_code"]) for row in rows}
    targets = [row for row in table.rows if row["target_code"] in kept]
    units: dict[str, str] = {}
    cells: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in rows:
        units[row["unit_code"]] = str(row["unit_name_zh"])
        cells[row["unit_code"], row["target_code"]] = row
    lines = []
    for code, name in units.items():
        line = []
        for target in targets:
            cell = cells.get((code, target["target_code"]))
            line.append(NONE_ZH if cell is None else _in_printed_unit(cell, target))
        lines.append((name, line))
    return {
        "headings": [
            row["indicator_zh"]
            + "（"
            + "，".join(part for part in (row["unit_zh"], period_words(row["period_code"])) if part)
            + "）"
            for row in targets
        ],
        "held": "；".join(
            dict.fromkeys(filter(None, (held_zh(row, source.release_id) for row in rows)))
        ),
        "lines": lines,
        "total": [shown(row, "actual_value") or NONE_ZH for row in targets],
    }


def _in_printed_unit(cell: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    if cell["value"] is None:
        return NONE_ZH
    factor = target["unit_factor"] or 1
    decimals = decimals_of(target)
    value = float(cell["value"]) / float(factor)
    return printed(value, max(decimals, 2 if factor != 1 else decimals))


def _coverage(city: str, facts: Facts) -> dict[str, Any]:
    ends, lines = heat(facts.coverage[city])
    shade: Callable[[Mapping[str, Any]], str] = lambda cell: (  # noqa: E731
        "full" if cell["on_time"] == cell["expected"]
        else "late" if cell["received"] == cell["expected"]
        else "some" if cell["received"] else "no"
    )  # fmt: skip
    return {
        "city": facts.names.get(city, city),
        "ends": [f"{end:%Y-%m}" for end in ends],
        "lines": [
            (name, [None if cell is None else
                    {"text": f"{cell['received']}/{cell['expected']}", "shade": shade(cell)}
                    for cell in cells])
            for name, cells in lines
        ],
    }  # fmt: skip


def _finding(row: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    parts = [
        facts.forms.get(str(row["form_code"]), row["form_code"]),
        row["period_code"] and period_words(row["period_code"]),
        row["cell"]
        and cell_words(f"{row['sheet']}!{row['cell']}" if row["sheet"] else row["cell"]),
    ]
    is_public = row["confidentiality_zh"] == "公开"
    return {
        "severity": said(SEVERITY_ZH, row["severity_code"]),
        "unit_name": row["unit_name_zh"] or row["unit_code"],
        "where": " ".join(str(part) for part in parts if part),
        "rule": row["rule_id"],
        "message": row["message_zh"] if is_public else "涉及不公开的指标，内容见内部清单",
        "advice": row["advice_zh"] or "",
    }  # fmt: skip


def _revision(row: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    column = str(row["column_name"])
    return {
        "table": said(PUBLISHED_TABLE_ZH, row["table_name"]),
        "what": f"{facts.label(row['key_text'])} {said(REVISED_COLUMN_ZH, column)}",
        "old": value_zh(column, row["old_value"]) or NONE_ZH,
        "new": value_zh(column, row["new_value"]) or NONE_ZH,
        "reason": row["reason_zh"],
        "from": row["from_release"],
    }
