with periods as (select * from {{ ref('stg_runs__periods') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

ended_periods as (
    select
        periods.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        case
            when periods.period_type = 'ytd' and substr(periods.period_code, 6, 1) = 'Q' then 2
            when periods.period_type = 'ytd' then 1
            else {{ coarseness('periods.period_type') }}
        end as coarseness
    from periods
    inner join run_context
        on periods.period_end <= run_context.as_of
    where periods.period_type in ('month', 'quarter', 'half', 'year', 'ytd')
),

filed_periods as (
    select *
    from ended_periods
    where period_type in ('month', 'quarter', 'half', 'year')
),

-- A view of a filed series: itself, a coarser calendar period, or the year so far.
calendar_views as (
    select
        filed_periods.period_type as filed_type,
        filed_periods.period_code as filed_code,
        filed_periods.period_start as filed_start,
        filed_periods.period_end as filed_end,
        viewed.period_type as view_type,
        viewed.period_code as view_code,
        viewed.period_start as view_start,
        viewed.period_end as view_end,
        viewed.coarseness,
        cast(null as string) as plan_code
    from filed_periods
    inner join ended_periods as viewed
        on
            filed_periods.period_start >= viewed.period_start
            and filed_periods.period_end <= viewed.period_end
            and filed_periods.coarseness <= viewed.coarseness
            and (viewed.period_type <> 'ytd' or filed_periods.period_type <> 'year')
),

-- Plan to date runs from the period in which the plan begins.
plan_views as (
    select
        filed_periods.period_type as filed_type,
        filed_periods.period_code as filed_code,
        filed_periods.period_start as filed_start,
        filed_periods.period_end as filed_end,
        'plan_to_date' as view_type,
        viewed.period_code as view_code,
        plans.plan_start as view_start,
        viewed.period_end as view_end,
        viewed.coarseness,
        plans.plan_code
    from plans
    inner join filed_periods as viewed
        on plans.plan_start <= viewed.period_end
    inner join filed_periods
        on
            plans.plan_start <= filed_periods.period_end
            and viewed.period_end >= filed_periods.period_end
            and viewed.coarseness >= filed_periods.coarseness
),

all_views as (
    select * from calendar_views
    union all
    select * from plan_views
),

view_periods as (
    select
        all_views.*,
        coalesce(all_views.plan_code, '') as plan_key,
        all_views.filed_end = all_views.view_end as is_last,
        count(*) over (
            partition by
                all_views.filed_type, all_views.view_type, all_views.view_code, all_views.plan_code
        ) as filed_periods_in_view
    from all_views
)

select * from view_periods
