with plan_targets as (select * from {{ ref('stg_definitions__plan_targets') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

target_paths as (select * from {{ ref('stg_definitions__target_paths') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

settings as (select * from {{ ref('stg_definitions__publication_settings') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

units as (select * from {{ ref('int_units_labelled') }}),

-- A draft gives way to the plan that was issued in its place; both stay readable.
superseding_plans as (
    select distinct plans.supersedes_plan_code
    from plans
    where plans.supersedes_plan_code is not null
),

-- Yearly paths have one row a year and are read where a year is judged.
path_heads as (
    select
        target_paths.target_code,
        max(target_paths.path_method) as path_method,
        max(target_paths.rate_pct) as rate_pct
    from target_paths
    group by target_paths.target_code
),

resolved as (
    select
        plan_targets.target_code,
        plan_targets.plan_code,
        plans.city_code,
        units.city_name_zh,
        plan_targets.tier,
        plan_targets.target_order,
        plan_targets.category_zh,
        plan_targets.indicator_code,
        plan_targets.relative_indicator_code,
        plan_targets.indicator_zh,
        plan_targets.unit_zh,
        plan_targets.unit_factor,
        plan_targets.basis,
        plan_targets.attribute_zh,
        plan_targets.baseline_year,
        plan_targets.baseline_value,
        plan_targets.baseline_as_printed,
        plan_targets.comparator,
        plan_targets.target_low,
        plan_targets.target_high,
        plan_targets.target_printed,
        cast(plan_targets.tolerance_pct as double) as tolerance_pct,
        plan_targets.direction,
        plan_targets.is_aspiration,
        plan_targets.is_binding,
        plan_targets.source_of_record,
        plan_targets.not_computable_reason_zh,
        plan_targets.bound_unit_codes,
        plans.plan_start,
        coalesce(path_heads.path_method, 'none') as path_method,
        cast(path_heads.rate_pct as double) as rate_pct,
        indicators.indicator_code is not null as is_defined,
        coalesce(indicators.is_ratio, false) as is_ratio,
        indicators.factor,
        coalesce(settings.decimals, indicators.decimals, 0) as decimals,
        coalesce(settings.rounding_mode, indicators.rounding_mode, 'half_up') as rounding_mode,
        coalesce(settings.publish_min_coverage_pct, indicators.publish_min_coverage_pct, 100)
            as publish_min_coverage_pct,
        case
            when superseding_plans.supersedes_plan_code is not null then 'superseded'
            else plans.status_code
        end as plan_status_code,
        frequencies.frequency,
        coalesce(frequencies.is_collected, false) as is_collected,
        coalesce(plan_targets.target_year, year(plans.plan_end)) as target_year,
        coalesce(
            plan_targets.deadline_note_zh,
            case when plan_targets.target_year is null then '文件未写期限，按规划期末' end
        ) as deadline_note_zh,
        make_date(coalesce(plan_targets.target_year, year(plans.plan_end)), 12, 31) as deadline,
        -- The nearer bound: the high one where lower is better, in a range or a band of ranks.
        cast(
            case
                when
                    plan_targets.direction = 'down'
                    and (plan_targets.comparator = 'range' or plan_targets.basis = 'rank')
                    then coalesce(plan_targets.target_high, plan_targets.target_low)
                else plan_targets.target_low
            end as double
        ) as threshold,
        case
            when plan_targets.basis in ('cumulative', 'milestone') then 'plan_to_date'
            when
                plan_targets.basis in ('level', 'growth')
                then coalesce(frequencies.frequency, 'year')
            when plan_targets.basis = 'per_unit' and not coalesce(frequencies.has_flow, true)
                then coalesce(frequencies.frequency, 'year')
            else 'year'
        end as view_type,
        plan_targets.basis in ('level', 'growth', 'per_unit', 'cumulative', 'milestone')
            as is_judged_when_due
    from plan_targets
    inner join plans
        on plan_targets.plan_code = plans.plan_code
    left join units
        on plans.city_code = units.unit_code
    left join indicators
        on plan_targets.indicator_code = indicators.indicator_code
    left join settings
        on
            plans.city_code = settings.city_code
            and plan_targets.indicator_code = settings.indicator_code
    left join superseding_plans
        on plans.plan_code = superseding_plans.supersedes_plan_code
    left join frequencies
        on
            plans.city_code = frequencies.city_code
            and plan_targets.indicator_code = frequencies.indicator_code
    left join path_heads
        on plan_targets.target_code = path_heads.target_code
)

select * from resolved
