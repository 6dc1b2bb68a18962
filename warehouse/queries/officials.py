"""What a release says of official figures: how many have another value now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warehouse.errors import NoRelease
from warehouse.queries.published import ask
from warehouse.settings import Settings

Ask = Callable[[str], list[dict[str, Any]]]

_IS_THERE = """
select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'official_figures'
"""
_CHANGED = """
select found.city_code, coalesce(any_value(cities.unit_name_zh), found.city_code) as city_name_zh,
    count(*) as changed, count(*) filter (found.revision_document_number is null) as undecided
from marts.official_figures as found
left join marts.units as cities on found.city_code = cities.unit_code and cities.is_current
where found.is_changed
group by found.city_code
order by found.city_code
"""


def changed_officials(settings: Settings) -> list[dict[str, Any]]:
    """By city: official figures that differ in the published release, and those undecided."""
    try:
        return changed_in(lambda sql: ask(settings, sql))
    except NoRelease:
        return []


def changed_in(asked: Ask) -> list[dict[str, Any]]:
    """The same of a release that answers questions; none where it knows no official figures."""
    return asked(_CHANGED) if asked(_IS_THERE) else []


def changed_zh(row: dict[str, Any]) -> str:
    """One city's count in a sentence."""
    left = f"，其中{row['undecided']}个还没有修订决定" if row["undecided"] else ""
    return f"已正式发布的数有{row['changed']}个与现值不同{left}。"
