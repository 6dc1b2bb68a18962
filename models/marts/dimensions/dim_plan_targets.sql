{{ config(alias='plan_targets') }}

with plan_targets as (select * from {{ ref('stg_definitions__plan_targets') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

final as (
    select
        {{ release_id() }} as release_id,
        plan_targets.target_code,
        plan_targets.plan_code,
        plans.city_code,
        plan_targets.tier,
        plan_targets.target_order,
        plan_targets.category_zh,
        plan_targets.indicator_zh,
        plan_targets.indicator_code,
        plan_targets.unit_zh,
        plan_targets.unit_factor,
        plan_targets.basis,
        plan_targets.basis_reason_zh,
        plan_targets.basis_decided_by_zh,
        plan_targets.attribute_zh,
        plan_targets.baseline_year,
        plan_targets.baseline_value,
        plan_targets.target_year,
        plan_targets.deadline_note_zh,
        plan_targets.comparator,
        plan_targets.comparator_printed,
        plan_targets.target_low,
        plan_targets.target_high,
        plan_targets.target_printed,
        plan_targets.tolerance_pct,
        plan_targets.relative_indicator_code,
        plan_targets.direction,
        plan_targets.is_aspiration,
        plan_targets.is_binding,
        plan_targets.source_of_record,
        plan_targets.restates_target_code,
        plan_targets.not_computable_reason_zh,
        plan_targets.document,
        plan_targets.line,
        plan_targets.quote,
        plan_targets.remark_zh
    from plan_targets
    left join plans
        on plan_targets.plan_code = plans.plan_code
)

select * from final
order by plan_code, target_order
