with indicators_of_cities as (select * from {{ ref('int_indicators_of_cities') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

breaks as (select * from {{ ref('int_definition_breaks') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

{{ neighbours('indicators_of_cities', 'city_code') }},

final as (
    select
        run_context.release_id,
        with_neighbours.city_code,
        units.city_name_zh,
        with_neighbours.indicator_code,
        indicators.indicator_zh,
        indicators.unit_zh,
        with_neighbours.view_code as period_code,
        with_neighbours.view_type as period_type,
        with_neighbours.view_start as period_start,
        with_neighbours.view_end as period_end,
        with_neighbours.plan_code,
        with_neighbours.value,
        with_neighbours.numerator,
        with_neighbours.denominator,
        with_neighbours.factor,
        with_neighbours.is_ratio,
        with_neighbours.denominator_vintage,
        with_neighbours.definition_version,
        with_neighbours.previous_value,
        with_neighbours.same_period_last_year,
        {{ yoy_status('with_neighbours') }} as yoy_status,
        case
            when {{ yoy_status('with_neighbours') }} = 'ok'
                then
                    100 * (with_neighbours.value - with_neighbours.same_period_last_year)
                    / nullif(with_neighbours.same_period_last_year, 0)
        end as yoy_pct,
        cast(with_neighbours.expected_units as integer) as expected_units,
        cast(with_neighbours.reported_units as integer) as reported_units,
        with_neighbours.coverage_pct,
        with_neighbours.covered_denominator_pct,
        with_neighbours.matched_value,
        with_neighbours.missing_units_zh,
        with_neighbours.source_of_record,
        with_neighbours.has_history,
        with_neighbours.is_additive,
        with_neighbours.is_provisional,
        case
            when with_neighbours.is_awaiting_authority and with_neighbours.numerator is null
                then '等待主管部门发布'
            when with_neighbours.numerator is null then '无填报值'
            when with_neighbours.is_ratio and with_neighbours.denominator is null
                then '缺少期末前已公布的分母'
            when with_neighbours.is_ratio and with_neighbours.denominator = 0 then '分母为零'
        end as value_reason_zh,
        run_context.is_synthetic
    from with_neighbours
    inner join indicators
        on with_neighbours.indicator_code = indicators.indicator_code
    inner join units
        on with_neighbours.city_code = units.unit_code
    cross join run_context
)

select * from final
order by city_code, indicator_code, period_type, period_end, plan_code
