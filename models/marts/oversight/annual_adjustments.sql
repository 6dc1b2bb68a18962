with element_views as (select * from {{ ref('int_element_views') }}),

chosen as (select * from {{ ref('int_elements_by_view') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

-- The same year filed twice: period by period, and in one figure.
yearly_figures as (
    select *
    from element_views
    where view_type = 'year' and filed_type in ('year', 'history') and value is not null
),

summed_periods as (
    select *
    from element_views
    where view_type = 'year' and filed_type not in ('year', 'history') and value is not null
),

final as (
    select
        run_context.release_id,
        yearly_figures.unit_code,
        units.unit_name_zh,
        yearly_figures.city_code,
        yearly_figures.is_partition_member,
        yearly_figures.element_code,
        elements.element_zh,
        elements.unit_zh,
        yearly_figures.view_code as period_code,
        yearly_figures.view_type as period_type,
        yearly_figures.view_start as period_start,
        yearly_figures.view_end as period_end,
        yearly_figures.filed_type as annual_source,
        summed_periods.filed_type as periods_source,
        summed_periods.value as sum_of_periods,
        cast(summed_periods.reported_cells as integer) as reported_periods,
        cast(summed_periods.expected_cells as integer) as expected_periods,
        yearly_figures.value as annual_value,
        cast(yearly_figures.value - summed_periods.value as decimal(28, 6)) as difference,
        chosen.value as value_in_force,
        case
            when summed_periods.reported_cells < summed_periods.expected_cells
                then 'periods_incomplete'
            when yearly_figures.value = summed_periods.value then 'equal'
            else 'adjusted'
        end as status_code
    from yearly_figures
    inner join summed_periods
        on
            yearly_figures.unit_code = summed_periods.unit_code
            and yearly_figures.element_code = summed_periods.element_code
            and yearly_figures.view_code = summed_periods.view_code
    inner join chosen
        on
            yearly_figures.unit_code = chosen.unit_code
            and yearly_figures.element_code = chosen.element_code
            and yearly_figures.view_code = chosen.view_code
            and chosen.view_type = 'year'
    left join elements
        on yearly_figures.element_code = elements.element_code
    left join units
        on yearly_figures.unit_code = units.unit_code
    cross join run_context
)

select * from final
order by unit_code, element_code, period_end, annual_source
