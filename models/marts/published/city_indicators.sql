with indicators_of_cities as (select * from {{ ref('int_indicators_of_cities') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

with_neighbours as (
    select
        indicators_of_cities.*,
        previous.value as previous_value,
        year_ago.value as same_period_last_year,
        year_ago.coverage_pct as coverage_year_ago
    from indicators_of_cities
    left join periods
        on
            indicators_of_cities.view_type = periods.period_type
            and indicators_of_cities.view_code = periods.period_code
    left join indicators_of_cities as previous
        on
            indicators_of_cities.city_code = previous.city_code
            and indicators_of_cities.indicator_code = previous.indicator_code
            and indicators_of_cities.view_type = previous.view_type
            and periods.previous_code = previous.view_code
    left join indicators_of_cities as year_ago
        on
            indicators_of_cities.city_code = year_ago.city_code
            and indicators_of_cities.indicator_code = year_ago.indicator_code
            and indicators_of_cities.view_type = year_ago.view_type
            and periods.same_period_last_year_code = year_ago.view_code
),

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
        with_neighbours.is_additive,
        with_neighbours.is_provisional,
        case
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
