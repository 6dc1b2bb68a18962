"""A recoded body is one body: its old code, its old name and today's mean it as it was then."""

from __future__ import annotations

import polars as pl
import pytest

from sources.definitions import Definitions
from sources.errors import UnitMismatch, UnknownUnit
from sources.submission_files import parse_submission
from sources.succession import codes_of_body
from tests.unit.sources.builders import IDENTITY, as_csv, as_xlsx, sheet_with, small_definitions

OLD, NEW = "900191", "900101"


def _definitions(*units: dict[str, str], changes: list[tuple[str, str, str]]) -> Definitions:
    """The small definitions, `丁区` being code `NEW`; more rows of units, and some changes."""
    base = small_definitions()
    tables = {name: base.table(name) for name in base._tables}
    rows = tables["units"].with_columns(
        valid_from=pl.when(pl.col("unit_code") == NEW).then(pl.lit("2025-02-01"))
    )
    more = [
        {"level": "county", "city_code": "900100", "is_partition_member": "true"} | unit
        for unit in units
    ]
    schema = dict(rows.schema)
    tables["units"] = pl.concat([
        rows, pl.DataFrame([{name: one.get(name) for name in schema} for one in more], schema)
    ])  # fmt: skip
    tables["unit_changes"] = pl.DataFrame(
        [{"change_code": f"{old}-{new}", "change_kind": kind, "changed_on": "2025-02-01",
          "from_unit_code": old, "to_unit_code": new, "share": "1", "source": None}
         for kind, old, new in changes],
        dict.fromkeys(tables["unit_changes"].columns, pl.String),
    )  # fmt: skip
    return Definitions(tables)


NOT_IN_UNITS = _definitions(changes=[("recode", OLD, NEW)])
DATED = _definitions(
    {"unit_code": OLD, "unit_name_zh": "丁县", "valid_to": "2025-02-01"},
    changes=[("recode", OLD, NEW)],
)


def _unit_of(definitions: Definitions, sender: str | None, **cells: object) -> str:
    data = as_csv(sheet_with(**cells))
    return parse_submission(data, "a.csv", sender, definitions).identity.unit_code


def test_an_old_code_that_is_not_in_units_means_todays_unit() -> None:
    for period in ("2025-01", "2025-03"):
        assert _unit_of(NOT_IN_UNITS, NEW, B3=OLD, B4=period) == NEW
        assert _unit_of(NOT_IN_UNITS, OLD, B3=OLD, B4=period) == NEW


@pytest.mark.parametrize("printed", [{"B3": OLD, "B2": "丁县"}, {"B3": NEW}, {"B3": OLD}])
@pytest.mark.parametrize("sender", [OLD, NEW, None])
def test_a_period_belongs_to_the_code_it_had(printed: dict[str, str], sender: str | None) -> None:
    assert _unit_of(DATED, sender, **printed, B4="2025-01") == OLD
    assert _unit_of(DATED, sender, **printed, B4="2025-03") == NEW


def test_the_old_name_alone_is_enough() -> None:
    sheet = sheet_with(B2="丁县", B4="2025-01")
    sheet[2] = []
    found = parse_submission(as_csv(sheet), "a.csv", NEW, DATED).identity
    assert found.unit_code == OLD


def test_the_old_form_of_a_template_for_today_is_no_mismatch() -> None:
    data = as_xlsx(sheet_with(B3=OLD), {**IDENTITY, "unit_code": NEW})
    assert parse_submission(data, "a.xlsx", NEW, DATED).identity.unit_code == NEW


def test_a_merged_unit_is_another_body() -> None:
    merged = _definitions(
        {"unit_code": OLD, "unit_name_zh": "庚县", "valid_to": "2025-02-01"},
        changes=[("merge", OLD, NEW)],
    )
    with pytest.raises(UnitMismatch):
        _unit_of(merged, NEW, B3=OLD, B2="庚县", B4="2025-01")
    gone = _definitions(changes=[("merge", OLD, NEW)])
    with pytest.raises(UnknownUnit):
        _unit_of(gone, NEW, B3=OLD)


def test_codes_in_a_circle_come_to_an_end() -> None:
    circle = _definitions(changes=[("recode", "a", "b"), ("recode", "b", "a")])
    assert set(codes_of_body("a", circle)) == {"a", "b"}


def test_140624_in_an_old_file_is_huairen() -> None:
    assert codes_of_body("140624", Definitions.load()) == ("140624", "140681")
