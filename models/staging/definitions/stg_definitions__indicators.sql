with indicators as (select * from {{ ref('indicators') }}),

typed as (
    select
        indicator_code,
        indicator_zh,
        indicator_en,
        unit_zh,
        direction,
        rounding_mode,
        denominator_vintage as vintage_rule,
        formula_zh,
        definition_zh,
        not_zh,
        source_office_zh,
        cast(factor as decimal(18, 6)) as factor,
        coalesce(cast(decimals as integer), 0) as decimals,
        coalesce(cast(publish_min_coverage_pct as double), 100) as publish_min_coverage_pct,
        {{ truth('is_ratio') }} as is_ratio,
        {{ truth('is_additive') }} as is_additive,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from indicators
)

select * from typed
