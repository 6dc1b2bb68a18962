"""One page to print, sign and file: an HTML document that needs nothing from outside.

No script, no outside host, everything escaped; A4 by its own print style.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from expectations.answers.letter import FoundItem, Letter
from sources.vocabulary import FINDING_STATUS_ZH, said

_STYLE = """
@page{size:A4 portrait;margin:16mm 14mm}
body{font:12.5px/1.55 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",SimSun,sans-serif;
color:#111;max-width:182mm;margin:1.2em auto;padding:0 .6em}
h1{font-size:1.5em;text-align:center;margin:.2em 0 .8em}h2{font-size:1.12em;margin:1.2em 0 .3em}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border:1px solid #999;padding:.22em .45em;text-align:left;vertical-align:top;
overflow-wrap:anywhere}
th{background:#eef1f4}thead{display:table-header-group}tr{break-inside:avoid}
.facts th{width:7.5em}.no{width:2.2em}.kind{width:4.6em}.place{width:8em}.num{text-align:right}
.blocking{color:#a40e26;font-weight:bold}.quasi_blocking{color:#953800;font-weight:bold}
.note{color:#444;font-size:.95em}.next{border:1.5px solid #333;padding:.4em .7em;margin:.8em 0}
@media print{body{margin:0;max-width:none;padding:0}}
"""


def page(letter: Letter) -> str:
    """The page of one submission."""
    title = escape(letter.shown_title)
    body = "".join(
        (
            f"<h1>{title}</h1>",
            _facts(letter),
            f"<p class=next><b>下一步：</b>{escape(letter.next_zh)}</p>",
            f"<h2>问题清单</h2><p>{escape(letter.tally_zh)}。</p>",
            _findings(letter.findings),
            _corrected(letter),
            _values(letter),
        )
    )
    return (
        "<!doctype html>\n<html lang=zh-CN><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{title} {escape(letter.submission_id)}</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _facts(letter: Letter) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(label)}</th><td>{escape(text)}</td></tr>"
        for label, text in (*letter.facts, ("状态", letter.state_zh))
    )
    return f"<table class=facts>{rows}</table>"


def _table(head: Iterable[tuple[str, str]], rows: Iterable[str]) -> str:
    heads = "".join(f'<th class="{kind}">{escape(name)}</th>' for name, kind in head)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _findings(findings: Iterable[FoundItem]) -> str:
    rows = []
    for number, one in enumerate(findings, start=1):
        value = f"<br>填报：{escape(one.value_text)}" if one.value_text else ""
        wanted = f"<br>应为：{escape(one.expected_text)}" if one.expected_text else ""
        advice = f"<br>建议：{escape(one.advice_zh)}" if one.advice_zh else ""
        notes = "".join(f"<br><span class=note>{escape(note)}</span>" for note in one.notes_zh)
        status = said(FINDING_STATUS_ZH, one.status_code)
        since = f"，{escape(one.since_zh)}" if one.since_zh else ""
        rows.append(
            f"<tr><td>{number}</td><td class={escape(one.severity_code)}>"
            f"{escape(one.severity_zh)}</td><td>{escape(one.place_zh) or '整个文件'}</td>"
            f"<td>{escape(one.message_zh)}{value}{wanted}{advice}{notes}"
            f"<br><span class=note>规则 {escape(one.rule_id)}，{status}{since}</span></td></tr>"
        )
    if not rows:
        return ""
    return _table((("序号", "no"), ("级别", "kind"), ("位置", "place"), ("问题", "")), rows)


def _corrected(letter: Letter) -> str:
    if letter.against_zh is None:
        return ""
    rows = [
        f"<tr><td>{number}</td><td>{escape(one.severity_zh)}</td>"
        f"<td>{escape(one.place_zh) or '整个文件'}</td><td>{escape(one.message_zh)}</td></tr>"
        for number, one in enumerate(letter.corrected, start=1)
    ]
    head = (("序号", "no"), ("级别", "kind"), ("原位置", "place"), ("已更正的问题", ""))
    table = _table(head, rows) if rows else ""
    return f"<h2>与上一版相比</h2><p>{escape(letter.against_zh)}</p>{table}"


def _values(letter: Letter) -> str:
    if not letter.values:
        return ""
    rows = [
        f"<tr><td>{escape(one.row_code)}</td><td>{escape(one.item_zh)}</td>"
        f"<td>{escape(one.unit_zh)}</td><td>{escape(one.cell or '')}</td>"
        f"<td class=num>{_shown(one.number_text, one.text)}</td></tr>"
        for one in letter.values
    ]
    head = (
        ("代码", "kind"),
        ("指标", ""),
        ("单位", "kind"),
        ("单元格", "kind"),
        ("读到的值", "place"),
    )
    return f"<h2>读到的数据</h2>{_table(head, rows)}"


def _shown(number_text: str | None, text: str | None) -> str:
    if number_text is not None:
        return escape(number_text)
    return f"未采用：{escape(text)}" if text else "空"
