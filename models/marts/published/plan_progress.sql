with statuses as (select * from {{ ref('int_target_statuses') }}),

targets as (select * from {{ ref('int_targets_resolved') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

final as (
    select
        run_context.release_id,
        targets.plan_code,
        targets.tier,
        targets.city_code,
        targets.city_name_zh,
        targets.target_code,
        targets.target_order,
        targets.category_zh,
        targets.indicator_code,
        targets.indicator_zh,
        targets.unit_zh,
        targets.unit_factor,
        targets.basis,
        targets.attribute_zh,
        statuses.view_code as period_code,
        statuses.view_type as period_type,
        statuses.view_start as period_start,
        statuses.view_end as period_end,
        cast(statuses.baseline_year as integer) as baseline_year,
        statuses.baseline_value,
        statuses.baseline_printed,
        statuses.baseline_source,
        cast(targets.target_year as integer) as target_year,
        targets.comparator,
        targets.target_low,
        targets.target_high,
        targets.target_printed,
        statuses.actual_value,
        statuses.actual_printed,
        statuses.numerator,
        statuses.denominator,
        statuses.factor,
        statuses.is_ratio,
        statuses.denominator_vintage,
        statuses.expected_value,
        statuses.progress_pct,
        statuses.completion_pct,
        statuses.status_code,
        statuses.status_reason_zh,
        statuses.source_of_record,
        targets.plan_status_code,
        statuses.latest_value,
        statuses.latest_period_code,
        cast(statuses.expected_units as integer) as expected_units,
        cast(statuses.reported_units as integer) as reported_units,
        statuses.coverage_pct,
        statuses.is_additive,
        statuses.is_provisional,
        targets.is_aspiration,
        run_context.is_synthetic,
        run_context.as_of
    from statuses
    inner join targets
        on statuses.target_code = targets.target_code
    cross join run_context
)

select * from final
order by plan_code, target_order, period_end, period_type
