"""取数: units × indicators × periods chosen on a page, shown as it is printed, taken as a file.

What was asked stands whole in the address, so that a link is the question. Looking writes nothing;
a file that is taken is recorded under its short code, as `qiangshi query --out` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.routes import Declared, Download, Page
from sources.period_texts import PERIOD_WAYS_ZH, asked_period
from sources.periods import PeriodError, parse_period
from warehouse.errors import NoRelease, UnknownTarget
from warehouse.exports.offer import (
    KINDS_ZH,
    RECENT,
    Group,
    indicator_groups,
    newest_due,
    periods_offered,
    traces,
)
from warehouse.exports.page import default_title, page_of
from warehouse.exports.query import QueryTable
from warehouse.exports.query import query as answer
from warehouse.exports.query_files import export_query
from warehouse.exports.records import record_of
from warehouse.exports.selection import MEASURES, Selection, city_and_areas
from warehouse.exports.taking import plan_file
from warehouse.queries.published import manifest
from warehouse.queries.tables import plans as published_plans

MOST_NUMBERS = 6000
"""Numbers of one table; a Word file of as many takes six seconds."""
MOST_SHOWN = 200
"""Rows of the table on the page; the files have all of them."""
MOST_TITLE = 60
WIDE = 15
"""Columns of numbers beyond which a sheet of paper gets hard to read."""
AREAS_ZH: Mapping[str, str] = {
    "all": "全市及各旗县区", "city": "只要全市", "cities": "各市", "chosen": "挑选单位",
}  # fmt: skip
_MEDIA: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Question:
    """What an address asks for, each part as far as it is known."""

    city: str
    area: str
    units: tuple[str, ...]
    indicators: tuple[str, ...]
    periods: tuple[str, ...]
    measures: tuple[str, ...]
    title: str
    problems: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The question as the query part of an address."""
        parts = {
            "city": self.city, "area": self.area,
            "unit": ",".join(self.units if self.area == "chosen" else ()),
            "indicator": ",".join(self.indicators), "period": ",".join(self.periods),
            "measure": ",".join(self.measures if len(self.measures) < len(MEASURES) else ()),
            "title": self.title,
        }  # fmt: skip
        return urlencode({name: text for name, text in parts.items() if text}, safe=",")


def choose(visit: Visit) -> dict[str, Any]:
    """What can be asked, what is asked, and its answer laid out as it is printed."""
    cities = _cities(visit)
    empty: dict[str, Any] = {
        "release_id": None, "cities": cities, "problems": [], "table": None, "query": "",
        "plans": [], "find": visit.asked("find")[:40],
    }  # fmt: skip
    try:
        asked, groups, offered = _asked(visit, cities)
    except NoRelease as error:
        return empty | {"problems": [error.message_zh]}
    shown = empty | {
        "release_id": manifest(visit.settings)["release_id"],
        "asked": asked,
        "query": asked.query,
        "areas": {c: zh for c, zh in AREAS_ZH.items() if c != "cities" or len(cities) > 1},
        "units": [(cities[city], _named(visit, city)) for city in sorted(
            cities, key=lambda city: city != asked.city)],
        "groups": _found(groups, empty["find"], asked),
        "periods": _split(offered, asked.periods),
        "kinds": KINDS_ZH,
        "measures": MEASURES,
        "plans": list(_plans(visit).values()),
    }  # fmt: skip
    problems = list(asked.problems)
    if not problems and asked.indicators:
        try:
            table = answer(visit.settings, _selection(visit, asked))
            shown["table"] = _laid_out(visit, table, asked)
            shown["answer"] = table.as_json()
        except (ConsoleError, UnknownTarget) as error:
            problems.append(error.message_zh)
    return shown | {"problems": problems}


def take(visit: Visit) -> Response:
    """The table as a file; its code is known to 核验 from now on.

    Raises:
        ConsoleError: the question is not whole, or too large.
    """
    suffix = visit.request.url.path.rsplit(".", 1)[-1]
    asked, _, _ = _asked(visit, _cities(visit))
    if asked.problems:
        raise ConsoleError(f"{'；'.join(asked.problems)}。")
    if not asked.indicators:
        raise ConsoleError("还没有选指标，没有可以下载的表；请返回「取数」选好后再下载。")
    table = answer(visit.settings, _selection(visit, asked))
    title = asked.title or default_title(table)
    name = f"{file_name(title)}.{suffix}"
    with TemporaryDirectory(prefix="qiangshi-") as folder:
        file = Path(folder) / name
        export_query(visit.settings, table, file, asked.title or None)
        return attached(file.read_bytes(), name, _MEDIA[suffix])


def take_plan(visit: Visit) -> Response:
    """A plan's whole table as a workbook.

    Raises:
        NotHere: no such plan is published.
    """
    code = visit.params["plan_code"]
    known = _plans(visit)
    if code not in known:
        raise NotHere(f"规划“{code[:60]}”")
    release_id = str(manifest(visit.settings)["release_id"])
    data = plan_file(visit.settings, release_id, code)
    return attached(data, f"{file_name(str(known[code]['plan_zh']))}.xlsx", _MEDIA["xlsx"])


def _plans(visit: Visit) -> dict[str, dict[str, Any]]:
    return {
        str(row["plan_code"]): row
        for row in published_plans(visit.settings)
        if visit.settings.serves(row["city_code"])
    }


def attached(data: bytes, name: str, media: str) -> Response:
    """A file to be saved under a Chinese name."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(data, media_type=media, headers=headers)


def file_name(title: str) -> str:
    """A title as a file may be called on every system."""
    return re.sub(r'[\\/:*?"<>|\s\x00-\x1f]+', "_", title).strip("_.")[:MOST_TITLE] or "取数"


def _cities(visit: Visit) -> dict[str, str]:
    """Cities with a plan in this workspace; what is published of them is open to every account."""
    codes = visit.definitions.table("plans")["city_code"].unique().sort().to_list()
    known = visit.definitions.units
    return {code: known[code].unit_name_zh for code in codes if code in known}


def _named(visit: Visit, city: str) -> list[tuple[str, str]]:
    units = visit.definitions.units
    return [(code, units[code].unit_name_zh) for code in city_and_areas(visit.definitions, city)]


def _several(visit: Visit, name: str) -> tuple[str, ...]:
    """Values of a parameter that is repeated or separated by commas, each once."""
    texts = visit.request.query_params.getlist(name)
    return tuple(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part))


def _asked(
    visit: Visit, cities: Mapping[str, str]
) -> tuple[Question, list[Group], dict[str, list[str]]]:
    """The question of the address, with what there is to choose from; what is unknown is said.

    Raises:
        NoRelease: nothing is published.
    """
    if not cities:
        raise NoRelease()
    problems: list[str] = []
    city = _one(visit.asked("city"), cities, "城市", problems) or _own_city(visit, cities)
    area = _one(visit.asked("area"), AREAS_ZH, "单位范围", problems)
    areas = {code for own in cities for code in city_and_areas(visit.definitions, own)}
    units = _known(_several(visit, "unit"), areas, "单位", problems)
    groups = indicator_groups(visit.settings, city)
    names = [one.indicator_code for group in groups for one in group.indicators]
    ticked = _known(_several(visit, "indicator"), set(names), "指标", problems)
    offered = periods_offered(visit.settings)
    begun = {code for codes in offered.values() for code in codes}
    read = {text: asked_period(text) for text in _several(visit, "period")}
    named = tuple(dict.fromkeys(one[0].code if one else text for text, one in read.items()))
    periods = _known(named, begun, "报告期", problems, f"；{PERIOD_WAYS_ZH}")
    measures = _known(_several(visit, "measure"), set(MEASURES), "数", problems)
    if measures and "ytd" not in measures:
        problems += [
            f"“{text[:40]}”是{one[0].label_zh}的累计，请在「数」中勾选「累计」"
            for text, one in read.items() if one and one[1]
        ]  # fmt: skip
    if not periods:
        newest = newest_due(visit.settings, cities if area == "cities" else [city], ticked)
        periods = (newest,) if newest in begun else ()
    asked = Question(
        city, area or ("chosen" if units else "all"), units, ticked,
        tuple(sorted(periods, key=_when)),
        tuple(code for code in MEASURES if code in measures) or tuple(MEASURES),
        " ".join(visit.asked("title").split())[:MOST_TITLE],
    )  # fmt: skip
    return replace(asked, problems=tuple(problems)), groups, offered


def _own_city(visit: Visit, cities: Mapping[str, str]) -> str:
    """The city of the account's post, where it is served; else the first."""
    own = (post.city_code for post in visit.person.posts if post.city_code in cities)
    return next(own, None) or next(iter(cities))


def _one(text: str, known: Mapping[str, str], what_zh: str, problems: list[str]) -> str:
    if text and text not in known:
        problems.append(f"没有{what_zh}“{text[:40]}”，请检查链接或重新选择")
        return ""
    return text


def _known(
    codes: tuple[str, ...], known: set[str], what_zh: str, problems: list[str], ways_zh: str = ""
) -> tuple[str, ...]:
    unknown = [code for code in codes if code not in known]
    if unknown:
        told = "、".join(f"“{code[:40]}”" for code in unknown[:5])
        more = f"等 {len(unknown)} 个" if unknown[5:] else ""
        problems.append(f"没有{what_zh}{told}{more}，请检查链接或重新选择{ways_zh}")
    return tuple(code for code in codes if code in known)


def _when(code: str) -> tuple[Any, ...]:
    try:
        period = parse_period(code)
    except PeriodError:
        return (code,)
    return (str(period.end), str(period.start), code)


def _selection(visit: Visit, asked: Question) -> Selection:
    """The units, indicators and periods, in the order they are printed in.

    Raises:
        ConsoleError: there is no unit or period, or it comes to more numbers than one table has.
    """
    units = {
        "all": lambda: city_and_areas(visit.definitions, asked.city),
        "city": lambda: (asked.city,),
        "cities": lambda: tuple(_cities(visit)),
        "chosen": lambda: tuple(
            code for code in visit.definitions.units if code in set(asked.units)
        ),
    }[asked.area]()
    if not units:
        raise ConsoleError("还没有选单位：请在「挑选单位」下勾选，或改选「全市及各旗县区」。")
    if not asked.periods:
        raise ConsoleError("还没有到期的报告期：请勾选一个报告期。")
    selection = Selection(units, asked.indicators, asked.periods, asked.measures)
    if selection.size > MOST_NUMBERS:
        raise ConsoleError(
            f"选得太多：{len(units)} 个单位 × {len(asked.indicators)} 项指标"
            f" × {len(asked.periods)} 个报告期 × {len(asked.measures)} 种数"
            f" = {selection.size:,} 个数，一张表最多 {MOST_NUMBERS:,} 个。"
            "请少选几项指标或报告期、只留「本期」，或分几次取；要全部数据请用「发布」中的 CSV。"
        )
    return selection


def _found(groups: list[Group], text: str, asked: Question) -> list[dict[str, Any]]:
    """Indicators group by group; after a search those that match, and all that are ticked."""
    wanted = text.lower()
    told = []
    for group in groups:
        rows = [
            {"code": one.indicator_code, "zh": one.indicator_zh, "unit": one.unit_zh,
             "is_ticked": one.indicator_code in asked.indicators, "has_figures": one.has_figures}
            for one in group.indicators
            if not wanted or one.indicator_code in asked.indicators
            or wanted in one.indicator_zh.lower() or wanted in one.indicator_code.lower()
        ]  # fmt: skip
        if rows:
            told.append({"plan_zh": group.plan_zh, "category_zh": group.category_zh, "rows": rows})
    return told


def _split(
    offered: Mapping[str, list[str]], ticked: tuple[str, ...]
) -> dict[str, tuple[list[str], list[str]]]:
    """Per kind: recent periods, with any that is ticked, and older ones."""
    told = {}
    for kind, codes in offered.items():
        recent = codes[: RECENT[kind]]
        recent += [code for code in codes[RECENT[kind] :] if code in ticked]
        told[kind] = (recent, [code for code in codes if code not in recent])
    return told


def _laid_out(visit: Visit, table: QueryTable, asked: Question) -> dict[str, Any]:
    """The printed table, its first rows, with the way to the trace of each number that has one."""
    record = record_of(
        table.release_id, table.as_of.isoformat(), table.is_synthetic,
        table.selection.as_json(), table.figures(),
    )  # fmt: skip
    page = page_of(table, record.code, asked.title or None)
    ways = traces(visit.settings, table.selection.indicator_codes, table.selection.period_codes)
    cities = {code: unit.city_code for code, unit in visit.definitions.units.items()}
    width = len(table.selection.measures)
    rows = []
    for line, entries in zip(table.lines[:MOST_SHOWN], page.rows, strict=False):
        cells = []
        for place, entry in enumerate(entries[3:]):
            period = table.selection.period_codes[place // width]
            measure = table.selection.measures[place % width]
            way = ways.get((cities.get(line.unit_code, ""), line.indicator_code, period))
            href = ""
            if way and measure == "value" and line.cells[period].of("value") is not None:
                href = f"/targets/{way[0]}?period={way[1]}"
                href += "" if line.unit_code in _cities(visit) else f"#unit-{line.unit_code}"
            cells.append({"text": entry.text, "href": href})
        rows.append({"heads": [entry.text for entry in entries[:3]], "cells": cells})
    return {
        "title": page.title,
        "subtitle": page.subtitle,
        "fixed": page.fixed,
        "groups": page.groups,
        "rows": rows,
        "total": len(page.rows),
        "notes": page.notes,
        "code": record.code,
        "is_wide": page.width - len(page.fixed) > WIDE,
    }


ROUTES: tuple[Declared, ...] = (
    Page("/query", "query.html", choose, "published.read"),
    *(Download(f"/query/table.{suffix}", take, "published.read") for suffix in _MEDIA),
    Download("/plans/{plan_code}/table.xlsx", take_plan, "published.read"),
)
