with targets as (select * from {{ ref('int_targets_resolved') }}),

evaluations as (select * from {{ ref('int_target_evaluations') }}),

compared as (
    select
        evaluations.*,
        targets.basis,
        targets.comparator,
        targets.direction,
        targets.threshold,
        targets.target_high,
        targets.target_printed,
        targets.is_binding,
        targets.is_defined,
        targets.indicator_code,
        targets.deadline_note_zh,
        targets.path_method,
        targets.baseline_as_printed,
        targets.not_computable_reason_zh,
        targets.decimals,
        targets.rounding_mode,
        targets.unit_factor,
        targets.plan_start,
        -- What binds each unit is met by all of them, not by the weakest that has a value.
        case
            when
                targets.basis = 'per_unit' and evaluations.actual_value is not null
                and evaluations.numerator < evaluations.denominator then false
            else {{ meets(
                'evaluations.actual_value', 'targets.comparator', 'targets.direction',
                'targets.threshold', 'targets.tolerance_pct', 'evaluations.reference_value'
            ) }}
        end as is_met,
        coalesce(evaluations.coverage_pct, 0) >= targets.publish_min_coverage_pct as is_covered,
        -- What a relative target is held against must be as complete and settled as what is held.
        coalesce(evaluations.coverage_pct, 0) >= targets.publish_min_coverage_pct
        and coalesce(evaluations.is_reference_complete, true) as is_complete,
        coalesce(evaluations.is_provisional, false) or coalesce(evaluations.is_carried, false)
        or coalesce(evaluations.is_reference_unsettled, false) as is_unsettled,
        targets.source_of_record as declared_source,
        -- A total that only grows stays above the target when the missing units come in.
        evaluations.is_growing_total
        and targets.direction = 'up'
        and targets.comparator in ('>=', '>', 'range', 'about') as can_be_met_early,
        -- In a larger unit (亿元, 万件) a plan prints at least two decimals.
        case
            when targets.unit_factor = 1 then targets.decimals
            else greatest(targets.decimals, 2)
        end as printed_decimals
    from evaluations
    inner join targets
        on evaluations.target_code = targets.target_code
),

-- A floor to hold is broken by one bad year and proven only by complete ones, each from the plan's
-- start on; what is carried, not yet accepted or was never asked for neither breaks nor proves.
held_so_far as (
    select
        compared.*,
        compared.basis = 'maintain' and bool_or(
            compared.is_complete and not compared.is_unsettled and not compared.is_met
        ) over (
            partition by compared.target_code order by compared.view_end
            rows between unbounded preceding and current row
        ) as is_broken,
        compared.basis = 'maintain' and (
            bool_or(
                compared.actual_value is null or compared.is_unsettled
                or (
                    not compared.is_complete
                    and not (compared.can_be_met_early and compared.is_met)
                )
            )
                over (
                    partition by compared.target_code order by compared.view_end
                    rows between unbounded preceding and current row
                )
            or row_number() over (
                partition by compared.target_code order by compared.view_end
            ) <= year(compared.view_end) - year(compared.plan_start)
        ) as has_open_year,
        min(
            case
                when compared.is_complete and not compared.is_unsettled and not compared.is_met
                    then compared.view_code
            end
        ) over (
            partition by compared.target_code order by compared.view_end
            rows between unbounded preceding and current row
        ) as first_bad_period,
        {{ printed_number(
            'compared.actual_value', 'compared.printed_decimals', 'compared.rounding_mode'
        ) }} as actual_printed,
        coalesce(
            compared.baseline_as_printed,
            {{ printed_number(
                'compared.baseline_value', 'compared.printed_decimals', 'compared.rounding_mode'
            ) }}
        ) as baseline_printed,
        {{ printed_number('compared.expected_value', 'compared.printed_decimals') }}
            as expected_printed,
        {{ printed_number('compared.reference_value', 'compared.printed_decimals') }}
            as reference_printed
    from compared
),

judged as (
    select
        held_so_far.*,
        case
            when is_not_due then 'not_due'
            when basis <> 'rank' and (not is_defined or not_computable_reason_zh is not null)
                then 'not_computable'
            when
                numerator is not null and actual_value is null
                and not (basis = 'per_unit' and reported_units = 0) then 'not_computable'
            when actual_value is null or is_met is null then 'no_data'
            -- All reported and none below, yet of one there is nothing to divide by.
            when
                basis = 'per_unit' and is_complete and failing_units_zh is null
                and numerator < denominator then 'not_computable'
            when
                not is_complete and can_be_met_early and is_met
                and not (is_final and is_unsettled)
                and not (is_broken or has_open_year) then 'met'
            when not is_complete then 'incomplete'
            when is_final and is_unsettled then 'incomplete'
            when is_final and is_broken then 'not_met'
            when is_final and has_open_year then 'incomplete'
            when is_final and is_met then 'met'
            when is_final then 'not_met'
            -- What must be so at any time is never merely behind.
            when (comparator = '=' or is_binding) and is_met then 'met'
            when comparator = '=' or is_binding then 'not_met'
            when is_broken then 'behind'
            when is_met then 'met'
            when expected_value is null then 'behind'
            when direction = 'down' and actual_value <= expected_value then 'on_track'
            when direction <> 'down' and actual_value >= expected_value then 'on_track'
            else 'behind'
        end as status_code
    from held_so_far
),

explained as (
    select
        judged.*,
        case
            when status_code = 'not_due' and actual_value is not null
                then '规划期开始前的水平，尚不评价'
            when status_code = 'not_due' then '首个评价期尚未到期'
            when status_code = 'not_computable'
                then
                    coalesce(
                        not_computable_reason_zh,
                        case
                            when not is_defined then '没有计算公式'
                            when basis = 'growth' and is_base_redefined
                                then '基期以后口径已变更，不与基期值比较'
                            when basis = 'growth' then '缺少基期值，或基期值不大于零'
                            when denominator = 0 or basis = 'per_unit' then '分母为零'
                            else '缺少期末前已公布的分母'
                        end
                    )
            when status_code = 'no_data' and not_computable_reason_zh is not null
                then not_computable_reason_zh
            when status_code = 'no_data' and actual_value is not null then '缺少用于比较的对照值'
            when status_code = 'no_data' and is_awaiting_authority then '等待主管部门发布'
            when status_code = 'no_data' then '没有填报值'
            when status_code = 'met' and not is_complete then '已达标（未报齐）'
            when
                status_code = 'met' and comparator = 'range' and direction = 'up'
                and actual_value > cast(target_high as double) then '已达到目标，高于区间上限'
            when status_code = 'met' and comparator = 'relative'
                then '优于对照值' || reference_printed
            when status_code = 'met' and basis = 'per_unit' then '各单位均已达到'
            when status_code = 'met' and has_open_year then '已达到目标，尚不能判定逐年保持'
            when status_code = 'met' and basis = 'maintain' then '各年均保持在目标以上'
            when status_code = 'met' then '已达到目标'
            when
                status_code in ('not_met', 'behind')
                and is_broken and first_bad_period is not null
                then first_bad_period || '年未达到应保持的水平'
            when status_code = 'incomplete' and not is_covered
                then
                    '应报' || cast(expected_units as string) || '个单位，已报齐'
                    || cast(reported_units as string) || '个'
                    || case
                        when
                            missing_units_zh is not null
                            and expected_units - reported_units <= {{ var('named_units') }}
                            then '，缺：' || missing_units_zh
                        else ''
                    end
            when status_code = 'incomplete' and not is_complete then '对照值未报齐，暂不判定'
            when status_code = 'incomplete' and is_carried then '期末值含沿用的上期数，暂不判定'
            when status_code = 'incomplete' and is_provisional then '期末值尚未全部验收，暂不判定'
            when status_code = 'incomplete' and is_unsettled
                then '对照值尚未验收或沿用上期数，暂不判定'
            when status_code = 'incomplete' then '以前年度尚未报齐或验收，不能判定逐年保持'
            when basis = 'per_unit' and failing_units_zh is not null
                then '未达到的单位：' || failing_units_zh
            when comparator = 'relative' then '未优于对照值' || reference_printed
            when status_code = 'not_met' then '未达到目标'
            when expected_value is null and is_base_redefined and path_method <> 'none'
                then '基期以后口径已变更，不与基期值比较'
            when expected_value is null then '未分解年度目标'
            when status_code = 'on_track' then '不低于本期应达到的' || expected_printed
            else '低于本期应达到的' || expected_printed
        end as plain_reason_zh
    from judged
),

statuses as (
    select
        target_code,
        view_type,
        view_code,
        view_start,
        view_end,
        actual_value,
        actual_printed,
        numerator,
        denominator,
        factor,
        is_ratio,
        denominator_vintage,
        expected_value,
        progress_pct,
        baseline_year,
        baseline_value,
        baseline_printed,
        baseline_source,
        latest_value,
        latest_period_code,
        expected_units,
        reported_units,
        coverage_pct,
        is_additive,
        is_provisional,
        coalesce(source_of_record, declared_source) as source_of_record,
        status_code,
        case
            when basis <> 'rank' and comparator <> 'relative' and direction <> 'down'
                then 100 * actual_value / nullif(threshold, 0)
        end as completion_pct,
        case
            when deadline_note_zh like '%未%' then plain_reason_zh || '（' || deadline_note_zh || '）'
            else plain_reason_zh
        end as status_reason_zh
    from explained
)

select * from statuses
