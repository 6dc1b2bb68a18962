with indicators_of_units as (select * from {{ ref('int_indicators_of_units') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

breaks as (select * from {{ ref('int_definition_breaks') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

with_coverage as (
    select
        indicators_of_units.*,
        100 * {{ ratio('reported_units', 'expected_units') }} as coverage_pct
    from indicators_of_units
),

{{ neighbours('with_coverage', 'unit_code') }},

final as (
    select
        run_context.release_id,
        with_neighbours.unit_code,
        units.unit_name_zh,
        with_neighbours.city_code,
        with_neighbours.is_partition_member,
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
        with_neighbours.expected_units,
        with_neighbours.reported_units,
        with_neighbours.coverage_pct,
        with_neighbours.is_history as has_history,
        with_neighbours.is_summed as is_additive,
        with_neighbours.is_provisional,
        with_neighbours.value_reason_zh,
        run_context.is_synthetic
    from with_neighbours
    inner join indicators
        on with_neighbours.indicator_code = indicators.indicator_code
    inner join units
        on with_neighbours.unit_code = units.unit_code
    cross join run_context
)

select * from final
order by unit_code, indicator_code, period_type, period_end, plan_code
