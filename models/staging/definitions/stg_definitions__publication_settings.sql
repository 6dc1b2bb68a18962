with publication_settings as (select * from {{ ref('publication_settings') }}),

typed as (
    select
        indicator_code,
        city_code,
        denominator_vintage as vintage_rule,
        rounding_mode,
        cast(decimals as integer) as decimals,
        cast(publish_min_coverage_pct as double) as publish_min_coverage_pct
    from publication_settings
)

select * from typed
