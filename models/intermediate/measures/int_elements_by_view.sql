with observations as (select * from {{ ref('int_observations') }}),
view_periods as (select * from {{ ref('int_view_periods') }}),
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

-- Flows and facts add up over the filed periods of a view.
summed_members as (
    select
        observations.unit_code,
        observations.element_code,
        view_periods.view_type,
        view_periods.view_code,
        view_periods.plan_code,
        max(observations.city_code) as city_code,
        max(observations.level_code) as level_code,
        bool_and(observations.is_partition_member) as is_partition_member,
        max(observations.kind) as kind,
        max(view_periods.view_start) as view_start,
        max(view_periods.view_end) as view_end,
        max(view_periods.coarseness) as coarseness,
        cast(sum(observations.value) as decimal(28, 6)) as value,
        max(view_periods.filed_periods_in_view) as expected_cells,
        count(observations.value) as reported_cells,
        bool_and(observations.is_due) as is_due,
        bool_or(observations.is_provisional) as is_provisional,
        bool_or(observations.obs_status = 'carried') as is_carried
    from observations
    inner join view_periods
        on
            observations.period_type = view_periods.filed_type
            and observations.period_code = view_periods.filed_code
    left join counted_elements
        on
            view_periods.plan_code = counted_elements.plan_code
            and observations.city_code = counted_elements.city_code
            and observations.element_code = counted_elements.element_code
    where
        observations.kind in ('flow', 'fact')
        and (view_periods.plan_code is null or counted_elements.plan_code is not null)
    group by
        observations.unit_code, observations.element_code, view_periods.view_type,
        view_periods.view_code, view_periods.plan_code
),

-- Everything else is its last filed period. What can neither be added nor read off (distinct
-- counts, running sums of a year) has only the views in which one filed period speaks for all.
last_members as (
    select
        observations.unit_code,
        observations.element_code,
        view_periods.view_type,
        view_periods.view_code,
        view_periods.plan_code,
        observations.city_code,
        observations.level_code,
        observations.is_partition_member,
        observations.kind,
        view_periods.view_start,
        view_periods.view_end,
        view_periods.coarseness,
        observations.value,
        1 as expected_cells,
        case when observations.value is null then 0 else 1 end as reported_cells,
        observations.is_due,
        observations.is_provisional,
        observations.obs_status = 'carried' as is_carried
    from observations
    inner join view_periods
        on
            observations.period_type = view_periods.filed_type
            and observations.period_code = view_periods.filed_code
            and view_periods.is_last
    left join counted_elements
        on
            view_periods.plan_code = counted_elements.plan_code
            and observations.city_code = counted_elements.city_code
            and observations.element_code = counted_elements.element_code
    where
        observations.kind not in ('flow', 'fact')
        and (view_periods.plan_code is null or counted_elements.plan_code is not null)
        and (
            observations.kind in ('stock', 'cumulative', 'rate', 'score', 'rank')
            or view_periods.view_type = observations.period_type
            or (observations.kind = 'ytd' and view_periods.view_type in ('ytd', 'year'))
        )
),

members as (
    select * from summed_members
    union all
    select * from last_members
),

elements_by_view as (
    select
        members.*,
        members.reported_cells = members.expected_cells as is_reported
    from members
)

select * from elements_by_view
