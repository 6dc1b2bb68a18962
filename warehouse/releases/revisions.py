"""Revisions: published values that a new release changes, each with its reason.

Only values that were public count: a figure that comes for the first time revises nothing, and a
plan's table moving on to its next period neither.
"""

from __future__ import annotations

import duckdb

from warehouse.connection import scalar
from warehouse.releases.digest import columns_of, mart_names

# Mart, its key, the column compared, and whether a row that vanished counts as a change.
_COMPARED: tuple[tuple[str, tuple[str, ...], str, bool], ...] = (
    (
        "unit_observations",
        ("unit_code", "element_code", "period_code", "period_type"),
        "value",
        True,
    ),
    (
        "city_indicators",
        ("city_code", "indicator_code", "period_code", "period_type"),
        "value",
        True,
    ),
    (
        "plan_table",
        ("plan_code", "target_code", "period_code", "period_type"),
        "actual_value",
        False,
    ),
)

REASONS: dict[str, str] = {
    "corrected": "经确认并批准的更正",
    "resubmitted": "填报单位重新报送",
    "authority_revised": "主管部门发布数据有变化",
    "withdrawn": "原报送已撤回、退回或不再采用",
    "late_report": "补报或迟报数据计入",
    "definitions_changed": "指标定义或规划参数有变化",
    "software_changed": "软件版本变化后重新计算",
    "recalculated": "重新计算",
}

# What happened to each unit's figure between the two releases, first-time figures included.
_UNIT_CHANGES = """
create or replace temp table unit_changes as
select
    after.unit_code, after.city_code, after.element_code, after.period_code, after.period_type,
    after.period_start, after.period_end,
    case
        when before.value is null then 'late_report'
        when after.obs_status = 'corrected' then 'corrected'
        when after.value is null then 'withdrawn'
        when after.obs_status = 'authority' then 'authority_revised'
        when after.submission_id is distinct from before.submission_id then 'resubmitted'
        else 'recalculated'
    end as reason_code
from {new}.marts.unit_observations as after
left join {old}.marts.unit_observations as before
    using (unit_code, element_code, period_code, period_type)
where after.value is distinct from before.value
"""

_REVISED = """
select
    before.*,
    cast(before.{column} as varchar) as old_value,
    cast(after.{column} as varchar) as new_value
from {old}.marts.{table} as before
left join {new}.marts.{table} as after using ({key})
where before.{column} is not null
    and after.{column} is distinct from before.{column}
    and ({counts_vanished} or after.{first_key} is not null)
"""

# A city's figure changed because units' figures of its period did; the gravest reason is named.
_CITY_REASON = """
    (
        select arg_min(changes.reason_code, list_position($gravity, changes.reason_code))
        from unit_changes as changes
        where changes.city_code = revised.city_code
            and changes.period_end between revised.period_start and revised.period_end
            and changes.reason_code <> 'recalculated'
    )
"""
_UNIT_REASON = """
    (
        select any_value(changes.reason_code)
        from unit_changes as changes
        where changes.unit_code = revised.unit_code
            and changes.element_code = revised.element_code
            and changes.period_code = revised.period_code
            and changes.period_type = revised.period_type
            and changes.reason_code <> 'recalculated'
    )
"""


def record_revisions(
    connection: duckdb.DuckDBPyConnection,
    *,
    new: str,
    old: str,
    from_release: str,
    to_release: str,
    fallback: str,
) -> int:
    """Number of revisions added to `marts.revisions` of the release being built.

    Args:
        connection: both releases attached, the new one writable.
        new: database name of the release being built.
        old: database name of the previous release.
        from_release: id of the previous release.
        to_release: id of the new one.
        fallback: reason code where no unit's figure explains the change.
    """
    marts = set(mart_names(connection, new))
    if "revisions" not in marts:
        return 0
    marts &= set(mart_names(connection, old))
    has_units = "unit_observations" in marts
    if has_units:
        connection.execute(_UNIT_CHANGES.format(new=new, old=old))
    gravity = "[" + ", ".join(f"'{code}'" for code in REASONS) + "]"
    added = 0
    for table, key, column, counts_vanished in _COMPARED:
        if table not in marts:
            continue
        reason = _UNIT_REASON if table == "unit_observations" else _CITY_REASON
        revised = _REVISED.format(
            new=new,
            old=old,
            table=table,
            column=column,
            key=", ".join(key),
            first_key=key[0],
            counts_vanished=str(counts_vanished).lower(),
        )
        caught = reason.replace("$gravity", gravity) if has_units else "null"
        names = "from_release, to_release, table_name, key_text, column_name, old_value, new_value"
        has_id = "release_id" in columns_of(connection, "revisions", new)
        connection.execute(
            f"""
            insert into {new}.marts.revisions
                ({"release_id, " if has_id else ""}{names}, reason_code, reason_zh)
            with revised as ({revised}),
            explained as (
                select *, coalesce({caught}, '{fallback}') as reason_code_found from revised
            )
            select
                {f"'{to_release}'," if has_id else ""}
                '{from_release}', '{to_release}', '{table}', concat_ws('|', {", ".join(key)}),
                '{column}', old_value, new_value, reason_code_found,
                {_reason_text("reason_code_found")}
            from explained
            """
        )
        added += scalar(
            connection,
            f"select count(*) from {new}.marts.revisions where to_release = ? and table_name = ?",
            [to_release, table],
        )
    return added


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


def _reason_text(column: str) -> str:
    cases = " ".join(f"when '{code}' then '{text}'" for code, text in REASONS.items())
    return f"case {column} {cases} end"
