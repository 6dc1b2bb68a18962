with judged_units as (select * from {{ ref('int_targets_by_unit') }}),

targets as (select * from {{ ref('int_targets_resolved') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

judged as (
    select
        judged_units.*,
        case
            when not judged_units.is_due then 'not_due'
            when judged_units.actual_value is null then 'no_data'
            when not judged_units.is_reported then 'incomplete'
            when
                judged_units.is_final
                and (judged_units.is_provisional or judged_units.is_carried) then 'incomplete'
            when judged_units.is_met then 'met'
            when judged_units.is_final then 'not_met'
            else 'behind'
        end as status_code
    from judged_units
),

final as (
    select
        run_context.release_id,
        targets.plan_code,
        targets.city_code,
        targets.target_code,
        targets.target_order,
        targets.indicator_code,
        targets.indicator_zh,
        targets.unit_zh,
        judged.unit_code,
        units.unit_name_zh,
        units.is_partition_member,
        judged.view_code as period_code,
        judged.view_type as period_type,
        judged.view_start as period_start,
        judged.view_end as period_end,
        targets.comparator,
        targets.target_low,
        targets.target_high,
        targets.target_printed,
        judged.actual_value,
        judged.numerator,
        judged.denominator,
        judged.filed_unit_codes,
        judged.is_met,
        judged.status_code,
        case judged.status_code
            when 'not_due' then '尚未到报送期限'
            when 'no_data' then '没有填报值'
            when 'incomplete' then '未报齐或尚未全部验收，暂不判定'
            when 'met' then '已达到'
            when 'not_met' then '到期未达到'
            else '尚未达到'
        end as status_reason_zh,
        judged.is_provisional,
        run_context.is_synthetic,
        run_context.as_of
    from judged
    inner join targets
        on judged.target_code = targets.target_code
    inner join units
        on judged.unit_code = units.unit_code
    cross join run_context
    where judged.view_end >= targets.plan_start and judged.view_end <= targets.deadline
)

select * from final
order by plan_code, target_order, unit_code, period_end
