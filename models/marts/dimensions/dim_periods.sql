{{ config(alias='periods') }}

with periods as (select * from {{ ref('stg_runs__periods') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

reconciliation as (select * from {{ ref('reconciliation') }}),

first_plan as (select min(plan_start) as plan_start from plans),

-- Figures of a plan so far carry the code of their last period; where they begin, the plan says.
plan_periods as (
    select
        periods.period_code,
        'plan_to_date' as period_type,
        cast(null as date) as period_start,
        periods.period_end
    from periods
    inner join first_plan
        on periods.period_end >= first_plan.plan_start
    where periods.period_type in ('month', 'quarter', 'half', 'year')
),

-- Odd spans of time that an authority published a figure for.
windows as (
    select distinct
        reconciliation.period_code,
        reconciliation.period_type,
        reconciliation.period_start,
        reconciliation.period_end
    from reconciliation
    where reconciliation.period_type = 'window'
),

every_period as (
    select
        period_code,
        period_type,
        period_start,
        period_end,
        previous_code,
        same_period_last_year_code
    from periods
    union all
    select
        plan_periods.*,
        cast(null as string) as previous_code,
        cast(null as string) as same_period_last_year_code
    from plan_periods
    union all
    select
        windows.*,
        cast(null as string) as previous_code,
        cast(null as string) as same_period_last_year_code
    from windows
),

final as (
    select
        {{ release_id() }} as release_id,
        every_period.period_code,
        every_period.period_type,
        every_period.period_start,
        every_period.period_end,
        cast(year(every_period.period_end) as integer) as year_number,
        cast(ceil(month(every_period.period_end) / 3.0) as integer) as quarter_number,
        cast(month(every_period.period_end) as integer) as month_number,
        every_period.previous_code,
        every_period.same_period_last_year_code
    from every_period
)

select * from final
order by period_end, period_type, period_code
