"""Notices: after a release, a summary per city in Chinese as a text file: changed, late, held."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sources.vocabulary import SEVERITY_ZH, TARGET_STATUS_ZH, said, tally
from warehouse.exports.bundle import Source, Written
from warehouse.exports.plan_layout import PlanTable
from warehouse.exports.printing import plain_text
from warehouse.queries.officials import changed_in, changed_zh
from warehouse.queries.row_names import period_words
from warehouse.reports.facts import Facts, gather
from warehouse.reports.told import owed_lines, revision_lines

NOTICES = "notices"
MOST_CHANGES, MOST_HELD = 20, 20

_HELD = """
select found.unit_name_zh, found.unit_code, found.form_code, found.period_code,
    found.severity_code, count(*) as findings
from marts.findings as found
where found.city_code = ? and found.status_code = 'open' and found.severity_code <> 'info'
group by found.unit_name_zh, found.unit_code, found.form_code, found.period_code,
    found.severity_code
order by list_position(['blocking', 'quasi_blocking', 'verify'], found.severity_code),
    found.unit_code, found.form_code, found.period_code
"""


def write_notices(source: Source, folder: Path) -> Sequence[Written]:
    """`notices/<city>.txt` for each city that has a plan or files in the release."""
    target = folder / NOTICES
    target.mkdir()
    facts = gather(source)
    cities = {str(table.plan["city_code"]) for table in source.tables} | set(facts.coverage)
    written = []
    for city in sorted(cities):
        path = target / f"{city}.txt"
        path.write_text(notice_text(source, city, facts), encoding="utf-8")
        written.append(Written(path))
    return written


def notice_title(source: Source, city_code: str, facts: Facts) -> str:
    """The subject of a city's notice."""
    name = facts.names.get(city_code, city_code)
    made_up = "【演示数据】" if source.is_synthetic else ""
    return f"{made_up}{name}指标发布通报（截至 {source.manifest['as_of']}）"


def notice_text(source: Source, city_code: str, facts: Facts) -> str:
    """What is to be told to a city about a release; its first line is the title."""
    tables = [table for table in source.tables if str(table.plan["city_code"]) == city_code]
    lines = [notice_title(source, city_code, facts), source.stamp_zh, "", "一、规划进展"]
    lines += [f"《{table.title_zh}》：{_counts(table)}。" for table in tables] or ["本市没有规划。"]
    lines += ["", "二、与上次发布相比的变化"]
    for table in tables:
        lines += revision_lines(facts, city_code, table, MOST_CHANGES)
    lines += [] if tables else [facts.unchanged_zh]
    lines += [changed_zh(row) for row in changed_in(source.ask) if row["city_code"] == city_code]
    lines += ["", "三、报送情况", *owed_lines(source, city_code), "", "四、扣留与待处理"]
    lines += _held(source, city_code, facts)
    lines += ["", f"核验码 {source.record.code}；详见报告页 report.html。"]
    return plain_text("\n".join(lines)) + "\n"


def _counts(table: PlanTable) -> str:
    counts: dict[str, int] = {}
    for row in table.rows:
        counts[row["status_code"]] = counts.get(row["status_code"], 0) + 1
    return tally(counts, TARGET_STATUS_ZH) or "没有可以列出的指标"


def _held(source: Source, city_code: str, facts: Facts) -> list[str]:
    lines = [
        f"本市被发布关卡拦下，本次沿用上一版：{city['reason']}"
        for city in source.manifest["held_cities"]
        if city["city_code"] == city_code
    ]
    found: list[dict[str, Any]] = source.ask(_HELD, [city_code])
    for row in found[:MOST_HELD]:
        name = row["unit_name_zh"] or row["unit_code"]
        # A file that was refused before its form was known has neither form nor period.
        code = row["form_code"]
        paper = f" {period_words(row['period_code'])}{facts.forms.get(code, code)}" if code else ""
        held = "" if row["severity_code"] != "blocking" else "，报表扣留" if paper else "，文件未收"
        severity = said(SEVERITY_ZH, row["severity_code"])
        lines.append(f"{name}{paper}：{severity}问题 {row['findings']} 条{held}。")
    if len(found) > MOST_HELD:
        lines.append(f"另有 {len(found) - MOST_HELD} 份，详见待处理问题。")
    return lines or ["没有扣留的报表和待处理的问题。"]
