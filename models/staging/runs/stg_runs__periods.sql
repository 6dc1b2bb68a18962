with periods as (select * from {{ source('raw', 'periods') }}),

typed as (
    select
        period_code,
        period_type,
        previous_code,
        same_period_last_year_code,
        cast(period_start as date) as period_start,
        cast(period_end as date) as period_end
    from periods
)

select * from typed
