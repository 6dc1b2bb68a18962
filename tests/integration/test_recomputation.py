"""Every number of the five plan tables, computed again from the counties' own files.

The traces only say where to look. The cells are read with openpyxl and the csv module, the formulas
from the definition tables, and the arithmetic is done here: no code of the product takes part.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import Workspace

SEEDS = Path(__file__).resolve().parents[2] / "models" / "seeds"
Row = dict[str, str]


@cache
def seed(table: str) -> list[Row]:
    with (SEEDS / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


TARGETS = {row["target_code"]: row for row in seed("plan_targets")}
TABLE = [code for code, row in TARGETS.items() if row["tier"] == "table"]
INDICATORS = {row["indicator_code"]: row for row in seed("indicators")}
KINDS = {row["element_code"]: row["kind"] for row in seed("elements")}
FACTORS = {
    (row["form_code"], row["element_code"]): Fraction(row["unit_factor"])
    for row in seed("form_elements")
}


@cache
def _book(path: Path) -> Any:
    return load_workbook(io.BytesIO(path.read_bytes()), data_only=True)


@cache
def _lines(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return list(csv.reader(io.StringIO(text)))


def filed_number(home: Path, leaf: dict[str, Any]) -> Fraction | None:
    """The number in the cell a leaf names, in the element's unit."""
    if leaf["value"] is None:
        return None
    path = home / "raw" / leaf["file_sha256"][:2] / leaf["file_sha256"]
    sheet, _, address = leaf["source_cell"].rpartition("!")
    if path.read_bytes()[:2] == b"PK":
        text = _book(path)[sheet][address].value
    else:
        column, line = ord(address[0]) - ord("A"), int(address[1:]) - 1
        text = _lines(path)[line][column]
    if text in (None, ""):
        assert leaf["obs_status"] == "nil"
        return Fraction(0)
    # A county may type full-width digits and thousands marks.
    number = Fraction(unicodedata.normalize("NFKC", str(text)).replace(",", "").strip())
    return number * FACTORS[leaf["form_code"], leaf["element_code"]]


def added(home: Path, terms: list[dict[str, Any]]) -> Fraction | None:
    """Numerator over denominator (or the numerator) by the definition tables."""
    sides: dict[str, Fraction] = {}
    for term in terms:
        element, role = term["element_code"], term["term_role"]
        if element == "resident_population":
            year, kind, _ = term["source_zh"].split(" ")
            area = term["area"]
            people = next(
                row["resident_population"]
                for row in seed("populations")
                if (row["area_code"], row["year"], row["population_kind"]) == (area, year, kind)
            )
            total: Fraction | None = Fraction(people)
        else:
            total = None
            for unit in term["units"]:
                leaves = [dict(leaf, element_code=element) for leaf in unit["leaves"]]
                if KINDS[element] not in ("flow", "fact"):
                    assert len(leaves) == 1
                for leaf in leaves:
                    number = filed_number(home, leaf)
                    if number is not None:
                        total = (total or Fraction(0)) + number
        if total is not None:
            coefficient = Fraction(str(term["coefficient"]))
            sides[role] = sides.get(role, Fraction(0)) + total * coefficient
    if "numerator" not in sides:
        return None
    return sides["numerator"] / sides.get("denominator", Fraction(1))


def printed(value: Fraction, decimals: int, rounding: str) -> str:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    mode = ROUND_DOWN if rounding == "truncate" else ROUND_HALF_UP
    return str(exact.quantize(Decimal(1).scaleb(-decimals), rounding=mode))


@pytest.mark.parametrize("code", TABLE)
def test_a_number_of_a_plan_table_is_what_the_files_add_up_to(demo: Workspace, code: str) -> None:
    found = demo.run("trace", code, "--json").json
    target, figure = TARGETS[code], found["figure"]
    assert found["target"]["quote"] == target["quote"]
    if target["basis"] == "rank":
        assert figure["actual_value"] is None
        return
    indicator = INDICATORS[target["indicator_code"]]
    for term in found["terms"]:
        term["area"] = figure["city_code"]
    value = added(demo.home, found["terms"])
    assert value is not None
    value *= Fraction(indicator["factor"]) / Fraction(target["unit_factor"])
    assert float(value) == pytest.approx(figure["actual_value"], rel=1e-12)
    decimals = int(indicator["decimals"])
    if target["unit_factor"] != "1":
        decimals = max(decimals, 2)
    assert printed(value, decimals, indicator["rounding_mode"]) == figure["actual_printed"]


def test_every_trace_adds_up_to_what_was_published(demo: Workspace) -> None:
    """The first and the last judged period of each of the 114 targets."""
    from warehouse.ledger.engine import open_ledger
    from warehouse.queries.trace import trace
    from warehouse.settings import Settings

    settings = Settings.load(demo.home)
    engine = open_ledger(settings)
    wanted = demo.query(
        "select target_code, min_by(period_code, period_end), max_by(period_code, period_end)"
        " from marts.plan_progress group by target_code"
    )
    assert len(wanted) == len(TARGETS)
    wrong = [
        (code, period)
        for code, first, last in wanted
        for period in {first, last}
        if not trace(settings, engine, code, period).get("is_equal", True)
    ]
    engine.dispose()
    assert wrong == []


def test_every_target_has_a_value_or_a_reason(demo: Workspace) -> None:
    without = demo.query(
        "select target_code, any_value(status_code), any_value(status_reason_zh)"
        " from marts.plan_progress group by target_code having count(actual_value) = 0"
    )
    assert without == [("SZ-H05", "no_data", TARGETS["SZ-H05"]["not_computable_reason_zh"])]
