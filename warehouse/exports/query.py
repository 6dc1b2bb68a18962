"""Units × indicators × periods out of one release: the table a leader asks for on the telephone.

A row is a unit and an indicator; a cell a period with what is asked of it. A missing number is a
cell with its reason, never a row left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from sources.definitions import Definitions
from sources.periods import PeriodError, parse_period
from warehouse.errors import UnknownTarget
from warehouse.exports.printing import NONE_ZH, printed, told
from warehouse.exports.selection import MEASURES, Figure, Selection
from warehouse.queries.published import manifest, marts, rows
from warehouse.releases.build import DEFINITIONS
from warehouse.settings import Settings

NOT_ASKED_ZH = "该单位本期没有此项指标的数"
ONLY_SO_FAR_ZH = "此项指标没有这一期单独的数，累计取自 "
PCT_DECIMALS = 2

# A city's own figure and the figures of the units below it, side by side. A year so far ends on the
# same day as its period; of a half year or a year it is that of its last month or quarter. What is
# filed by the quarter has no June, but a year so far that ends with it.
_SQL = """
with areas as (
    select release_id, city_code as unit_code, city_name_zh as unit_name_zh, city_code,
        null as member, 'city_indicators' as table_name, indicator_code, period_code, period_type,
        period_start, period_end, plan_code, value, yoy_pct, yoy_status, expected_units,
        reported_units, coverage_pct, missing_units_zh, is_additive, is_provisional,
        value_reason_zh, is_synthetic
    from marts.city_indicators
    union all by name
    select release_id, unit_code, unit_name_zh, city_code, is_partition_member as member,
        'unit_indicators' as table_name, indicator_code, period_code, period_type, period_start,
        period_end, plan_code, value, yoy_pct, yoy_status, expected_units, reported_units,
        coverage_pct, null as missing_units_zh, is_additive, is_provisional, value_reason_zh,
        is_synthetic
    from marts.unit_indicators
),
own as (
    select areas.* from areas
    where list_contains($indicators, indicator_code)
        and list_contains($periods, period_code || '|' || period_type)
),
asked as (
    select * from own
    union all by name
    select areas.* replace (
            named.period_code as period_code, named.period_type as period_type,
            named.period_start as period_start, null as value, null as yoy_pct, null as yoy_status,
            $only_so_far || areas.period_code as value_reason_zh
        )
    from areas
    inner join marts.periods as named
        on areas.period_end = named.period_end and areas.period_start <= named.period_start
    anti join own
        on areas.unit_code = own.unit_code and areas.indicator_code = own.indicator_code
        and named.period_code = own.period_code and named.period_type = own.period_type
    where areas.period_type = 'ytd' and list_contains($indicators, areas.indicator_code)
        and list_contains($periods, named.period_code || '|' || named.period_type)
    qualify row_number() over (
        partition by areas.unit_code, areas.indicator_code, named.period_code, named.period_type
        order by areas.value is null, areas.period_code
    ) = 1
),
placed as (
    select asked.*, indicators.direction,
        case when member is distinct from false then rank() over (
            partition by table_name, case when member then city_code end, indicator_code,
                period_code, member is distinct from false, value is null
            order by case when direction = 'down' then value else -value end
        ) end as place,
        count(value) over (
            partition by table_name, case when member then city_code end, indicator_code,
                period_code, member is distinct from false
        ) as placed_among
    from asked
    inner join (select * from marts.indicators where is_current) as indicators
        using (indicator_code)
),
so_far as (
    select unit_code, indicator_code, period_start, period_end,
        arg_min(value, (value is null, period_code)) as value,
        arg_min(period_code, (value is null, period_code)) as period_code
    from areas where period_type = 'ytd' and list_contains($indicators, indicator_code)
    group by all
)
select placed.*,
    so_far.value as ytd, so_far.period_code as ytd_code,
    case when placed.table_name = 'unit_indicators' and placed.is_additive and whole.is_additive
        and whole.value > 0 then 100 * placed.value / whole.value end as share_pct
from placed
left join so_far
    on placed.unit_code = so_far.unit_code and placed.indicator_code = so_far.indicator_code
    and placed.period_end = so_far.period_end and placed.period_start >= so_far.period_start
left join asked as whole
    on whole.table_name = 'city_indicators' and whole.unit_code = placed.city_code
    and whole.indicator_code = placed.indicator_code and whole.period_code = placed.period_code
where list_contains($units, placed.unit_code)
"""


@dataclass(frozen=True)
class Cell:
    """What is told of one unit, indicator and period; `facts` is the row of the marts, or none."""

    unit_code: str
    indicator_code: str
    period_code: str
    facts: Mapping[str, Any]

    def of(self, measure: str) -> Any:
        """One number of the cell: value, ytd, yoy_pct or share_pct; a rank as 3/9; None for none.

        A rank among one is none.
        """
        if measure != "rank":
            return self.facts.get(measure)
        among = self.facts.get("placed_among") or 0
        if self.facts.get("value") is None or among < 2:
            return None
        return f"{self.facts['place']}/{among}"

    @property
    def reason_zh(self) -> str | None:
        """Why there is no number."""
        if self.facts.get("value") is not None:
            return None
        return str(self.facts.get("value_reason_zh") or NOT_ASKED_ZH)

    @property
    def is_partial(self) -> bool:
        """Whether not all units that owe the figure have filed it."""
        coverage = self.facts.get("coverage_pct")
        return self.has_number and coverage is not None and coverage < 100

    @property
    def has_number(self) -> bool:
        """Whether the period or the year so far has a number."""
        return self.of("value") is not None or self.of("ytd") is not None


@dataclass(frozen=True)
class Line:
    """One row: a unit and an indicator with its cells by period."""

    unit_code: str
    unit_name_zh: str
    indicator_code: str
    indicator_zh: str
    unit_zh: str
    decimals: int
    rounding_mode: str
    cells: Mapping[str, Cell]

    def text(self, period_code: str, measure: str) -> str:
        """One number as it is printed."""
        cell = self.cells[period_code]
        value = cell.of(measure)
        if value is None:
            return NONE_ZH
        if measure == "rank":
            return str(value)
        if measure.endswith("_pct"):
            return printed(value, PCT_DECIMALS)
        return printed(value, self.decimals, self.rounding_mode)


@dataclass(frozen=True)
class QueryTable:
    """The answer, with what must stand under it."""

    selection: Selection
    release_id: str
    as_of: date
    is_synthetic: bool
    period_labels: Mapping[str, str]
    lines: tuple[Line, ...]
    not_public: tuple[str, ...] = ()
    """Indicators with an element that is not 公开, by name."""

    def cells(self) -> Iterator[tuple[Line, Cell]]:
        """Every cell, row by row."""
        for line in self.lines:
            for cell in line.cells.values():
                yield line, cell

    def as_json(self) -> dict[str, Any]:
        """The answer for programs: numbers unrounded."""
        return {
            "release_id": self.release_id,
            "as_of": self.as_of,
            "is_synthetic": self.is_synthetic,
            "rows": [
                {
                    "unit_code": line.unit_code,
                    "unit_name_zh": line.unit_name_zh,
                    "indicator_code": line.indicator_code,
                    "indicator_zh": line.indicator_zh,
                    "unit_zh": line.unit_zh,
                    "period_code": cell.period_code,
                    **{measure: cell.of(measure) for measure in self.selection.measures},
                    "expected_units": cell.facts.get("expected_units"),
                    "reported_units": cell.facts.get("reported_units"),
                    "is_provisional": cell.facts.get("is_provisional"),
                    "reason_zh": cell.reason_zh,
                }
                for line, cell in self.cells()
            ],
        }

    def figures(self) -> list[Figure]:
        """Every number with the published row it comes from; absent ones too: they may come."""
        found = []
        for line, cell in self.cells():
            for measure in self.selection.measures:
                where = f"{line.unit_name_zh} {line.indicator_zh}"
                label = f"{where} {self.period_labels[cell.period_code]} {MEASURES[measure]}"
                table, key_text = _place_of(cell, measure)
                found.append(
                    Figure(
                        f"{line.unit_code}|{line.indicator_code}|{cell.period_code}|{measure}",
                        label, told(cell.of(measure)), table, key_text, measure,
                    )
                )  # fmt: skip
        return found


def _place_of(cell: Cell, measure: str) -> tuple[str, str]:
    """Table and key of the row a number stands in, as revisions name it."""
    table = str(cell.facts.get("table_name") or "unit_indicators")
    code = parse_period(cell.period_code).period_type
    period, kind = cell.period_code, str(code)
    if measure == "ytd":
        period, kind = str(cell.facts.get("ytd_code") or period), "ytd"
    return table, f"{cell.unit_code}|{cell.indicator_code}|{period}|{kind}"


def query(settings: Settings, selection: Selection, release_id: str | None = None) -> QueryTable:
    """The table of a release, by default of the published one.

    Raises:
        NoRelease: there is no such release.
        UnknownTarget: the release knows none of a unit, an indicator or a period.
    """
    wanted = release_id or str(manifest(settings)["release_id"])
    with marts(settings, wanted) as connection:
        facts = rows(connection, "select as_of, is_synthetic from marts.release")[0]
        units = _known(connection, "units", "unit_code", selection.unit_codes, "单位")
        indicators = _known(
            connection, "indicators", "indicator_code", selection.indicator_codes, "指标"
        )
        found = _found(connection, selection)
        not_public = _not_public(connection, selection.indicator_codes)
    modes = rounding_modes(settings, wanted)
    lines = []
    for indicator_code in selection.indicator_codes:
        indicator = indicators[indicator_code]
        for unit_code in selection.unit_codes:
            unit = units[unit_code]
            cells = {
                code: Cell(unit_code, indicator_code, code, found[unit_code, indicator_code, code])
                for code in selection.period_codes
            }
            own = modes.get((indicator_code, str(unit["city_code"])), {})
            lines.append(
                Line(
                    unit_code, str(unit["unit_name_zh"]), indicator_code,
                    str(indicator["indicator_zh"]), str(indicator["unit_zh"] or ""),
                    int(own.get("decimals") or indicator["decimals"] or 0),
                    str(own.get("rounding_mode") or indicator["rounding_mode"] or "half_up"),
                    cells,
                )
            )  # fmt: skip
    return QueryTable(
        selection, wanted, facts["as_of"], facts["is_synthetic"],
        {code: parse_period(code).label_zh for code in selection.period_codes}, tuple(lines),
        tuple(str(indicators[code]["indicator_zh"]) for code in not_public),
    )  # fmt: skip


def _known(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    codes: tuple[str, ...],
    what_zh: str,
) -> dict[str, dict[str, Any]]:
    found = {str(row[key]): row for row in rows(connection, f"select * from marts.{table}")}
    for code in codes:
        if code not in found:
            raise UnknownTarget(what_zh, code)
    return found


def _found(
    connection: duckdb.DuckDBPyConnection, selection: Selection
) -> dict[tuple[str, str, str], dict[str, Any]]:
    typed = []
    for code in selection.period_codes:
        try:
            typed.append(f"{code}|{parse_period(code).period_type}")
        except PeriodError as error:
            raise UnknownTarget("报告期", code) from error
    known = {
        row["period"]
        for row in rows(
            connection,
            "select period_code || '|' || period_type as period from marts.periods"
            " where period_start <= (select as_of from marts.release)",
        )
    }
    for code, period in zip(selection.period_codes, typed, strict=True):
        if period not in known:
            raise UnknownTarget("报告期", code)
    answered = rows(
        connection,
        _SQL,
        {
            "units": list(selection.unit_codes),
            "indicators": list(selection.indicator_codes),
            "periods": typed,
            "only_so_far": ONLY_SO_FAR_ZH,
        },
    )
    found: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
    for row in answered:
        found[row["unit_code"], row["indicator_code"], row["period_code"]] = row
    return found


def _not_public(
    connection: duckdb.DuckDBPyConnection, indicator_codes: tuple[str, ...]
) -> list[str]:
    """Those of the indicators that are made of an element which is not 公开."""
    found = rows(
        connection,
        "select distinct terms.indicator_code from marts.elements as elements"
        " inner join marts.indicator_terms as terms using (element_code)"
        " where elements.confidentiality_zh <> '公开'",
    )
    withheld = {str(row["indicator_code"]) for row in found}
    return [code for code in indicator_codes if code in withheld]


def rounding_modes(settings: Settings, release_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """How a city prints an indicator, where its own way was part of the release."""
    folder = settings.releases / release_id / DEFINITIONS
    if not (folder / "publication_settings.csv").is_file():
        return {}
    table = Definitions.read(folder).table("publication_settings")
    return {(row["indicator_code"], row["city_code"]): row for row in table.iter_rows(named=True)}
