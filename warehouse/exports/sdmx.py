"""City indicators as SDMX-CSV 2.0, with the structure message that says what the codes mean."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sources.definitions import Definitions
from sources.registers.definition import PUBLIC
from warehouse.audiences.confidentiality import CLASSES, confidentiality_of
from warehouse.exports.bundle import Source, Written
from warehouse.exports.printing import told
from warehouse.exports.sdmx_structure import IDENTITY, structure_message
from warehouse.queries.published import marts, rows
from warehouse.releases.build import DEFINITIONS
from warehouse.releases.history import release_db
from warehouse.settings import Settings

DATA, STRUCTURE = "city_indicators.csv", "structure.json"

FREQUENCIES: Mapping[str, str] = {"month": "M", "quarter": "Q", "half": "S", "year": "A"}
SPANS: Mapping[str, str] = {"ytd": "YTD", "plan_to_date": "PTD"}
COLUMNS = (
    "FREQ", "REF_AREA", "INDICATOR", "SPAN", "PLAN", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS",
    "CONF_STATUS", "UNIT_MEASURE", "COVERAGE", "STATUS_REASON",
)  # fmt: skip
NOT_PLAN = "_Z"

_SQL = """
select * from marts.city_indicators
order by city_code, indicator_code, period_type, period_end, period_code, plan_code
"""
CONFIDENTIALITY = dict(zip(CLASSES, ("F", "N", "C"), strict=True))
"""CONF_STATUS by the gravest class of an indicator's elements: 公开, 内部, 涉个人或企业."""
SECONDARY = "D"
"""CONF_STATUS of what is public by itself and would tell a figure that is not."""


def write_sdmx(source: Source, folder: Path) -> Sequence[Written]:
    """`sdmx/city_indicators.csv` and `sdmx/structure.json`; rows counted again from the file."""
    target = folder / "sdmx"
    target.mkdir()
    observed = sdmx_rows(source.settings, source.release_id)
    path = target / DATA
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(("STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS))
        for row in observed:
            writer.writerow(("dataflow", IDENTITY, "I", *observation(row)))
    with path.open(encoding="utf-8", newline="") as handle:
        written = sum(1 for _ in csv.reader(handle)) - 1
    message = target / STRUCTURE
    text = json.dumps(structure_message(source, observed), ensure_ascii=False, indent=1)
    message.write_text(text + "\n", encoding="utf-8")
    return [Written(path, len(observed), written), Written(message)]


def sdmx_rows(settings: Settings, release_id: str) -> list[dict[str, Any]]:
    """City indicators of a release with the CONF_STATUS of each, in the order of the file.

    Raises:
        NoRelease: it is not kept.
    """
    folder = release_db(settings, release_id).parent / DEFINITIONS
    with marts(settings, release_id) as connection:
        found = confidentiality_of(connection, Definitions.read(folder))
        told_rows = rows(connection, _SQL)
    own = {code: CONFIDENTIALITY[said] for code, said in found.indicators.items()}
    withheld = {
        code: own[code] if own[code] != "F" else SECONDARY
        for code in found.withheld(PUBLIC)
        if code in own
    }
    return [row | {"conf_status": withheld.get(row["indicator_code"], "F")} for row in told_rows]


def observation(row: Mapping[str, Any]) -> tuple[str, ...]:
    """One row of the mart as an observation; a value that is not public is withheld and marked."""
    is_withheld = row["conf_status"] != "F"
    return (
        frequency(row),
        str(row["city_code"]),
        str(row["indicator_code"]),
        SPANS.get(row["period_type"], "PER"),
        str(row["plan_code"] or NOT_PLAN),
        str(row["period_code"]),
        "" if is_withheld else told(row["value"]) or "",
        "Q" if is_withheld and row["value"] is not None else status(row),
        str(row["conf_status"]),
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
