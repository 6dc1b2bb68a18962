with plan_targets as (select * from {{ ref('plan_targets') }}),

typed as (
    select
        target_code,
        plan_code,
        indicator_code,
        relative_indicator_code,
        restates_target_code,
        tier,
        category_zh,
        indicator_zh,
        unit_zh,
        basis,
        basis_reason_zh,
        basis_decided_by_zh,
        attribute_zh,
        deadline_note_zh,
        comparator,
        comparator_printed,
        target_printed,
        coalesce(direction, 'up') as direction,
        source_of_record,
        not_computable_reason_zh,
        document,
        line,
        quote,
        remark_zh,
        bound_unit_codes,
        cast(target_order as integer) as target_order,
        cast(coalesce(unit_factor, '1') as decimal(18, 6)) as unit_factor,
        cast(substr(baseline_year, 1, 4) as integer) as baseline_year,
        baseline_value as baseline_as_printed,
        cast(baseline_value as decimal(28, 6)) as baseline_value,
        cast(target_year as integer) as target_year,
        cast(target_low as decimal(28, 6)) as target_low,
        cast(target_high as decimal(28, 6)) as target_high,
        cast(tolerance_pct as decimal(18, 6)) as tolerance_pct,
        {{ truth('is_aspiration') }} as is_aspiration,
        {{ truth('is_binding') }} as is_binding
    from plan_targets
)

select * from typed
