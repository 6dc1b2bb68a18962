"""Sentences that the brief and the notices share: what changed, who is late, what was held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sources.vocabulary import REVISED_COLUMN_ZH, said
from warehouse.exports.bundle import Source
from warehouse.exports.plan_layout import PlanTable
from warehouse.exports.printing import NONE_ZH
from warehouse.queries.row_names import period_words, value_zh
from warehouse.reports.facts import Facts, form_titles

_OWED = """
select units.unit_name_zh, rates.unit_code, rates.form_code, rates.period_code, rates.due_at,
    date_diff('day', cast(rates.due_at as date), (select as_of from marts.release)) as days,
    rates.period_end > (select as_of - interval 13 month from marts.release) as is_recent
from marts.reporting_rates as rates
left join (select * from marts.units where is_current) as units using (unit_code)
where rates.city_code = ? and rates.is_expected and not rates.is_received
    and rates.due_at <= (select as_of + interval 1 day from marts.release)
order by rates.unit_code, rates.due_at, rates.form_code
"""
_DUE = """
select count(*) as due, count(*) filter (is_received) as received,
    count(*) filter (is_on_time) as on_time
from marts.reporting_rates
where city_code = ? and is_expected
    and due_at <= (select as_of + interval 1 day from marts.release)
    and period_end > (select as_of - interval 13 month from marts.release)
"""
MOST_UNITS = 20


def owed(source: Source, city_code: str) -> list[dict[str, Any]]:
    """What a city's units owe on the release's day: unit, form, period, days late, is it recent."""
    return source.ask(_OWED, [city_code])


def owed_lines(source: Source, city_code: str) -> list[str]:
    """How a city files, in sentences: shares of the last thirteen months, then who owes what.

    What is older is counted only: a city that has just begun owes years that nobody will file.
    """
    [due] = source.ask(_DUE, [city_code])
    lines = []
    if due["due"]:
        lines.append(
            f"近十三个月应报{due['due']}份，已报{due['received']}份，其中按时{due['on_time']}份。"
        )
    titles = form_titles(source)
    late: dict[str, list[dict[str, Any]]] = {}
    older: list[dict[str, Any]] = []
    for row in owed(source, city_code):
        name = str(row["unit_name_zh"] or row["unit_code"])
        (late.setdefault(name, []) if row["is_recent"] else older).append(row)
    for name, rows in list(late.items())[:MOST_UNITS]:
        named = "、".join(
            f"{period_words(row['period_code'])}{titles.get(row['form_code'], row['form_code'])}"
            for row in rows[:5]
        )
        more = f"等{len(rows)}份" if rows[5:] else ""
        longest = max(int(row["days"]) for row in rows)
        lines.append(f"{name}尚欠{named}{more}，最长逾期{longest}天。")
    if len(late) > MOST_UNITS:
        lines.append(f"另有{len(late) - MOST_UNITS}个单位欠报，详见报送情况。")
    if older:
        units = len({row["unit_code"] for row in older})
        lines.append(f"更早的报表另有{len(older)}份未报（{units}个单位），详见报送情况。")
    if not late:
        lines.append("近十三个月到期的报表已全部报齐。" if older else "到期报表已全部报齐。")
    return lines


def revisions_of(facts: Facts, city_code: str, target_codes: set[str]) -> list[Mapping[str, Any]]:
    """Changes since the last release in a city's own figures and its plans' tables."""
    found = []
    for row in facts.revisions:
        parts = str(row["key_text"]).split("|")
        is_city = row["table_name"] == "city_indicators" and parts[0] == city_code
        if is_city or (row["table_name"] == "plan_table" and target_codes & set(parts)):
            found.append(row)
    return found


def revision_line(facts: Facts, row: Mapping[str, Any]) -> str:
    """One change as a sentence."""
    column = str(row["column_name"])
    old, new = (value_zh(column, row[one]) for one in ("old_value", "new_value"))
    what = f"{facts.label(str(row['key_text']))}{said(REVISED_COLUMN_ZH, column)}"
    return f"{what}由{old or NONE_ZH}变为{new or NONE_ZH}（{row['reason_zh']}）。"


def revision_lines(facts: Facts, city_code: str, table: PlanTable, most: int) -> list[str]:
    """What changed in a plan and its city: at most so many sentences, and how many more."""
    found = revisions_of(facts, city_code, {str(row["target_code"]) for row in table.rows})
    lines = [revision_line(facts, row) for row in found[:most]]
    if len(found) > most:
        lines.append(f"另有{len(found) - most}处变化，详见报告。")
    return lines or [facts.unchanged_zh]
