with elements_by_view as (select * from {{ ref('int_elements_by_view') }}),

view_periods as (select * from {{ ref('int_view_periods') }}),

sources_of_record as (select * from {{ ref('stg_definitions__sources_of_record') }}),

authority_series as (select * from {{ ref('stg_definitions__authority_series') }}),

authority_figures as (select * from {{ ref('int_authority_figures') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

views_sourced as (
    select
        elements_by_view.*,
        {{ source_kind() }} as source_kind
    from elements_by_view
    {{ joined_sources('elements_by_view') }}
),

territorial_elements as (
    select
        elements_by_view.city_code,
        elements_by_view.element_code
    from elements_by_view
    where
        elements_by_view.is_partition_member
        and elements_by_view.level_code not in ('department', 'city')
    group by elements_by_view.city_code, elements_by_view.element_code
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
        members.reported_cells,
        members.is_due,
        members.is_provisional,
        members.is_carried,
        members.is_history,
        members.is_reported,
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
),

published_series as (
    select distinct
        plans.city_code,
        authority_series.element_code,
        authority_series.period_type
    from plans
    cross join authority_series
    inner join sources_of_record
        on
            sources_of_record.source_kind = 'authority'
            and coalesce(sources_of_record.element_code, authority_series.element_code)
            = authority_series.element_code
            and coalesce(sources_of_record.city_code, plans.city_code) = plans.city_code
),

-- An authority's figure of a city is expected for every period its series is published for.
published_views as (
    select
        published_series.city_code,
        published_series.element_code,
        elements.kind,
        view_periods.*
    from published_series
    inner join elements
        on published_series.element_code = elements.element_code
    inner join view_periods
        on published_series.period_type = view_periods.filed_type
    left join plans
        on view_periods.plan_code = plans.plan_code
    where coalesce(plans.city_code, published_series.city_code) = published_series.city_code
),

authority_views as (
    select published_views.*
    from published_views
    {{ joined_sources('published_views') }}
    where {{ source_kind() }} = 'authority'
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
        max(authority_views.kind) as kind,
        max(authority_views.view_start) as view_start,
        max(authority_views.view_end) as view_end,
        max(authority_views.coarseness) as coarseness,
        cast(sum(authority_figures.value) as decimal(28, 6)) as value,
        max(
            case
                when authority_views.kind in ('flow', 'fact')
                    then authority_views.filed_periods_in_view
                else 1
            end
        ) as expected_cells,
        count(authority_figures.value) as reported_cells,
        true as is_due,
        false as is_provisional,
        false as is_carried,
        false as is_history,
        count(authority_figures.value) >= max(
            case
                when authority_views.kind in ('flow', 'fact')
                    then authority_views.filed_periods_in_view
                else 1
            end
        ) as is_reported,
        'authority' as source_of_record,
        true as is_counted,
        count(authority_figures.value) = 0 as is_awaiting_authority
    from authority_views
    left join authority_figures
        on
            authority_views.city_code = authority_figures.area_code
            and authority_views.element_code = authority_figures.element_code
            and authority_views.filed_type = authority_figures.period_type
            and authority_views.filed_code = authority_figures.period_code
            and authority_figures.is_newest_publication
    where
        authority_views.kind in ('flow', 'fact')
        or (
            authority_views.is_last
            and (
                authority_views.kind in ('stock', 'cumulative', 'rate', 'score', 'rank')
                or authority_views.view_type = authority_views.filed_type
                or (authority_views.kind = 'ytd' and authority_views.view_type in ('ytd', 'year'))
            )
        )
    group by
        authority_views.city_code, authority_views.element_code, authority_views.view_type,
        authority_views.view_code, authority_views.plan_code
),

elements_counted as (
    select * from of_bodies
    union all
    select * from of_authorities
)

select * from elements_counted
