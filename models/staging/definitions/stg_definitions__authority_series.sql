with authority_series as (select * from {{ ref('authority_series') }}),

-- Several printed names may be parts of one element: the element is one row all the same.
typed as (
    select distinct
        series_code,
        form_code,
        element_code,
        period_type,
        cast(coalesce(unit_factor, '1') as decimal(12, 6)) as unit_factor
    from authority_series
)

select * from typed
