"""What readers ask of the marts: a plan's table, coverage, what is owed."""

from __future__ import annotations

from typing import Any

from warehouse.errors import UnknownTarget
from warehouse.queries.published import ask
from warehouse.settings import Settings

Rows = list[dict[str, Any]]


def plans(settings: Settings, release_id: str | None = None) -> Rows:
    """The plans of a release, one row each."""
    return ask(settings, "select * from marts.plans order by city_code, plan_code", (), release_id)


def plan_table(settings: Settings, plan_code: str, release_id: str | None = None) -> Rows:
    """A plan's own table in its own order; empty where the plan has no row for it.

    Raises:
        UnknownTarget: the release has no such plan.
    """
    found = ask(
        settings,
        "select * from marts.plan_table where plan_code = ? order by target_order",
        [plan_code],
        release_id,
    )
    if not found and plan_code not in {row["plan_code"] for row in plans(settings, release_id)}:
        raise UnknownTarget("规划", plan_code)
    return found


def plan_links(settings: Settings, plan_code: str, release_id: str | None = None) -> Rows:
    """How the targets of a plan stand beside those of the plans before and after it.

    One row per link with the plan's own `target_code` (null where the target is the other plan's
    alone), `side` (`before`, `after`), and the other plan's target by code and name.
    """
    sql = """
        with related as (
            select links.*,
                coalesce(links.to_plan_code, later.plan_code) as new_plan_code,
                coalesce(links.from_plan_code, later.follows_plan_code) as old_plan_code
            from marts.target_links as links
            left join marts.plans as later
                on coalesce(links.to_plan_code = later.plan_code,
                    links.from_plan_code = later.follows_plan_code)
        )
        select case when new_plan_code = $plan then 'before' else 'after' end as side,
            case when new_plan_code = $plan then to_target_code else from_target_code end
                as target_code,
            case when new_plan_code = $plan then old_plan_code else new_plan_code end
                as other_plan_code,
            case when new_plan_code = $plan then from_target_code else to_target_code end
                as other_target_code,
            case when new_plan_code = $plan then from_indicator_zh else to_indicator_zh end
                as other_indicator_zh,
            link_kind, link_zh, note_zh
        from related
        where $plan in (new_plan_code, old_plan_code)
        order by side, link_kind, coalesce(to_target_code, from_target_code), from_target_code
    """
    return ask(settings, sql, {"plan": plan_code}, release_id)


def coverage(settings: Settings, *, city_code: str | None, period_code: str | None) -> Rows:
    """One row per city, form and period: units that owe, filed, filed on time, were accepted.

    Without a period: the newest due period of each form.
    """
    sql = """
        with due as (
            select *, max(period_end) over (partition by city_code, form_code) as newest_end
            from marts.reporting_rates
            where is_expected and due_at <= (select as_of + interval 1 day from marts.release)
        )
        select city_code, form_code, period_code,
            count(*) as expected_units,
            count(*) filter (is_received) as received_units,
            count(*) filter (is_on_time) as on_time_units,
            count(*) filter (is_accepted) as accepted_units,
            sum(expected_cells) as expected_cells,
            sum(filled_cells) as filled_cells
        from due
        where (? is null or city_code = ?)
            and (period_code = ? or (? is null and period_end = newest_end))
        group by city_code, form_code, period_code
        order by city_code, form_code, period_code
    """
    return ask(settings, sql, [city_code, city_code, period_code, period_code])


def owed(settings: Settings, *, city_code: str | None) -> Rows:
    """What is due by the release's day and has not come: unit, form, period, due moment."""
    sql = """
        select rates.city_code, rates.unit_code, units.unit_name_zh, rates.form_code,
            rates.period_code, rates.due_at, rates.state_code
        from marts.reporting_rates as rates
        left join (select * from marts.units where is_current) as units using (unit_code)
        where rates.is_expected and not rates.is_received
            and rates.due_at <= (select as_of + interval 1 day from marts.release)
            and (? is null or rates.city_code = ?)
        order by rates.due_at desc, rates.city_code, rates.unit_code, rates.form_code
    """
    return ask(settings, sql, [city_code, city_code])
