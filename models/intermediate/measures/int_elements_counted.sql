with whole_views as (select * from {{ ref('int_elements_with_absent') }}),

view_periods as (select * from {{ ref('int_view_periods') }}),

periods_outside_life as (select * from {{ ref('int_periods_outside_life') }}),

sources_of_record as (select * from {{ ref('stg_definitions__sources_of_record') }}),

authority_views as (select * from {{ ref('int_authority_views') }}),

register_views as (select * from {{ ref('int_register_views') }}),

views_sourced as (
    select
        whole_views.*,
        {{ source_kind() }} as source_kind
    from whole_views
    {{ joined_sources('whole_views') }}
),

territorial_elements as (
    select
        whole_views.city_code,
        whole_views.element_code
    from whole_views
    where
        whole_views.is_partition_member
        and whole_views.level_code not in ('department', 'city')
    group by whole_views.city_code, whole_views.element_code
),

-- The members that make up a city's figure: its territory, or where no part of the territory files
-- the element (or the definitions say so) its departments.
members as (
    select
        views_sourced.*,
        views_sourced.is_partition_member
        and case
            when views_sourced.source_kind = 'department'
                then views_sourced.level_code = 'department'
            when views_sourced.source_kind = 'sum_of_units'
                then
                    views_sourced.level_code <> 'department'
                    or territorial_elements.element_code is null
            else false
        end as is_member
    from views_sourced
    left join territorial_elements
        on
            views_sourced.city_code = territorial_elements.city_code
            and views_sourced.element_code = territorial_elements.element_code
),

-- What the city itself filed for a past year stands in where its members are not complete.
city_history as (
    select
        members.city_code,
        members.element_code,
        members.view_type,
        members.view_code
    from members
    where members.level_code = 'city' and members.is_history and members.value is not null
),

complete_sums as (
    select
        members.city_code,
        members.element_code,
        members.view_type,
        members.view_code
    from members
    inner join city_history
        on
            members.city_code = city_history.city_code
            and members.element_code = city_history.element_code
            and members.view_type = city_history.view_type
            and members.view_code = city_history.view_code
    where members.is_member and members.plan_code is null
    group by
        members.city_code, members.element_code, members.view_type, members.view_code
    having bool_and(members.is_reported)
),

standing_in as (
    select city_history.*
    from city_history
    left join complete_sums
        on
            city_history.city_code = complete_sums.city_code
            and city_history.element_code = complete_sums.element_code
            and city_history.view_type = complete_sums.view_type
            and city_history.view_code = complete_sums.view_code
    where complete_sums.city_code is null
),

-- A year the city filed itself enters its plans to date whole: what the city's figure differs by
-- from what its members filed of that year, and the cells of theirs it stands for.
standing_years as (
    select
        standing_in.city_code,
        standing_in.element_code,
        standing_in.view_code,
        max(case when members.level_code = 'city' then members.view_start end) as view_start,
        max(case when members.level_code = 'city' then members.view_end end) as view_end,
        sum(case when members.level_code = 'city' then members.value end)
        - coalesce(sum(case when members.is_member then members.value end), 0) as difference,
        bool_or(members.level_code = 'city' and members.is_provisional) as is_provisional
    from standing_in
    inner join members
        on
            standing_in.city_code = members.city_code
            and standing_in.element_code = members.element_code
            and standing_in.view_type = members.view_type
            and standing_in.view_code = members.view_code
    where standing_in.view_type = 'year' and members.kind in ('flow', 'fact')
    group by standing_in.city_code, standing_in.element_code, standing_in.view_code
),

plans_to_date as (
    select
        members.unit_code,
        members.element_code,
        members.view_code,
        members.plan_code,
        sum(
            case
                when own_years.is_reported then 0
                else
                    filed_years.filed_periods_in_view - coalesce(periods_outside_life.periods, 0)
                    - coalesce(own_years.reported_cells, 0)
            end
        ) as cells
    from members
    inner join standing_years
        on
            members.city_code = standing_years.city_code
            and members.element_code = standing_years.element_code
            and members.view_start <= standing_years.view_start
            and members.view_end >= standing_years.view_end
    inner join (
        select distinct
            view_periods.filed_type,
            view_periods.view_code,
            view_periods.filed_periods_in_view
        from view_periods
        where view_periods.view_type = 'year'
    ) as filed_years
        on
            standing_years.view_code = filed_years.view_code
            and members.filed_type = filed_years.filed_type
    left join members as own_years
        on
            members.unit_code = own_years.unit_code
            and members.city_code = own_years.city_code
            and members.is_partition_member = own_years.is_partition_member
            and members.element_code = own_years.element_code
            and own_years.view_type = 'year'
            and standing_years.view_code = own_years.view_code
    left join periods_outside_life
        on
            members.unit_code = periods_outside_life.unit_code
            and members.city_code = periods_outside_life.city_code
            and members.is_partition_member = periods_outside_life.is_partition_member
            and members.filed_type = periods_outside_life.filed_type
            and periods_outside_life.view_type = 'year'
            and standing_years.view_code = periods_outside_life.view_code
    where members.view_type = 'plan_to_date' and members.is_member
    group by members.unit_code, members.element_code, members.view_code, members.plan_code
),

cities_to_date as (
    select
        plan_views.city_code,
        plan_views.element_code,
        plan_views.view_code,
        plan_views.plan_code,
        plan_views.kind,
        plan_views.view_start,
        plan_views.view_end,
        plan_views.coarseness,
        cast(sum(standing_years.difference) as decimal(28, 6)) as value,
        bool_or(standing_years.is_provisional) as is_provisional
    from (
        select distinct
            members.city_code,
            members.element_code,
            members.kind,
            members.view_code,
            members.plan_code,
            members.view_start,
            members.view_end,
            members.coarseness
        from members
        where members.view_type = 'plan_to_date' and members.is_member
    ) as plan_views
    inner join standing_years
        on
            plan_views.city_code = standing_years.city_code
            and plan_views.element_code = standing_years.element_code
            and plan_views.view_start <= standing_years.view_start
            and plan_views.view_end >= standing_years.view_end
    group by
        plan_views.city_code, plan_views.element_code, plan_views.kind, plan_views.view_code,
        plan_views.plan_code, plan_views.view_start, plan_views.view_end, plan_views.coarseness
),

of_bodies as (
    select
        members.unit_code,
        members.element_code,
        members.view_type,
        members.view_code,
        members.plan_code,
        members.city_code,
        members.level_code,
        members.is_partition_member,
        members.kind,
        members.view_start,
        members.view_end,
        members.coarseness,
        members.value,
        members.expected_cells,
        members.reported_cells + coalesce(plans_to_date.cells, 0) as reported_cells,
        members.is_due,
        members.is_provisional,
        members.is_carried,
        members.is_history,
        members.is_reported
        or members.reported_cells + coalesce(plans_to_date.cells, 0) >= members.expected_cells
            as is_reported,
        members.is_member,
        case
            when members.level_code = 'city' then 'history'
            when members.level_code = 'department' then 'department'
            else 'sum_of_units'
        end as source_of_record,
        case
            when standing_in.city_code is not null and members.plan_code is null
                then members.level_code = 'city'
            else members.is_member
        end as is_counted,
        false as is_awaiting_authority
    from members
    left join standing_in
        on
            members.city_code = standing_in.city_code
            and members.element_code = standing_in.element_code
            and members.view_type = standing_in.view_type
            and members.view_code = standing_in.view_code
    left join plans_to_date
        on
            members.unit_code = plans_to_date.unit_code
            and members.is_member
            and members.element_code = plans_to_date.element_code
            and members.view_type = 'plan_to_date'
            and members.view_code = plans_to_date.view_code
            and members.plan_code = plans_to_date.plan_code
    where members.is_member or not members.is_absent
    union all
    select
        city_code as unit_code,
        element_code,
        'plan_to_date' as view_type,
        view_code,
        plan_code,
        city_code,
        'city' as level_code,
        false as is_partition_member,
        kind,
        view_start,
        view_end,
        coarseness,
        value,
        1 as expected_cells,
        1 as reported_cells,
        true as is_due,
        is_provisional,
        false as is_carried,
        true as is_history,
        true as is_reported,
        false as is_member,
        'history' as source_of_record,
        true as is_counted,
        false as is_awaiting_authority
    from cities_to_date
),

of_authorities as (
    select
        authority_views.city_code as unit_code,
        authority_views.element_code,
        authority_views.view_type,
        authority_views.view_code,
        authority_views.plan_code,
        authority_views.city_code,
        'city' as level_code,
        false as is_partition_member,
        authority_views.kind,
        authority_views.view_start,
        authority_views.view_end,
        authority_views.coarseness,
        authority_views.value,
        authority_views.expected_cells,
        authority_views.reported_cells,
        true as is_due,
        authority_views.is_provisional,
        false as is_carried,
        false as is_history,
        authority_views.reported_cells >= authority_views.expected_cells as is_reported,
        false as is_member,
        'authority' as source_of_record,
        true as is_counted,
        authority_views.reported_cells = 0 as is_awaiting_authority
    from authority_views
    where authority_views.is_chosen
),

elements_counted as (
    select * from of_bodies
    union all
    select * from of_authorities
    union all
    select * from register_views
)

select * from elements_counted
