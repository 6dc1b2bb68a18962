with plan_progress as (select * from {{ ref('plan_progress') }}),

-- The rows of a target end with the deadline and with what is due, so its last one is the table's.
ranked as (
    select
        plan_progress.*,
        row_number() over (
            partition by plan_progress.target_code order by plan_progress.period_end desc
        ) as recency
    from plan_progress
    where plan_progress.tier = 'table'
),

final as (
    select * from ranked
    where recency = 1
)

select
    release_id,
    plan_code,
    tier,
    city_code,
    city_name_zh,
    target_code,
    target_order,
    category_zh,
    indicator_code,
    indicator_zh,
    unit_zh,
    unit_factor,
    basis,
    attribute_zh,
    period_code,
    period_type,
    period_start,
    period_end,
    baseline_year,
    baseline_value,
    baseline_printed,
    baseline_source,
    target_year,
    comparator,
    target_low,
    target_high,
    target_printed,
    actual_value,
    actual_printed,
    numerator,
    denominator,
    factor,
    is_ratio,
    denominator_vintage,
    expected_value,
    progress_pct,
    completion_pct,
    status_code,
    status_reason_zh,
    source_of_record,
    plan_status_code,
    latest_value,
    latest_period_code,
    expected_units,
    reported_units,
    coverage_pct,
    is_additive,
    is_provisional,
    is_aspiration,
    is_synthetic,
    as_of
from final
order by plan_code, target_order
