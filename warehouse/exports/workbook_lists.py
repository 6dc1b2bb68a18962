"""The sheets of the workbook that follow the plans: counties, what was filed, what words mean."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from sources.vocabulary import RELEASE_KIND_ZH, TARGET_STATUS_MEANING_ZH, TARGET_STATUS_ZH, said
from warehouse.exports.bundle import Source
from warehouse.exports.page import Entry
from warehouse.exports.plan_figures import held_zh
from warehouse.exports.plan_layout import definitions_of_release
from warehouse.exports.printing import NONE_ZH, plain_text, printed, rounded
from warehouse.exports.records import CODE_LABEL_ZH
from warehouse.exports.sheet import Styles, on_paper, text_width, write_entry
from warehouse.queries.row_names import period_words

COUNTIES, COVERAGE, NOTES = LISTS = ("旗县区", "报送情况", "说明")
Row = Mapping[str, Any]

COUNTIES_SQL = """
with last_year as (
    select max(period_code) as period_code from marts.city_indicators
    where period_type = 'year' and period_end <= (select as_of from marts.release)
)
select found.release_id, found.city_code, cities.city_name_zh, found.unit_code,
    found.unit_name_zh, found.indicator_code, found.indicator_zh, found.unit_zh,
    found.period_code, found.value, found.is_provisional, found.value_reason_zh,
    cities.value as city_value, indicators.decimals, indicators.rounding_mode
from marts.unit_indicators as found
inner join last_year using (period_code)
inner join (select * from marts.indicators where is_current) as indicators
    using (indicator_code)
inner join marts.city_indicators as cities
    on found.city_code = cities.city_code and found.indicator_code = cities.indicator_code
    and found.period_code = cities.period_code and found.period_type = cities.period_type
    and cities.is_additive
where found.is_partition_member and found.is_additive and found.period_type = 'year'
order by found.city_code, found.indicator_code, found.unit_code
"""
"""Additive indicators of each city's members in the last ended year: their sum is the city's."""

COVERAGE_SQL = """
select rates.city_code, cities.unit_name_zh as city_name_zh, rates.unit_code, units.unit_name_zh,
    rates.form_code, rates.period_code, rates.due_at, rates.is_received, rates.is_on_time,
    rates.is_accepted, rates.expected_cells, rates.filled_cells
from marts.reporting_rates as rates
left join marts.units as units on rates.unit_code = units.unit_code and units.is_current
left join marts.units as cities on rates.city_code = cities.unit_code and cities.is_current
where rates.is_expected and rates.due_at <= (select as_of + interval 1 day from marts.release)
    and rates.period_end > (select as_of - interval 13 month from marts.release)
order by rates.city_code, rates.form_code, rates.period_code, rates.unit_code
"""
"""What was due within the last thirteen months, and what came."""

_NAME, _UNIT, _WHOLE, _WHY = "指标", "计量单位", "全市", "说明"
_COVERAGE_HEADINGS = ("城市", "单位", "报表", "报告期", "应报日期", "已报", "按时", "已接收",
                      "应填", "已填")  # fmt: skip
_FIRST_LISTED = 3
"""Row of the first entry of a list, below its title, the stamp and the headings."""


def write_lists(book: Any, styles: Styles, source: Source) -> int:
    """Writes the three sheets; the number of rows selected for them."""
    counties, coverage = source.ask(COUNTIES_SQL), source.ask(COVERAGE_SQL)
    _counties(book.add_worksheet(COUNTIES), styles, source, counties)
    _coverage(book.add_worksheet(COVERAGE), styles, source, coverage)
    write_notes(book.add_worksheet(NOTES), styles, source)
    return len(counties) + len(coverage)


def cells_in(sheet: Any) -> int:
    """Rows of the release that stand in a sheet of a workbook read back; none in the notes."""
    if sheet.title == COVERAGE:
        rows = sheet.iter_rows(min_row=_FIRST_LISTED + 1, values_only=True)
        return sum(1 for row in rows if row[1] is not None)
    if sheet.title != COUNTIES:
        return 0
    counted, width = 0, 0
    for row in sheet.iter_rows(values_only=True):
        if row[0] == _NAME:
            width = row.index(_WHOLE)
        elif row[0] is None:
            width = 0
        else:
            counted += sum(value is not None for value in row[2:width])
    return counted


def _titled(sheet: Any, styles: Styles, title: str, stamp: str) -> None:
    sheet.write_string(0, 0, title, styles.caption_left)
    sheet.write_string(1, 0, plain_text(stamp), styles.under_left)
    sheet.set_row(0, 20)


def _counties(sheet: Any, styles: Styles, source: Source, rows: Sequence[Row]) -> None:
    _titled(sheet, styles, "各旗县区主要指标（可以相加的指标）", source.stamp_zh)
    place = 3
    if not rows:
        sheet.write_string(place, 0, "没有已结束年度的数。", styles.under_left)
    for _, found in groupby(rows, key=lambda row: row["city_code"]):
        place = _city(sheet, styles, source.release_id, list(found), place) + 1
    widest = max((len({row["unit_code"] for row in found}) for _, found in _by_city(rows)),
                 default=0)  # fmt: skip
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1, 9)
    sheet.set_column(2, 2 + widest, 12)
    sheet.freeze_panes(0, 2)
    on_paper(sheet, None, source.stamp_zh)


def _by_city(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    return [(code, list(found)) for code, found in groupby(rows, key=lambda row: row["city_code"])]


def _city(sheet: Any, styles: Styles, release_id: str, rows: Sequence[Row], place: int) -> int:
    """One city's block: indicators by units, the city's own figure after them; the next row."""
    units = {str(row["unit_code"]): str(row["unit_name_zh"]) for row in rows}
    units = dict(sorted(units.items()))
    first = rows[0]
    held = held_zh(first, release_id)
    title = f"{first['city_name_zh']}　{period_words(first['period_code'])}"
    sheet.write_string(place, 0, plain_text(title + (f"（{held}）" if held else "")),
                       styles.caption_left)  # fmt: skip
    place += 1
    headings = (_NAME, _UNIT, *units.values(), _WHOLE, _WHY)
    for column, heading in enumerate(headings):
        sheet.write_string(place, column, plain_text(heading), styles.head)
    sheet.set_row(place, 15 * max(math.ceil(text_width(name) / 12) for name in headings[1:]) + 3)
    for _, found in groupby(rows, key=lambda row: row["indicator_code"]):
        place += 1
        line = {str(row["unit_code"]): row for row in found}
        one = next(iter(line.values()))
        sheet.write_string(place, 0, plain_text(one["indicator_zh"]), styles.text)
        sheet.write_string(place, 1, plain_text(one["unit_zh"] or ""), styles.center)
        for column, code in enumerate(units, start=2):
            if code in line:
                write_entry(sheet, place, column, _value(line[code], "value"), styles,
                            styles.right)  # fmt: skip
            else:
                sheet.write_blank(place, column, None, styles.right)
        whole = 2 + len(units)
        write_entry(sheet, place, whole, _value(one, "city_value"), styles, styles.right)
        why = _reasons(line.values())
        sheet.write_string(place, whole + 1, plain_text(why), styles.text_line)
    return place + 1


def _value(row: Row, column: str) -> Entry:
    if row[column] is None:
        return Entry(NONE_ZH)
    decimals, mode = int(row["decimals"] or 0), row["rounding_mode"] or "half_up"
    text = printed(row[column], decimals, mode)
    return Entry(text, rounded(row[column], decimals, mode), decimals)


def _reasons(rows: Iterable[Row]) -> str:
    """Why numbers are missing and which are provisional, with the units' names."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        if row["value"] is None:
            reason = str(row["value_reason_zh"] or "无数")
        elif row["is_provisional"]:
            reason = "初步数"
        else:
            continue
        by_reason.setdefault(reason, []).append(str(row["unit_name_zh"]))
    return "；".join(f"{reason}：{'、'.join(names)}" for reason, names in by_reason.items())


def _coverage(sheet: Any, styles: Styles, source: Source, rows: Sequence[Row]) -> None:
    _titled(sheet, styles, "近十三个月到期报表的报送情况", source.stamp_zh)
    forms = {
        form.form_code: form.form_zh
        for form in definitions_of_release(source.settings, source.release_id).form_versions
    }
    told = []
    for row in rows:
        told.append([
            Entry(str(row["city_name_zh"] or row["city_code"])),
            Entry(str(row["unit_name_zh"] or row["unit_code"])),
            Entry(forms.get(row["form_code"], str(row["form_code"]))),
            Entry(period_words(row["period_code"])), Entry(f"{row['due_at']:%Y-%m-%d}"),
            *(Entry("是" if row[name] else "否")
              for name in ("is_received", "is_on_time", "is_accepted")),
            *(Entry(str(row[name] or 0), Decimal(row[name] or 0))
              for name in ("expected_cells", "filled_cells")),
        ])  # fmt: skip
    top = _FIRST_LISTED - 1
    for column, heading in enumerate(_COVERAGE_HEADINGS):
        sheet.write_string(top, column, heading, styles.head)
        texts = [heading, *(entries[column].text for entries in told[:2000])]
        sheet.set_column(column, column, min(max(map(text_width, texts)) + 3, 44))
    for number, entries in enumerate(told, start=_FIRST_LISTED):
        for column, entry in enumerate(entries):
            form = styles.text if column < _FIRST_LISTED else styles.center
            write_entry(sheet, number, column, entry, styles, form)
    sheet.autofilter(top, 0, max(_FIRST_LISTED + len(told) - 1, top + 1),
                     len(_COVERAGE_HEADINGS) - 1)  # fmt: skip
    sheet.freeze_panes(_FIRST_LISTED, 2)
    on_paper(sheet, (top, top), source.stamp_zh)


def write_notes(sheet: Any, styles: Styles, source: Source) -> None:
    """The sheet that tells what the others are: release, day, held cities, words for codes."""
    names = {str(table.plan["city_code"]): str(table.plan["city_name_zh"])
             for table in source.tables}  # fmt: skip
    held = "、".join(
        names.get(str(city["city_code"]), str(city["city_code"]))
        for city in source.manifest["held_cities"]
    )
    lines = [
        ("发布号", source.release_id),
        ("类别", said(RELEASE_KIND_ZH, source.manifest["kind"])),
        ("截至", str(source.manifest["as_of"])),
        ("数据性质", "演示数据，非真实统计" if source.is_synthetic else "真实填报数据"),
        ("被拦下、沿用上一版的城市", held or "无"),
        (CODE_LABEL_ZH, source.record.code),
        ("无数的表示", f"{NONE_ZH}；无数不是零"),
        ("报齐", "9/10 为应报十个单位中九个已报；未报齐的数不作结论"),
        ("完成率", "实际值与目标之比；没有意义的不列"),
        ("应达到", "按文件或登记的分年度路径，到报告期应达到的值"),
        *(
            (f"状态：{word}", TARGET_STATUS_MEANING_ZH[code])
            for code, word in TARGET_STATUS_ZH.items()
        ),
    ]
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 80)
    for number, (name, text) in enumerate(lines):
        sheet.write_string(number, 0, name, styles.head)
        sheet.write_string(number, 1, plain_text(text), styles.text)
    on_paper(sheet, None, source.stamp_zh)
