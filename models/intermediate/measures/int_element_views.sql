with observations as (select * from {{ ref('int_observations') }}),

view_periods as (select * from {{ ref('int_view_periods') }}),

periods_outside_life as (select * from {{ ref('int_periods_outside_life') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

plan_targets as (select * from {{ ref('stg_definitions__plan_targets') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

-- Plan to date is kept only where a target counts from the start of its plan.
counted_elements as (
    select distinct
        plans.plan_code,
        plans.city_code,
        terms.element_code
    from plan_targets
    inner join plans
        on plan_targets.plan_code = plans.plan_code
    inner join terms
        on plan_targets.indicator_code = terms.indicator_code
    where plan_targets.basis in ('cumulative', 'milestone')
),

-- Every observation has its calendar views, and those of the plans that count it. Figures filed
-- afterwards for a whole year (history) stand apart: they are never spread over months.
viewable as (
    select
        observations.*,
        '' as plan_key
    from observations
    where observations.obs_status <> 'history'
    union all
    select
        observations.*,
        counted_elements.plan_code as plan_key
    from observations
    inner join counted_elements
        on
            observations.city_code = counted_elements.city_code
            and observations.element_code = counted_elements.element_code
    where observations.obs_status <> 'history'
),

-- Flows and facts add up over the filed periods of a view, each in the city its body was in then:
-- of one that moved, either city has the periods in which it was its own. Of a zone that came out
-- of its host, what it filed while the host counted it stands apart from what counts for itself.
summed_members as (
    select
        viewable.unit_code,
        viewable.element_code,
        view_periods.filed_type,
        view_periods.view_type,
        view_periods.view_code,
        view_periods.plan_code,
        viewable.city_code,
        -- Of a body whose level changed the last one, as with what is read off a day.
        max_by(viewable.level_code, viewable.period_end) as level_code,
        viewable.is_partition_member,
        max(viewable.kind) as kind,
        max(view_periods.view_start) as view_start,
        max(view_periods.view_end) as view_end,
        max(view_periods.coarseness) as coarseness,
        cast(sum(viewable.value) as decimal(28, 6)) as value,
        max(view_periods.filed_periods_in_view) - coalesce(max(periods_outside_life.periods), 0)
            as expected_cells,
        count(viewable.value) as reported_cells,
        bool_and(viewable.is_due) as is_due,
        bool_or(viewable.is_provisional) as is_provisional,
        bool_or(viewable.obs_status = 'carried') as is_carried
    from viewable
    inner join view_periods
        on
            viewable.period_type = view_periods.filed_type
            and viewable.period_code = view_periods.filed_code
            and viewable.plan_key = view_periods.plan_key
    left join periods_outside_life
        on
            viewable.unit_code = periods_outside_life.unit_code
            and viewable.city_code = periods_outside_life.city_code
            and viewable.is_partition_member = periods_outside_life.is_partition_member
            and view_periods.filed_type = periods_outside_life.filed_type
            and view_periods.view_type = periods_outside_life.view_type
            and view_periods.view_code = periods_outside_life.view_code
            and view_periods.plan_key = periods_outside_life.plan_key
    where
        viewable.kind in ('flow', 'fact')
    group by
        viewable.unit_code, viewable.city_code, viewable.is_partition_member,
        viewable.element_code, view_periods.filed_type, view_periods.view_type,
        view_periods.view_code, view_periods.plan_code
),

-- Everything else is its last filed period. What can neither be added nor read off (distinct
-- counts, running sums of a year) has only the views in which one filed period speaks for all.
last_members as (
    select
        viewable.unit_code,
        viewable.element_code,
        view_periods.filed_type,
        view_periods.view_type,
        view_periods.view_code,
        view_periods.plan_code,
        viewable.city_code,
        viewable.level_code,
        viewable.is_partition_member,
        viewable.kind,
        view_periods.view_start,
        view_periods.view_end,
        view_periods.coarseness,
        viewable.value,
        1 as expected_cells,
        case when viewable.value is null then 0 else 1 end as reported_cells,
        viewable.is_due,
        viewable.is_provisional,
        viewable.obs_status = 'carried' as is_carried
    from viewable
    inner join view_periods
        on
            viewable.period_type = view_periods.filed_type
            and viewable.period_code = view_periods.filed_code
            and viewable.plan_key = view_periods.plan_key
            and view_periods.is_last
    where
        viewable.kind not in ('flow', 'fact')
        and (
            viewable.kind in ('stock', 'cumulative', 'rate', 'score', 'rank')
            or view_periods.view_type = viewable.period_type
            or (viewable.kind = 'ytd' and view_periods.view_type in ('ytd', 'year'))
        )
),

calendar_views as (
    select distinct
        view_periods.view_type,
        view_periods.view_code,
        view_periods.view_start,
        view_periods.view_end,
        view_periods.coarseness
    from view_periods
    where view_periods.plan_code is null and view_periods.view_type <> 'ytd'
),

-- A yearly figure filed afterwards is the year's; a level at the end of a year is also that of the
-- quarter and month ending that day.
history_members as (
    select
        observations.unit_code,
        observations.element_code,
        'history' as filed_type,
        calendar_views.view_type,
        calendar_views.view_code,
        cast(null as string) as plan_code,
        observations.city_code,
        observations.level_code,
        observations.is_partition_member,
        observations.kind,
        calendar_views.view_start,
        calendar_views.view_end,
        calendar_views.coarseness,
        observations.value,
        1 as expected_cells,
        case when observations.value is null then 0 else 1 end as reported_cells,
        observations.is_due,
        observations.is_provisional,
        false as is_carried
    from observations
    inner join calendar_views
        on
            observations.period_end = calendar_views.view_end
            and (
                calendar_views.view_type = 'year'
                or observations.kind in ('stock', 'cumulative')
            )
    where observations.obs_status = 'history'
),

element_views as (
    select * from summed_members
    union all
    select * from last_members
    union all
    select * from history_members
)

select * from element_views
