{{ config(alias='periods') }}

with periods as (select * from {{ ref('stg_runs__periods') }}),

final as (
    select
        {{ release_id() }} as release_id,
        periods.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        cast(year(periods.period_end) as integer) as year_number,
        periods.previous_code,
        periods.same_period_last_year_code
    from periods
)

select * from final
order by period_start, period_type, period_end, period_code
