with element_views as (select * from {{ ref('int_element_views') }}),

chosen as (select * from {{ ref('int_elements_by_view') }}),

counted as (select * from {{ ref('int_elements_counted') }}),

authority_views as (select * from {{ ref('int_authority_views') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

-- A body's year in each way of filing, whole: of one that moved, what it filed in both cities.
years as (
    select
        element_views.unit_code,
        element_views.element_code,
        element_views.view_code,
        element_views.filed_type,
        max(element_views.level_code) as level_code,
        cast(sum(element_views.value) as decimal(28, 6)) as value,
        sum(element_views.reported_cells) as reported_cells,
        sum(element_views.expected_cells) as expected_cells
    from element_views
    where element_views.view_type = 'year'
    group by
        element_views.unit_code, element_views.element_code, element_views.view_code,
        element_views.filed_type
    having count(element_views.value) > 0
),

chosen_years as (
    select
        chosen.unit_code,
        chosen.element_code,
        chosen.view_code,
        -- Of one that moved, a former city keeps its months beside the yearly figure.
        coalesce(
            max(case when chosen.filed_type in ('year', 'history') then chosen.filed_type end),
            max(chosen.filed_type)
        ) as filed_type,
        cast(sum(chosen.value) as decimal(28, 6)) as value
    from chosen
    where chosen.view_type = 'year'
    group by chosen.unit_code, chosen.element_code, chosen.view_code
),

-- A year filed in one figure, beside the same body's figure filed in another way.
years_of_bodies as (
    select
        annual.unit_code,
        annual.element_code,
        annual.view_code,
        annual.filed_type as annual_source,
        coalesce(others.filed_type, 'none') as periods_source,
        others.value as sum_of_periods,
        coalesce(others.reported_cells, 0) as reported_periods,
        coalesce(others.expected_cells, 0) as expected_periods,
        annual.value as annual_value,
        chosen_years.value as value_in_force,
        chosen_years.filed_type = annual.filed_type as is_annual_in_force
    from years as annual
    left join years as others
        on
            annual.unit_code = others.unit_code
            and annual.element_code = others.element_code
            and annual.view_code = others.view_code
            and others.filed_type not in (annual.filed_type, 'history')
    inner join chosen_years
        on
            annual.unit_code = chosen_years.unit_code
            and annual.element_code = chosen_years.element_code
            and annual.view_code = chosen_years.view_code
    where
        annual.level_code <> 'city'
        and (
            annual.filed_type = 'history'
            or (annual.filed_type = 'year' and others.filed_type is not null)
        )
),

-- A year the city filed afterwards for itself, beside the sum of its members.
years_of_cities as (
    select
        city.unit_code,
        city.element_code,
        city.view_code,
        'history' as annual_source,
        case when count(members.unit_code) > 0 then 'units' else 'none' end as periods_source,
        cast(sum(members.value) as decimal(28, 6)) as sum_of_periods,
        coalesce(sum(members.reported_cells), 0) as reported_periods,
        coalesce(sum(members.expected_cells), 0) as expected_periods,
        city.value as annual_value,
        cast(
            case when city.is_counted then city.value else sum(members.value) end as decimal(28, 6)
        ) as value_in_force,
        city.is_counted as is_annual_in_force
    from counted as city
    left join counted as members
        on
            city.city_code = members.city_code
            and city.element_code = members.element_code
            and city.view_type = members.view_type
            and city.view_code = members.view_code
            and members.is_member
    where city.view_type = 'year' and city.level_code = 'city' and city.is_history
    group by city.unit_code, city.element_code, city.view_code, city.value, city.is_counted
),

-- A year an authority printed in one figure, beside its figures of the months, quarters or halves.
years_of_authorities as (
    select
        annual.city_code as unit_code,
        annual.element_code,
        annual.view_code,
        'authority' as annual_source,
        others.filed_type as periods_source,
        others.value as sum_of_periods,
        others.reported_cells as reported_periods,
        others.expected_cells as expected_periods,
        annual.value as annual_value,
        chosen_views.value as value_in_force,
        annual.is_chosen as is_annual_in_force
    from authority_views as annual
    inner join authority_views as others
        on
            annual.city_code = others.city_code
            and annual.element_code = others.element_code
            and annual.view_code = others.view_code
            and others.view_type = 'year'
            and others.filed_type <> 'year'
            and others.value is not null
    inner join authority_views as chosen_views
        on
            annual.city_code = chosen_views.city_code
            and annual.element_code = chosen_views.element_code
            and annual.view_code = chosen_views.view_code
            and chosen_views.view_type = 'year'
            and chosen_views.is_chosen
    where
        annual.view_type = 'year'
        and annual.filed_type = 'year'
        and annual.value is not null
),

yearly_figures as (
    select * from years_of_bodies
    union all
    select * from years_of_cities
    union all
    select * from years_of_authorities
),

final as (
    select
        run_context.release_id,
        yearly_figures.unit_code,
        units.unit_name_zh,
        units.city_code,
        units.is_partition_member,
        yearly_figures.element_code,
        elements.element_zh,
        elements.unit_zh,
        yearly_figures.view_code as period_code,
        'year' as period_type,
        make_date(cast(yearly_figures.view_code as integer), 1, 1) as period_start,
        make_date(cast(yearly_figures.view_code as integer), 12, 31) as period_end,
        yearly_figures.annual_source,
        yearly_figures.periods_source,
        yearly_figures.sum_of_periods,
        cast(yearly_figures.reported_periods as integer) as reported_periods,
        cast(yearly_figures.expected_periods as integer) as expected_periods,
        yearly_figures.annual_value,
        cast(yearly_figures.annual_value - yearly_figures.sum_of_periods as decimal(28, 6))
            as difference,
        yearly_figures.value_in_force,
        yearly_figures.is_annual_in_force,
        case
            when yearly_figures.sum_of_periods is null then 'annual_only'
            when yearly_figures.reported_periods < yearly_figures.expected_periods
                then 'periods_incomplete'
            when yearly_figures.annual_value = yearly_figures.sum_of_periods then 'equal'
            else 'adjusted'
        end as status_code
    from yearly_figures
    inner join units
        on yearly_figures.unit_code = units.unit_code
    left join elements
        on yearly_figures.element_code = elements.element_code
    cross join run_context
)

select * from final
order by unit_code, element_code, period_end, annual_source, periods_source
