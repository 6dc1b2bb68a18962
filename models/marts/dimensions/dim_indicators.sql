{{ config(alias='indicators') }}

with indicators as (select * from {{ ref('stg_definitions__indicators') }}),

final as (
    select
        {{ release_id() }} as release_id,
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
        indicators.valid_to
    from indicators
)

select * from final
order by indicator_code
