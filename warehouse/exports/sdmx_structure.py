"""The structure message of the exported indicators: SDMX-JSON 2.0, code lists from the release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.exports.bundle import Source

AGENCY, DATAFLOW, VERSION = "QIANGSHI", "CITY_INDICATORS", "1.0"
SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/"
    "2.0.0/sdmx-json-structure-schema.json"
)
"""The name of the schema as the standard gives it; nothing is fetched."""
IDENTITY = f"{AGENCY}:{DATAFLOW}({VERSION})"
_URN = "urn:sdmx:org.sdmx.infomodel"

CONCEPTS: Mapping[str, str] = {
    "FREQ": "频率",
    "REF_AREA": "地区",
    "INDICATOR": "指标",
    "SPAN": "时间跨度：本期、当年累计、规划期累计",
    "PLAN": "规划期累计所属规划",
    "TIME_PERIOD": "报告期",
    "OBS_VALUE": "数值",
    "OBS_STATUS": "数值状态",
    "CONF_STATUS": "保密状态",
    "UNIT_MEASURE": "计量单位",
    "COVERAGE": "已报单位/应报单位",
    "STATUS_REASON": "没有数值的原因",
}
LISTS: Mapping[str, Mapping[str, str]] = {
    "FREQ": {"M": "月", "Q": "季", "S": "半年", "A": "年"},
    "SPAN": {"PER": "本期", "YTD": "当年累计", "PTD": "规划期累计"},
    "OBS_STATUS": {
        "A": "正常", "P": "初步数", "U": "未报齐，可靠性较低", "O": "无数", "Q": "不予公开",
    },
    "CONF_STATUS": {
        "F": "公开", "N": "内部，不公开", "C": "涉个人或企业，保密",
        "D": "可推算出不公开的数，不公开",
    },
}  # fmt: skip
DIMENSIONS = ("FREQ", "REF_AREA", "INDICATOR", "SPAN", "PLAN")
ATTRIBUTES = ("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "COVERAGE", "STATUS_REASON")


def structure_message(source: Source, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Code lists, concepts, data structure and dataflow of the exported observations."""
    titles = {table.code: table.title_zh for table in source.tables}
    lists = {**LISTS, **_lists_of(rows, titles)}
    return {
        "meta": {
            "schema": SCHEMA,
            "id": f"QS{source.release_id.replace('-', '_')}",
            "test": source.is_synthetic,
            "prepared": f"{source.manifest['published_at'][:19]}+08:00",
            "sender": {"id": AGENCY},
        },
        "data": {
            "codelists": [_codelist(name, codes) for name, codes in lists.items()],
            "conceptSchemes": [
                _named("CS_QIANGSHI", "强市概念")
                | {"concepts": [{"id": code, "name": name} for code, name in CONCEPTS.items()]}
            ],
            "dataStructures": [_data_structure(lists)],
            "dataflows": [
                _named(DATAFLOW, "各市指标")
                | {"structure": f"{_URN}.datastructure.DataStructure={IDENTITY}"}
            ],
        },
    }


def _lists_of(
    rows: Iterable[Mapping[str, Any]], titles: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    areas: dict[str, str] = {}
    indicators: dict[str, str] = {}
    plans = {"_Z": "不适用"}
    for row in rows:
        areas[str(row["city_code"])] = str(row["city_name_zh"])
        indicators[str(row["indicator_code"])] = str(row["indicator_zh"])
        if row["plan_code"]:
            code = str(row["plan_code"])
            plans[code] = titles.get(code, code)
    return {"REF_AREA": areas, "INDICATOR": indicators, "PLAN": plans}


def _named(code: str, name: str) -> dict[str, Any]:
    return {"id": code, "name": name, "agencyID": AGENCY, "version": VERSION}


def _codelist(name: str, codes: Mapping[str, str]) -> dict[str, Any]:
    told = [{"id": code, "name": label} for code, label in codes.items()]
    return _named(f"CL_{name}", CONCEPTS[name]) | {"codes": told}


def _data_structure(lists: Mapping[str, Any]) -> dict[str, Any]:
    dimensions: Sequence[dict[str, Any]] = [_component(name, lists) for name in DIMENSIONS]
    time = _component("TIME_PERIOD", lists, "ObservationalTimePeriod")
    measure = _component("OBS_VALUE", lists, "Decimal") | {"usage": "optional"}
    attributes = [
        _component(name, lists, "String")
        | {
            "attributeRelationship": {"observation": {}},
            "usage": "mandatory" if name in LISTS else "optional",
            "measureRelationship": ["OBS_VALUE"],
        }
        for name in ATTRIBUTES
    ]
    return _named(DATAFLOW, "各市指标") | {
        "dataStructureComponents": {
            "dimensionList": {
                "id": "DimensionDescriptor", "dimensions": dimensions, "timeDimension": time,
            },
            "measureList": {"id": "MeasureDescriptor", "measures": [measure]},
            "attributeList": {"id": "AttributeDescriptor", "attributes": attributes},
        }
    }  # fmt: skip


def _component(name: str, lists: Mapping[str, Any], data_type: str | None = None) -> dict[str, Any]:
    concept = f"{_URN}.conceptscheme.Concept={AGENCY}:CS_QIANGSHI({VERSION}).{name}"
    if name in lists:
        codes = f"{_URN}.codelist.Codelist={AGENCY}:CL_{name}({VERSION})"
        represented: dict[str, Any] = {"enumeration": codes}
    else:
        represented = {"format": {"dataType": data_type}}
    return {"id": name, "conceptIdentity": concept, "localRepresentation": represented}
