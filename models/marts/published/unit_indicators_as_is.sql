with parts_as_is as (select * from {{ ref('int_indicator_parts_as_is') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

breaks as (select * from {{ ref('int_definition_breaks') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

valued as (
    select
        parts_as_is.unit_code,
        parts_as_is.unit_name_zh,
        parts_as_is.city_code,
        parts_as_is.is_partition_member,
        parts_as_is.indicator_code,
        parts_as_is.view_type,
        parts_as_is.view_code,
        parts_as_is.view_start,
        parts_as_is.view_end,
        cast(null as string) as plan_code,
        parts_as_is.factor,
        parts_as_is.is_ratio,
        parts_as_is.denominator,
        parts_as_is.denominator_vintage,
        parts_as_is.is_provisional,
        parts_as_is.has_history,
        parts_as_is.change_codes,
        parts_as_is.is_summable and parts_as_is.level_code <> 'department' as is_additive,
        1 as expected_units,
        case when parts_as_is.is_reported then 1 else 0 end as reported_units,
        case when not parts_as_is.is_mixed then parts_as_is.numerator end as numerator,
        case
            when parts_as_is.is_mixed then '区划变更前后不是同一单位，该指标不能合并或分摊'
            when parts_as_is.is_undivided then '原单位不可分摊：拆分未定比例，仍见原单位和全市合计'
            when parts_as_is.numerator is null then '无填报值'
            when parts_as_is.is_ratio and not parts_as_is.has_all_terms
                then '本单位不填报全部分子、分母项'
            when parts_as_is.is_per_population and parts_as_is.denominator is null
                then '缺少本单位或其原单位在期末前已公布的常住人口'
            when parts_as_is.is_ratio and parts_as_is.denominator is null then '缺少分母'
            when parts_as_is.is_ratio and parts_as_is.denominator = 0 then '分母为零'
        end as value_reason_zh
    from parts_as_is
    where parts_as_is.level_code <> 'city'
),

indicators_as_is as (
    select
        valued.*,
        case
            when value_reason_zh is not null then null
            when is_ratio then {{ ratio('numerator * factor', 'denominator') }}
            else cast(numerator * factor as double)
        end as value,
        100 * {{ ratio('reported_units', 'expected_units') }} as coverage_pct
    from valued
),

{{ neighbours('indicators_as_is', 'unit_code') }},

final as (
    select
        run_context.release_id,
        with_neighbours.unit_code,
        with_neighbours.unit_name_zh,
        with_neighbours.city_code,
        with_neighbours.is_partition_member,
        with_neighbours.indicator_code,
        indicators.indicator_zh,
        indicators.unit_zh,
        with_neighbours.view_code as period_code,
        with_neighbours.view_type as period_type,
        with_neighbours.view_start as period_start,
        with_neighbours.view_end as period_end,
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
        with_neighbours.has_history,
        with_neighbours.is_additive,
        with_neighbours.is_provisional,
        with_neighbours.change_codes,
        with_neighbours.value_reason_zh,
        run_context.is_synthetic
    from with_neighbours
    inner join indicators
        on with_neighbours.indicator_code = indicators.indicator_code
    cross join run_context
)

select * from final
order by unit_code, indicator_code, period_type, period_end
