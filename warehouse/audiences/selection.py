"""The rows and values of one mart that an audience of one city gets, as SQL.

Rows of other cities are left out; values beyond the audience's class are empty, the reason beside
them. What a withheld row still tells is listed here: any other column, a new one too, is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sources.codelists import WITHHELD
from warehouse.errors import WarehouseError
from warehouse.releases.city_rows import filled, rows_of_city
from warehouse.sql_text import literal, quoted

SOURCE = "source_release"
"""Name under which the release is attached."""
CODES = "withheld_codes"
"""Temporary table: code and reason of everything withheld from the audience."""
SHARED = frozenset({
    "codelists", "data_dictionary", "elements", "indicator_terms", "indicators", "periods",
    "release",
})  # fmt: skip
"""Marts of definitions that are every city's."""
DEFINITIONS = SHARED | {"plan_targets", "plans", "sources_of_record", "target_links", "units"}
"""Marts without figures of a reporting unit: nothing in them is withheld by class."""

# What a withheld row still tells: which row it is, what it is about, how many reported.
TOLD = frozenset({
    "as_of", "attribute_zh", "basis", "baseline_source", "baseline_year", "category_zh",
    "city_code", "city_name_zh", "comparator", "coverage_pct", "definition_version",
    "denominator_vintage", "element_code", "element_zh", "expected_units", "factor", "finding_id",
    "form_code", "has_history", "indicator_code", "indicator_zh", "is_additive",
    "is_annual_in_force", "is_aspiration", "is_derived", "is_partition_member", "is_provisional",
    "is_ratio", "is_synthetic", "kind", "known_from", "known_to", "period_code", "period_end",
    "period_start", "period_type", "plan_code", "plan_status_code", "published_on", "release_id",
    "reported_units", "rule_id", "rule_version", "severity_code", "source_of_record",
    "submission_id", "target_code", "target_high", "target_low", "target_order", "target_printed",
    "target_year", "tier", "unit_code", "unit_factor", "unit_name_zh", "unit_zh", "version",
    "area_code", "area_name_zh", "authority_release_id", "official_release_id", "report_code",
    "official_period_code", "document_number", "approved_on", "revised_on",
    "revision_document_number", "table_name",
})  # fmt: skip
_BASELINE = frozenset({"baseline_printed", "baseline_value"})
_BOUNDS = frozenset({"target_low", "target_high"})

_REVISIONS = """split_part(key_text, '|', 1) in (
    select unit_code from $file.marts.units where city_code = $city
    union all select plan_code from $file.marts.plans where city_code = $city
    union all select targets.target_code from $file.marts.plan_targets as targets
        inner join $file.marts.plans as plans using (plan_code) where plans.city_code = $city
    union all select $city
) and ($told)"""


class AudienceUnsound(WarehouseError):
    """The rows of an audience ask for what no file can be made of."""


@dataclass(frozen=True)
class Selected:
    """One mart of a file."""

    table: str
    where: str
    columns: Mapping[str, str]
    """What stands in each column, as SQL."""
    reason: str | None
    """SQL of the reason why a row's values are withheld, null where they are not; None for a mart
    without figures, or an audience that may see all of them."""
    withheld_columns: tuple[str, ...]
    emptied: tuple[str, ...] = ()
    """Columns that the mart always fills and that are empty here in withheld rows."""

    @property
    def sql(self) -> str:
        """The rows, in the release's order of columns."""
        listed = ", ".join(f"{sql} as {quoted(name)}" for name, sql in self.columns.items())
        reason = f", {self.reason} as {_REASON}" if self.reason else ""
        # The reason is looked up once a row, not once a column.
        return f"select {listed} from (select *{reason} from {self._from} where {self.where})"

    @property
    def count_sql(self) -> str:
        """How many rows that is."""
        return f"select count(*) from {self._from} where {self.where}"

    @property
    def withheld_sql(self) -> str | None:
        """Rows whose values are withheld, counted by what they are about and why."""
        if self.reason is None:
            return None
        code = next((name for name in _SUBJECTS if name in self.columns), "table_name")
        return (
            f"select cast({code} as varchar), {self.reason} as reason_zh, count(*)"
            f" from {self._from} where ({self.where}) and {self.reason} is not null"
            " group by all order by all"
        )

    @property
    def _from(self) -> str:
        return f"{SOURCE}.marts.{quoted(self.table)}"


_REASON = "withheld_reason_zh_"
_SUBJECTS = ("element_code", "indicator_code", "target_code")
"""Columns whose code a row is about."""


def select_table(
    table: str,
    columns: Mapping[str, tuple[str, bool]],
    city_code: str,
    tables: Mapping[str, tuple[str, ...]],
    *,
    sees_all: bool,
) -> Selected:
    """What of a mart goes into the file of a city for an audience.

    Args:
        table: the mart.
        columns: its columns, each with its type and whether it may be empty.
        city_code: the city.
        tables: the marts of the audience, each with the columns that are left empty for it.
        sees_all: whether no class of element is beyond it.

    Raises:
        AudienceUnsound: a column that must say something is to be left empty, or there is none of
            its name; or the mart cannot be told apart by city.
    """
    withheld_columns = tables[table]
    for name in withheld_columns:
        if name not in columns:
            raise AudienceUnsound(f"audience_tables.csv：表“{table}”没有“{name}”列。")
        if not columns[name][1]:
            raise AudienceUnsound(
                f"audience_tables.csv：表“{table}”的“{name}”列不能为空，不能隐去。"
            )
    reason = None if sees_all or table in DEFINITIONS else _reason(table, columns)
    chosen = {}
    for name, (kind, is_nullable) in columns.items():
        if name in withheld_columns:
            chosen[name] = f"cast(null as {kind})"
        elif reason is None or (name in TOLD and not (name in _BOUNDS and "comparator" in columns)):
            chosen[name] = quoted(name)
        else:
            chosen[name] = _unless_withheld(table, name, kind, is_nullable)
    emptied = tuple(
        name
        for name, (kind, is_nullable) in columns.items()
        if chosen[name] != quoted(name) and not is_nullable and kind != "VARCHAR"
    )
    return Selected(
        table, _where(table, columns, city_code, tables), chosen, reason, withheld_columns, emptied
    )


def _where(
    table: str,
    columns: Mapping[str, object],
    city_code: str,
    tables: Mapping[str, tuple[str, ...]],
) -> str:
    listed = ", ".join(literal(name) for name in sorted(tables))
    if table == "revisions":
        return filled(_REVISIONS.replace("$told", _revised(tables)), SOURCE, city_code)
    if table == "data_dictionary":
        return f"table_name in ({listed})"
    if table == "codelists":
        dictionary = f"{SOURCE}.marts.data_dictionary"
        return f"code_list in (select code_list from {dictionary} where table_name in ({listed}))"
    if table in SHARED:
        return "true"
    link = rows_of_city(table, columns)
    if link is None:
        raise AudienceUnsound(f"表“{table}”分不出城市，不能放进分城市的文件。")
    return filled(link, SOURCE, city_code)


def _revised(tables: Mapping[str, tuple[str, ...]]) -> str:
    """Revisions of what the audience gets, as SQL."""
    told = []
    for name, withheld in sorted(tables.items()):
        is_told = f"table_name = {literal(name)}"
        if withheld:
            is_told += f" and column_name not in ({', '.join(literal(one) for one in withheld)})"
        told.append(f"({is_told})")
    return " or ".join(told)


def _reason(table: str, columns: Mapping[str, object]) -> str | None:
    """SQL of why a row's values are withheld; None where a mart is about no element at all."""
    if table == "revisions":
        return (
            f"(select min(reason_zh) from {CODES}"
            " where list_contains(string_split(key_text, '|'), code))"
        )
    about = [name for name in _SUBJECTS if name in columns]
    looked_up = [f"(select min(reason_zh) from {CODES} where code = {name})" for name in about]
    if "element_code" in columns:
        # A row that is about no one element may tell of any.
        looked_up.append("case when element_code is null then '不予公开' end")
    return f"coalesce({', '.join(looked_up)})" if looked_up else None


def _unless_withheld(table: str, name: str, kind: str, is_nullable: bool) -> str:
    column = quoted(name)
    if table == "revisions" and name not in {"old_value", "new_value", "reason_zh"}:
        return column
    if name.endswith("reason_zh"):
        return f"coalesce({_REASON}, {column})"
    shown = f"{_REASON} is null"
    if name in _BASELINE:
        shown = f"({shown} or baseline_source = 'printed')"
    if name in _BOUNDS:
        # Held against another figure, the bound is that figure.
        shown = f"({shown} or comparator is distinct from 'relative')"
    if is_nullable or kind != "VARCHAR":
        return f"case when {shown} then {column} end"
    return f"case when {shown} then {column} else {literal(WITHHELD)} end"
