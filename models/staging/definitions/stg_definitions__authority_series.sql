with authority_series as (select * from {{ ref('authority_series') }}),

typed as (
    select
        series_code,
        form_code,
        element_code,
        period_type,
        cast(coalesce(unit_factor, '1') as decimal(12, 6)) as unit_factor
    from authority_series
)

select * from typed
