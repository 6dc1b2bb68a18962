"""What a command line may name: an unknown value is refused with what there is, never ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from orchestration.cli.console import definitions_for
from orchestration.errors import OrchestrationError
from sources.definitions import Definitions, Unit
from sources.period_texts import PERIOD_WAYS_ZH, asked_period
from sources.periods import Period
from sources.vocabulary import SEVERITY_ZH, STATE_ZH
from warehouse.settings import Settings

SHOWN = 12
"""Up to so many choices are listed whole; of more, the nearest."""
NEAREST = 3
NEAR_ENOUGH = 50.0
"""Likeness in percent below which a suggestion would only mislead."""


def nearest(text: str, choices: Mapping[str, str]) -> list[str]:
    """Codes whose code or name is most like a text, the likeliest first."""
    likeness: dict[str, float] = {}
    for code, name in choices.items():
        likeness[code] = max(fuzz.ratio(text, code), fuzz.ratio(text, name))
    found = process.extract(
        "", {code: code for code in likeness}, limit=NEAREST,
        scorer=lambda _, code, **__: likeness[code], score_cutoff=NEAR_ENOUGH,
    )  # fmt: skip
    return [code for code, _, _ in found]


def chosen(what_zh: str, text: str, choices: Mapping[str, str], where_zh: str = "") -> str:
    """The code among `choices` (code and name) that a text names, by code or by its one name.

    Raises:
        OrchestrationError: it names none; said with the choices, or the nearest of many.
    """
    if text in choices:
        return text
    named = [code for code, name in choices.items() if name == text]
    if len(named) == 1:
        return named[0]
    said = f"没有{what_zh}“{text}”。"
    if named:
        raise OrchestrationError(f"{what_zh}“{text}”不止一个：{_listed(named, choices)}。")
    if len(choices) <= SHOWN:
        raise OrchestrationError(f"{said}可用：{_listed(list(choices), choices) or '无'}。")
    near = nearest(text, choices)
    if near:
        raise OrchestrationError(f"{said}是不是：{_listed(near, choices)}？{where_zh}")
    raise OrchestrationError(f"{said}{where_zh or f'共有 {len(choices)} 个可选。'}")


def _listed(codes: list[str], choices: Mapping[str, str]) -> str:
    return "、".join(
        f"{code}（{choices[code]}）" if choices[code] not in ("", code) else code for code in codes
    )


def unit_named(definitions: Definitions, text: str) -> Unit:
    """The unit of a code or of a name that only one unit bears.

    Raises:
        OrchestrationError: there is none; said with the nearest.
    """
    names = {code: unit.unit_name_zh for code, unit in definitions.units.items()}
    code = chosen("单位", text, names, "单位代码见 models/seeds/units.csv。")
    return definitions.units[code]


def form_codes(definitions: Definitions) -> dict[str, str]:
    """Forms by code, with their titles."""
    return {form.form_code: form.form_zh for form in definitions.form_versions}


def period_named(text: str) -> Period:
    """The period of a code, or of its Chinese name: 2025-Q4, 2025年四季度.

    Raises:
        OrchestrationError: the text is none, or the year so far, which no form is filed for.
    """
    found = asked_period(text)
    if found is None or found[1]:
        raise OrchestrationError(f"“{text}”不是报告期代码，也不是报告期名称；{PERIOD_WAYS_ZH}")
    return found[0]


def period_with_measures(text: str, measures: Sequence[str]) -> Period:
    """The period of a table's column; the year so far (2025年1—12月) is its last month's 累计.

    Raises:
        OrchestrationError: the text is no period, or the year so far and 累计 is not asked for.
    """
    found = asked_period(text)
    if found is None:
        raise OrchestrationError(
            f"“{text}”不是报告期代码，也不是报告期名称；{PERIOD_WAYS_ZH}；"
            "年初至某月写 2025年1—11月，取该月的累计"
        )
    period, is_running = found
    if is_running and "ytd" not in measures:
        raise OrchestrationError(
            f"“{text}”是{period.label_zh}的累计，--measure 里没有“累计”；"
            f"请加上累计，或把报告期写成{period.label_zh}"
        )
    return period


def checked_filters(settings: Settings, given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Filters of a list by the column they ask about, each a value that there is.

    Raises:
        OrchestrationError: one names nothing, or a city that this workspace does not serve; an
            empty list would pass for "nothing is wrong".
    """
    if all(text is None for text in given.values()):
        return dict(given)
    definitions = definitions_for(settings)
    found = {
        name: None if text is None else _checked(definitions, name, text)
        for name, text in given.items()
    }
    for name in ("city_code", "unit_code"):
        code = found.get(name)
        if code is not None:
            check_served(settings, definitions, definitions.units[code])
    return found


def check_served(settings: Settings, definitions: Definitions, unit: Unit) -> None:
    """Refuses a unit of a city that the workspace does not serve, naming the cities that it does.

    Raises:
        OrchestrationError: it does not serve the unit's city.
    """
    units = definitions.units
    if unit.city_code not in units or settings.serves(unit.city_code):
        return
    city = units[unit.city_code].unit_name_zh
    named = "" if unit.unit_code == unit.city_code else f"（“{unit.unit_name_zh}”所属）"
    served = {code: units[code].unit_name_zh for code in settings.cities if code in units}
    raise OrchestrationError(
        f"本工作区不含{city}{named}。本工作区的城市：{_listed(list(served), served)}。"
    )


def _checked(definitions: Definitions, name: str, text: str) -> str:
    if name == "period_code":
        return period_named(text).code
    if name == "unit_code":
        return unit_named(definitions, text).unit_code
    if name == "city_code":
        units = definitions.units
        areas = {unit.city_code for unit in units.values()} & set(units)
        return chosen("城市", text, {code: units[code].unit_name_zh for code in sorted(areas)})
    if name == "form_code":
        return chosen("报表", text, form_codes(definitions))
    if name == "state_code":
        return chosen("状态", text, STATE_ZH)
    if name == "severity_code":
        return chosen("级别", text, SEVERITY_ZH)
    rules = definitions.table("rules")["rule_id"].to_list()
    return chosen("规则", text, {rule: "" for rule in rules}, "规则清单见 docs/validation.md。")
