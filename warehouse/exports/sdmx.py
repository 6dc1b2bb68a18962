"""City indicators as SDMX-CSV 2.0, with the structure message that says what the codes mean."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from warehouse.exports.bundle import Source, Written
from warehouse.exports.printing import told
from warehouse.exports.sdmx_structure import IDENTITY, structure_message

DATA, STRUCTURE = "city_indicators.csv", "structure.json"

FREQUENCIES: Mapping[str, str] = {"month": "M", "quarter": "Q", "half": "S", "year": "A"}
SPANS: Mapping[str, str] = {"ytd": "YTD", "plan_to_date": "PTD"}
COLUMNS = (
    "FREQ", "REF_AREA", "INDICATOR", "SPAN", "PLAN", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS",
    "CONF_STATUS", "UNIT_MEASURE", "COVERAGE", "STATUS_REASON",
)  # fmt: skip
NOT_PLAN = "_Z"

SDMX_SQL = """
select city_indicators.*,
    coalesce(classes.gravest, 0) as gravest
from marts.city_indicators
left join (
    select terms.indicator_code,
        max(case elements.confidentiality_zh when '公开' then 0 when '内部' then 1 else 2 end)
            as gravest
    from marts.indicator_terms as terms
    inner join marts.elements as elements using (element_code)
    group by terms.indicator_code
) as classes using (indicator_code)
order by city_code, indicator_code, period_type, period_end, period_code, plan_code
"""
"""City indicators with the gravest class of what they are made of: 0 公开, 1 内部, 2 the rest."""
CONFIDENTIALITY = ("F", "N", "C")
"""CONF_STATUS by the gravest class of an indicator's elements: 公开, 内部, 涉个人或企业."""


def write_sdmx(source: Source, folder: Path) -> Sequence[Written]:
    """`sdmx/city_indicators.csv` and `sdmx/structure.json`; rows counted again from the file."""
    target = folder / "sdmx"
    target.mkdir()
    rows = source.ask(SDMX_SQL)
    path = target / DATA
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(("STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS))
        for row in rows:
            writer.writerow(("dataflow", IDENTITY, "I", *observation(row)))
    with path.open(encoding="utf-8", newline="") as handle:
        written = sum(1 for _ in csv.reader(handle)) - 1
    message = target / STRUCTURE
    text = json.dumps(structure_message(source, rows), ensure_ascii=False, indent=1)
    message.write_text(text + "\n", encoding="utf-8")
    return [Written(path, len(rows), written), Written(message)]


def observation(row: Mapping[str, Any]) -> tuple[str, ...]:
    """One row of the mart as an observation; a value that is not public is withheld and marked."""
    is_withheld = row["gravest"] > 0
    return (
        frequency(row),
        str(row["city_code"]),
        str(row["indicator_code"]),
        SPANS.get(row["period_type"], "PER"),
        str(row["plan_code"] or NOT_PLAN),
        str(row["period_code"]),
        "" if is_withheld else told(row["value"]) or "",
        "Q" if is_withheld and row["value"] is not None else status(row),
        CONFIDENTIALITY[row["gravest"]],
        str(row["unit_zh"] or ""),
        f"{row['reported_units']}/{row['expected_units']}",
        str(row["value_reason_zh"] or ""),
    )


def frequency(row: Mapping[str, Any]) -> str:
    """The frequency of a row; of a running total that of the period that it ends with."""
    if row["period_type"] in FREQUENCIES:
        return FREQUENCIES[row["period_type"]]
    code = str(row["period_code"])
    if "-" not in code:
        return "A"
    return code[5] if code[5] in "QS" else "M"


def period_type(freq: str, span: str) -> str:
    """The period type that a frequency and a span were told for."""
    spans = {code: kind for kind, code in SPANS.items()}
    return spans.get(span) or next(kind for kind, code in FREQUENCIES.items() if code == freq)


def status(row: Mapping[str, Any]) -> str:
    """OBS_STATUS: O nothing to publish, P provisional, U not all units in, A as it should be."""
    if row["value"] is None:
        return "O"
    if row["is_provisional"]:
        return "P"
    coverage = row["coverage_pct"]
    return "U" if coverage is not None and coverage < 100 else "A"
