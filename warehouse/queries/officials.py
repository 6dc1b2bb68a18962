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
select city_code, count(*) as changed,
    count(*) filter (revision_document_number is null) as undecided
from marts.official_figures
where is_changed
group by city_code
order by city_code
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
