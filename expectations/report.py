"""The night's validation report: one page, in Chinese, that opens anywhere.

No scripts, no outside hosts, everything escaped. It shows units, forms, cells and figures; names
and telephone numbers of people are never in the frames it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

import polars as pl

from expectations.rule_words import SEVERITIES
from expectations.rules import Rules
from sources.vocabulary import SEVERITY_ZH, gravity_of

_STYLE = """
body{font:14px/1.6 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;margin:2em auto;
max-width:1100px;padding:0 1em;color:#1b1f24}
h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.2em;margin-top:2em}
table{border-collapse:collapse;width:100%;margin:.6em 0}
th,td{border:1px solid #d0d7de;padding:.3em .6em;text-align:left;vertical-align:top}
th{background:#f3f5f7}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
details{border:1px solid #d0d7de;border-radius:4px;margin:.5em 0;padding:.4em .8em}
summary{cursor:pointer}.blocking{color:#a40e26}.quasi_blocking{color:#953800}
.verify{color:#0550ae}.info{color:#57606a}.quiet{color:#57606a}
@media print{details{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Names:
    """Chinese names for codes; a code without a name is shown as it is."""

    cities: Mapping[str, str]
    units: Mapping[str, str]
    forms: Mapping[str, str]


NO_NAMES = Names({}, {}, {})


def write_report(
    path: Path,
    submissions: pl.DataFrame,
    findings: pl.DataFrame,
    evaluated: pl.DataFrame,
    rules: Rules,
    business_now: datetime,
    names: Names = NO_NAMES,
) -> None:
    """Writes the report of one night.

    Args:
        path: the file to write; its folder must exist.
        submissions: submission_id, unit_code, city_code, form_code, period_code.
        findings: FINDINGS_SCHEMA, all of them.
        evaluated: EVALUATED_SCHEMA.
        rules: the registry, for titles and sources.
        business_now: the business clock, printed as the report's date.
        names: Chinese names of cities, units and forms.
    """
    placed = findings.join(
        submissions.select("submission_id", "city_code"), on="submission_id", how="left"
    )
    body = "".join(
        (
            f"<h1>夜间数据校验报告</h1><p class=quiet>业务日期 {business_now:%Y-%m-%d %H:%M}；"
            f"报送 {submissions.height} 份，发现问题 {findings.height} 条，"
            f"涉及 {findings['submission_id'].n_unique()} 份。</p>",
            _severities(findings),
            _totals("按盟市", "盟市", "city_code", submissions, placed, names.cities),
            _totals("按报表", "报表", "form_code", submissions, placed, names.forms),
            _causes(findings, rules, names),
            _evaluations(evaluated, rules, names),
        )
    )
    path.write_text(
        "<!doctype html>\n<html lang=zh-CN><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>夜间数据校验报告 {business_now:%Y-%m-%d}</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n",
        encoding="utf-8",
    )


def _table(header: Iterable[str], rows: Iterable[Iterable[object]], numeric_from: int) -> str:
    def cells(tag: str, row: Iterable[object]) -> str:
        return "".join(
            f"<{tag}{' class=n' if place >= numeric_from else ''}>{_text(value)}</{tag}>"
            for place, value in enumerate(row)
        )

    lines = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', header)}</tr></thead><tbody>{lines}</tbody></table>"


def _text(value: object) -> str:
    return "" if value is None else escape(str(value))


def _named(code: str | None, names: Mapping[str, str]) -> str:
    if code is None:
        return "（未识别）"
    return f"{names[code]}（{code}）" if code in names else code


def _severities(findings: pl.DataFrame) -> str:
    counts = dict(findings.group_by("severity_code").len().iter_rows())
    rows = [(SEVERITY_ZH[code], counts.get(code, 0)) for code in SEVERITIES]
    return "<h2>按严重程度</h2>" + _table(("严重程度", "条数"), rows, 1)


def _totals(
    title_zh: str,
    label_zh: str,
    column: str,
    submissions: pl.DataFrame,
    placed: pl.DataFrame,
    names: Mapping[str, str],
) -> str:
    filed = dict(submissions.group_by(column).len().iter_rows())
    found = {
        (code, severity): n
        for code, severity, n in placed.group_by(column, "severity_code").len().iter_rows()
    }
    codes = sorted(set(filed) | {code for code, _ in found}, key=lambda code: code or "")
    rows = [
        (_named(code, names), filed.get(code, 0), *(found.get((code, s), 0) for s in SEVERITIES))
        for code in codes
    ]
    header = (label_zh, "报送份数", *(SEVERITY_ZH[code] for code in SEVERITIES))
    return f"<h2>{escape(title_zh)}</h2>" + _table(header, rows, 1)


def _causes(findings: pl.DataFrame, rules: Rules, names: Names) -> str:
    parts = ["<h2>问题清单（按原因）</h2>"]
    if findings.is_empty():
        parts.append("<p>没有发现问题。</p>")
    rank = {code: place for place, code in enumerate(SEVERITIES)}
    groups = {
        (str(severity), str(rule_id)): group
        for (severity, rule_id), group in findings.group_by("severity_code", "rule_id")
    }
    for severity, rule_id in sorted(groups, key=lambda key: (rank[key[0]], key[1])):
        group, rule = groups[severity, rule_id], rules.get(rule_id)
        rows = [
            (
                _named(row["unit_code"], names.units),
                row["form_code"],
                row["period_code"],
                row["sheet"],
                row["cell"],
                row["value_text"],
                row["expected_text"],
                row["message_zh"],
                row["advice_zh"],
                row["submission_id"],
            )
            for row in sorted(
                group.iter_rows(named=True),
                key=lambda row: (row["submission_id"], *gravity_of(row)),
            )
        ]
        header = (
            "填报单位",
            "报表",
            "报告期",
            "工作表",
            "单元格",
            "填报内容",
            "应为",
            "问题",
            "建议",
            "报送编号",
        )
        parts.append(
            f"<details><summary><b class={severity}>{SEVERITY_ZH[severity]}</b> "
            f"{_text(rule_id)} {_text(rule.title_zh)}：{group.height} 条</summary>"
            f"<p class=quiet>依据：{_text(rule.source_zh)}</p>{_table(header, rows, 99)}</details>"
        )
    return "".join(parts)


def _evaluations(evaluated: pl.DataFrame, rules: Rules, names: Names) -> str:
    rows = []
    for rule_id, form_code, judged, failed, missing in evaluated.sort(
        "rule_id", "form_code"
    ).iter_rows():
        rule = rules.get(rule_id)
        rows.append(
            (
                rule_id,
                rule.title_zh,
                SEVERITY_ZH[rule.severity_code],
                _named(form_code, names.forms),
                judged,
                failed,
                missing,
            )
        )
    header = ("规则", "内容", "严重程度", "报表", "已判定", "不符", "未判定（缺数或对照数有疑）")
    return (
        f"<h2>规则执行情况</h2><details><summary>{len(rows)} 项</summary>"
        f"{_table(header, rows, 4)}</details>"
    )
