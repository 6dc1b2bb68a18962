{{ config(alias='indicators') }}

with indicators as (select * from {{ ref('stg_definitions__indicators') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

final as (
    select
        run_context.release_id,
        indicators.indicator_code,
        indicators.indicator_zh,
        indicators.indicator_en,
        indicators.unit_zh,
        indicators.is_ratio,
        indicators.factor,
        indicators.direction,
        indicators.decimals,
        indicators.rounding_mode,
        indicators.publish_min_coverage_pct,
        indicators.vintage_rule as denominator_vintage,
        indicators.is_additive,
        indicators.formula_zh,
        indicators.definition_zh,
        indicators.not_zh,
        indicators.source_office_zh,
        indicators.valid_from,
        indicators.valid_to,
        {{ is_current('indicators', 'indicator_code') }} as is_current
    from indicators
    cross join run_context
)

select * from final
order by indicator_code
