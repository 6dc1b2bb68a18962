"""What differs between two releases and why: one row per published value that changed.

A value is explained by what it is made of: an indicator by the changed figures of its own elements
in its own city and period, by its formula, or by the population below it; never by its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from sources.vocabulary import REVISION_REASON_ZH
from warehouse.connection import scalar
from warehouse.releases.digest import columns_of, mart_names


@dataclass(frozen=True)
class Compared:
    """A mart, what names a row of it, the columns compared, and whether a row may vanish."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    counts_vanished: bool = True


COMPARED = (
    Compared(
        "unit_observations",
        ("unit_code", "form_code", "element_code", "period_code", "period_type"),
        ("value",),
    ),
    Compared(
        "unit_indicators",
        ("unit_code", "indicator_code", "period_code", "period_type", "plan_code"),
        ("value",),
    ),
    Compared(
        "city_indicators",
        ("city_code", "indicator_code", "period_code", "period_type", "plan_code"),
        ("value",),
    ),
    Compared(
        "plan_table",
        ("plan_code", "target_code", "period_code", "period_type"),
        ("actual_value", "status_code"),
        counts_vanished=False,
    ),
    Compared(
        "unit_progress", ("target_code", "unit_code", "period_code", "period_type"),
        ("status_code",), counts_vanished=False,
    ),
)  # fmt: skip

# What happened to each unit's figure between the two releases, first-time figures included.
_UNIT_CHANGES = """
create or replace temp table unit_changes as
select
    after.unit_code, after.city_code, after.element_code, after.period_code, after.period_type,
    after.period_start, after.period_end,
    case
        when {is_reopened} then 'reopened'
        when before.value is null then 'late_report'
        when after.obs_status = 'corrected' then 'corrected'
        when after.value is null then 'withdrawn'
        when after.obs_status = 'authority' then 'authority_revised'
        when after.obs_status = 'carried' and before.obs_status <> 'carried' then 'withdrawn'
        when {is_earlier_version} then 'withdrawn'
        when after.submission_id is distinct from before.submission_id then 'resubmitted'
        else 'recalculated'
    end as reason_code
from {new}.marts.unit_observations as after
left join {old}.marts.unit_observations as before using ({key})
where after.value is distinct from before.value
"""
# A period that was reopened and did not move gives no change its name.
_FORGET_UNMOVED = """
delete from reopened where not exists (
    select 1 from unit_changes as moved
    where moved.reason_code = 'reopened' and moved.city_code = reopened.city_code
        and moved.period_code = reopened.period_code
)
"""
# Going back to an earlier version means that the later one no longer stands.
_IS_REOPENED = (
    "(after.city_code, after.form_code, after.period_code) in"
    " (select (city_code, form_code, period_code) from reopened)"
)
_EARLIER_VERSION = "after.version < before.version and before.obs_status <> 'carried'"

# What an authority printed of a city, where the city's figure is the authority's. Register figures
# stand in the same table and are no authority's.
_AUTHORITY_CHANGES = """
insert into unit_changes by name
with before as ({before}), after as ({after}),
moved as (
    select * from before full join after using (
        area_code, element_code, period_code, period_type, period_start, period_end
    )
    where after_value is distinct from before_value
),
sourced as (
    select moved.*, row_number() over (
        partition by area_code, moved.element_code, period_code, period_type
        order by rules.element_code is null, rules.city_code is null
    ) as preference, rules.source_kind
    from moved
    inner join {new}.marts.sources_of_record as rules
        on coalesce(rules.element_code, moved.element_code) = moved.element_code
        and coalesce(rules.city_code, moved.area_code) = moved.area_code
        and coalesce(rules.valid_from <= moved.period_end, true)
        and coalesce(rules.valid_to > moved.period_end, true)
)
select area_code as unit_code, area_code as city_code, element_code, period_code, period_type,
    period_start, period_end, 'authority_revised' as reason_code
from sourced
where preference = 1 and source_kind = 'authority'
"""
_PRINTED = """
select area_code, element_code, period_code, period_type, period_start, period_end,
    max(value_in_force) as {name}
from {database}.marts.reconciliation
where authority_release_id not like 'register:%'
group by all
"""


def explain_changes(
    connection: duckdb.DuckDBPyConnection,
    *,
    new: str,
    old: str,
    is_first_told: bool = False,
    reopened: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Fills the temporary table `changes`: table, key, column, old and new value, reason.

    Args:
        connection: both releases attached.
        new: database name of the later release.
        old: database name of the earlier one.
        is_first_told: whether a value that had none before counts too.
        reopened: closed periods reopened in between, by city, form and period.
    """
    connection.execute(
        "create or replace temp table changes (table_name varchar, key_text varchar,"
        " column_name varchar, old_value varchar, new_value varchar, reason_code varchar)"
    )
    marts = set(mart_names(connection, new)) & set(mart_names(connection, old))
    _note_reopened(connection, reopened)
    if "unit_observations" not in marts:
        return
    columns = set(columns_of(connection, "unit_observations", new))
    key = ", ".join(name for name in COMPARED[0].key if name in columns)
    both = columns.intersection(columns_of(connection, "unit_observations", old))
    earlier = _EARLIER_VERSION if "version" in both else "false"
    is_reopened = _IS_REOPENED if {"city_code", "form_code"} <= columns else "false"
    connection.execute(
        _UNIT_CHANGES.format(
            new=new, old=old, key=key, is_earlier_version=earlier, is_reopened=is_reopened
        )
    )
    connection.execute(_FORGET_UNMOVED)
    _note_authorities(connection, marts, new, old)
    _note_elements(connection, marts, new, old)
    _note_redefined(connection, marts, new, old)
    fallback = fallback_reason(connection, new=new, old=old)
    for compared in COMPARED:
        if compared.table in marts:
            known = set(columns_of(connection, compared.table, new)) & set(
                columns_of(connection, compared.table, old)
            )
            for column in compared.columns:
                if column in known:
                    sql = _changes_sql(compared, column, known, new, old, is_first_told)
                    connection.execute(sql, {"fallback": fallback})


def _note_authorities(
    connection: duckdb.DuckDBPyConnection, marts: set[str], new: str, old: str
) -> None:
    """Adds what authorities printed anew to the changes below the cities' figures."""
    if not {"reconciliation", "sources_of_record"} <= marts:
        return
    if all("value_in_force" in columns_of(connection, "reconciliation", db) for db in (new, old)):
        before = _PRINTED.format(database=old, name="before_value")
        after = _PRINTED.format(database=new, name="after_value")
        connection.execute(_AUTHORITY_CHANGES.format(new=new, before=before, after=after))


def fallback_reason(connection: duckdb.DuckDBPyConnection, *, new: str, old: str) -> str:
    """Why figures may have changed without a unit's figure changing: definitions, then software."""
    for column, reason in (
        ("definitions_hash", "definitions_changed"),
        ("software_version", "software_changed"),
    ):
        is_other = scalar(
            connection,
            f"select (select any_value({column}) from {new}.marts.release) is distinct from "
            f"(select any_value({column}) from {old}.marts.release)",
        )
        if is_other:
            return reason
    return "recalculated"


def reason_text(column: str, connection: duckdb.DuckDBPyConnection) -> str:
    """SQL that says a reason code in words, once `explain_changes` has been asked.

    Of what was reopened it says the names of the releases that such changes enter.
    """
    found = connection.execute("select distinct release_name from reopened order by all").fetchall()
    names = "、".join(str(name) for (name,) in found).replace("'", "''")
    said = dict(REVISION_REASON_ZH)
    if names:
        said["reopened"] += f"（{names}）"
    cases = " ".join(f"when '{code}' then '{text}'" for code, text in said.items())
    return f"case {column} {cases} end"


def _note_reopened(
    connection: duckdb.DuckDBPyConnection, reopened: Sequence[Mapping[str, Any]]
) -> None:
    connection.execute(
        "create or replace temp table reopened"
        " (city_code varchar, form_code varchar, period_code varchar, release_name varchar)"
    )
    for one in reopened:
        connection.execute(
            "insert into reopened values (?, ?, ?, ?)",
            [one["city_code"], one["form_code"], one["period_code"], one["release_name"]],
        )


def _note_elements(
    connection: duckdb.DuckDBPyConnection, marts: set[str], new: str, old: str
) -> None:
    """Which elements an indicator is made of, in either release."""
    if "indicator_terms" in marts:
        parts = [f"select indicator_code, element_code from {db}.marts.indicator_terms"
                 for db in (new, old)]  # fmt: skip
        sql = " union ".join(parts)
    else:
        sql = "select null::varchar as indicator_code, element_code from unit_changes group by all"
    connection.execute(f"create or replace temp table made_of as {sql}")


def _note_redefined(
    connection: duckdb.DuckDBPyConnection, marts: set[str], new: str, old: str
) -> None:
    """Indicators and targets whose own definition is another in the two releases."""
    parts = ["select null::varchar as code where false"]
    for table, code in (
        ("indicator_terms", "indicator_code"),
        ("indicators", "indicator_code"),
        ("plan_targets", "target_code"),
    ):
        if table in marts:
            # A release of an earlier version may lack a column: what both tell is compared.
            known = columns_of(connection, table, old)
            names = [name for name in columns_of(connection, table, new) if name in known]
            shared = ", ".join(name for name in names if name != "release_id")
            both = [f"(select {shared} from {db}.marts.{table})" for db in (new, old)]
            for first, second in (both, reversed(both)):
                parts.append(f"select {code} as code from ({first} except {second})")
    connection.execute(f"create or replace temp table redefined as {' union '.join(parts)}")


def _changes_sql(
    compared: Compared, column: str, known: set[str], new: str, old: str, is_first_told: bool
) -> str:
    key = [name for name in compared.key if name in known]
    joined = " and ".join(f"earlier.{name} is not distinct from later.{name}" for name in key)
    kept = "" if compared.counts_vanished else f"and later.{key[0]} is not null"
    told = "" if is_first_told else f"and earlier.{column} is not null"
    either = {name: f"coalesce(later.{name}, earlier.{name})" for name in known}
    has_ratio = {"denominator", "denominator_vintage"} <= known
    people = (
        "later.denominator_vintage is distinct from earlier.denominator_vintage"
        " or (later.denominator is distinct from earlier.denominator"
        " and later.denominator_vintage is not null)"
        if has_ratio
        else "false"
    )
    own = " and ".join(
        f"moved.{name} = changed.{name}"
        for name in ("unit_code", "element_code", "city_code")
        if name in known
    )
    through = (
        "inner join made_of on moved.element_code = made_of.element_code and"
        " (made_of.indicator_code is null or made_of.indicator_code = changed.indicator_code)"
        if "indicator_code" in known
        else ""
    )
    codes = [name for name in ("indicator_code", "target_code") if name in known]
    defined = " or ".join(f"redefined.code = changed.{name}" for name in codes) or "false"
    gravity = "[" + ", ".join(f"'{code}'" for code in REVISION_REASON_ZH) + "]"
    fields = sorted(known & {
        "unit_code", "element_code", "city_code", "indicator_code", "target_code",
        "period_start", "period_end",
    })  # fmt: skip
    return f"""
    insert into changes
    with changed as (
        select
            row_number() over () as number,
            {", ".join(f"{either[name]} as {name}" for name in fields)},
            concat_ws('|', {", ".join(either[name] for name in key)}) as key_text,
            cast(earlier.{column} as varchar) as old_value,
            cast(later.{column} as varchar) as new_value,
            {people} as has_other_people
        from {old}.marts.{compared.table} as earlier
        full join {new}.marts.{compared.table} as later on {joined}
        where earlier.{column} is distinct from later.{column} {told} {kept}
    ),
    moved_below as (
        select changed.number,
            arg_min(moved.reason_code, list_position({gravity}, moved.reason_code)) as reason_code
        from changed
        inner join unit_changes as moved
            on {own} and moved.period_end between changed.period_start and changed.period_end
        {through}
        where moved.reason_code <> 'recalculated'
        group by changed.number
    ),
    redefined_rows as (
        select distinct changed.number from changed inner join redefined on {defined}
    )
    select '{compared.table}', changed.key_text, '{column}', changed.old_value, changed.new_value,
        case
            when redefined_rows.number is not null then 'definitions_changed'
            when moved_below.reason_code is not null then moved_below.reason_code
            when changed.has_other_people then 'population_revised'
            else $fallback
        end
    from changed
    left join moved_below on changed.number = moved_below.number
    left join redefined_rows on changed.number = redefined_rows.number
    """
