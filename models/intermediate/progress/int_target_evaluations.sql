with targets as (select * from {{ ref('int_targets_resolved') }}),

measurements as (select * from {{ ref('int_target_measurements') }}),

target_paths as (select * from {{ ref('stg_definitions__target_paths') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

breaks as (select * from {{ ref('int_definition_breaks') }}),

judgeable as (
    select
        measurements.*,
        targets.basis,
        targets.deadline,
        targets.plan_start,
        targets.baseline_year as printed_baseline_year,
        targets.is_judged_when_due,
        measurements.is_due or not targets.is_judged_when_due as is_judgeable
    from measurements
    inner join targets
        on measurements.target_code = targets.target_code
),

-- Where the plan prints no baseline, the value at the end of the base year it names stands for it;
-- where it names none, the first complete period.
observed_baselines as (
    select
        judgeable.target_code,
        min(judgeable.view_end) as baseline_end,
        min_by(judgeable.actual_value, judgeable.view_end) as baseline_value
    from judgeable
    where
        judgeable.basis in ('level', 'annual_flow', 'share', 'score')
        and judgeable.actual_value is not null
        and judgeable.coverage_pct >= 100
        and not judgeable.is_carried
        and coalesce(make_date(judgeable.printed_baseline_year, 12, 31), judgeable.view_end)
        = judgeable.view_end
    group by judgeable.target_code
),

latest_values as (
    select
        judgeable.target_code,
        max_by(judgeable.actual_value, judgeable.view_end) as latest_value,
        max_by(judgeable.view_code, judgeable.view_end) as latest_period_code
    from judgeable
    where judgeable.is_judgeable and judgeable.actual_value is not null
    group by judgeable.target_code
),

-- From the plan's start (and the end of the base year, where there is a value) to the deadline.
judged as (
    select *
    from judgeable
    where
        is_judgeable
        and view_end <= deadline
        and (
            view_end >= plan_start
            or (
                basis in ('level', 'growth', 'per_unit')
                and view_end = make_date(printed_baseline_year, 12, 31)
                and actual_value is not null
            )
        )
),

judged_targets as (select distinct judged.target_code from judged),

-- A target with nothing to judge still stands once: at its year, or at the last one that ended.
placeholders as (
    select
        targets.target_code,
        make_date(
            case
                when year(targets.plan_start) > year(run_context.as_of) then targets.target_year
                when run_context.as_of >= targets.deadline then targets.target_year
                when run_context.as_of >= make_date(year(run_context.as_of), 12, 31)
                    then year(run_context.as_of)
                when year(run_context.as_of) - 1 >= year(targets.plan_start)
                    then year(run_context.as_of) - 1
                else targets.target_year
            end, 12, 31
        ) as view_end,
        -- Nothing of the plan's first period can have been filed yet; a yearly figure is judged
        -- once the plan's first year has ended, however often it is filed.
        run_context.as_of < targets.plan_start
        or (
            targets.is_collected
            and (
                targets.is_judged_when_due
                or run_context.as_of < make_date(year(targets.plan_start), 12, 31)
            )
        ) as is_not_due
    from targets
    cross join run_context
    left join judged_targets
        on targets.target_code = judged_targets.target_code
    where judged_targets.target_code is null
),

rows_to_judge as (
    select
        judged.target_code,
        judged.view_type,
        judged.view_code,
        judged.view_start,
        judged.view_end,
        judged.actual_value,
        judged.numerator,
        judged.denominator,
        judged.factor,
        judged.is_ratio,
        judged.denominator_vintage,
        judged.expected_units,
        judged.reported_units,
        judged.coverage_pct,
        judged.is_additive,
        judged.is_growing_total,
        judged.is_provisional,
        judged.is_carried,
        judged.source_of_record,
        judged.missing_units_zh,
        judged.is_awaiting_authority,
        judged.reference_value,
        judged.is_reference_complete,
        judged.is_reference_unsettled,
        judged.is_base_redefined as is_growth_base_redefined,
        judged.failing_units_zh,
        -- The level a plan starts from is known before there is anything to judge.
        judged.view_end < judged.plan_start as is_not_due
    from judged
    union all
    select
        placeholders.target_code,
        'year' as view_type,
        cast(year(placeholders.view_end) as string) as view_code,
        make_date(year(placeholders.view_end), 1, 1) as view_start,
        placeholders.view_end,
        cast(null as double) as actual_value,
        cast(null as decimal(28, 6)) as numerator,
        cast(null as decimal(28, 6)) as denominator,
        cast(
            cast(targets.factor as double) / cast(targets.unit_factor as double) as decimal(18, 6)
        ) as factor,
        targets.is_ratio,
        cast(null as string) as denominator_vintage,
        0 as expected_units,
        0 as reported_units,
        cast(null as double) as coverage_pct,
        false as is_additive,
        false as is_growing_total,
        false as is_provisional,
        false as is_carried,
        cast(null as string) as source_of_record,
        cast(null as string) as missing_units_zh,
        false as is_awaiting_authority,
        cast(null as double) as reference_value,
        true as is_reference_complete,
        false as is_reference_unsettled,
        false as is_growth_base_redefined,
        cast(null as string) as failing_units_zh,
        placeholders.is_not_due
    from placeholders
    inner join targets
        on placeholders.target_code = targets.target_code
),

-- A base counted by another definition says nothing about what is counted now. What a plan prints
-- is the plan's own word and stands.
rows_beyond_a_break as (
    select distinct
        rows_to_judge.target_code,
        rows_to_judge.view_type,
        rows_to_judge.view_code
    from rows_to_judge
    inner join targets
        on rows_to_judge.target_code = targets.target_code
    inner join observed_baselines
        on rows_to_judge.target_code = observed_baselines.target_code
    inner join breaks
        on
            targets.indicator_code = breaks.indicator_code
            and not breaks.is_comparable
            and observed_baselines.baseline_end < breaks.changed_on
            and rows_to_judge.view_end >= breaks.changed_on
    where targets.baseline_value is null
),

comparable_baselines as (
    select
        rows_to_judge.target_code,
        rows_to_judge.view_type,
        rows_to_judge.view_code,
        observed_baselines.baseline_end,
        observed_baselines.baseline_value
    from rows_to_judge
    inner join observed_baselines
        on rows_to_judge.target_code = observed_baselines.target_code
    left join rows_beyond_a_break
        on
            rows_to_judge.target_code = rows_beyond_a_break.target_code
            and rows_to_judge.view_type = rows_beyond_a_break.view_type
            and rows_to_judge.view_code = rows_beyond_a_break.view_code
    where rows_beyond_a_break.target_code is null
),

with_baselines as (
    select
        rows_to_judge.*,
        latest_values.latest_value,
        latest_values.latest_period_code,
        targets.threshold,
        targets.path_method,
        targets.rate_pct,
        cast(target_paths.path_value as double) as year_path_value,
        cast(earlier_paths.path_value as double) as earlier_path_value,
        rows_to_judge.view_end >= targets.deadline as is_final,
        coalesce(rows_to_judge.is_growth_base_redefined, false)
        or rows_beyond_a_break.target_code is not null as is_base_redefined,
        coalesce(
            cast(targets.baseline_value as double), comparable_baselines.baseline_value
        ) as baseline_value,
        case
            when targets.baseline_value is not null then targets.baseline_year
            when
                comparable_baselines.target_code is not null
                then year(comparable_baselines.baseline_end)
            else targets.baseline_year
        end as baseline_year,
        case
            when targets.baseline_value is not null then 'printed'
            when comparable_baselines.target_code is not null then 'observed'
        end as baseline_source,
        -- The point the path sets out from: counting targets from nothing at the plan's start.
        case
            when targets.view_type = 'plan_to_date' then cast(0 as double)
            when targets.baseline_value is not null then cast(targets.baseline_value as double)
            else comparable_baselines.baseline_value
        end as path_start_value,
        case
            when targets.view_type = 'plan_to_date'
                then {{ month_index('targets.plan_start') }} - 1
            when targets.baseline_value is not null then targets.baseline_year * 12 + 12
            else {{ month_index('comparable_baselines.baseline_end') }}
        end as path_start_month,
        targets.target_year * 12 + 12 as path_end_month,
        {{ month_index('rows_to_judge.view_end') }} as month_now
    from rows_to_judge
    inner join targets
        on rows_to_judge.target_code = targets.target_code
    left join comparable_baselines
        on
            rows_to_judge.target_code = comparable_baselines.target_code
            and rows_to_judge.view_type = comparable_baselines.view_type
            and rows_to_judge.view_code = comparable_baselines.view_code
    left join rows_beyond_a_break
        on
            rows_to_judge.target_code = rows_beyond_a_break.target_code
            and rows_to_judge.view_type = rows_beyond_a_break.view_type
            and rows_to_judge.view_code = rows_beyond_a_break.view_code
    left join latest_values
        on rows_to_judge.target_code = latest_values.target_code
    left join target_paths
        on
            rows_to_judge.target_code = target_paths.target_code
            and target_paths.path_method = 'yearly'
            and year(rows_to_judge.view_end) = target_paths.path_year
    left join target_paths as earlier_paths
        on
            rows_to_judge.target_code = earlier_paths.target_code
            and earlier_paths.path_method = 'yearly'
            and year(rows_to_judge.view_end) - 1 = earlier_paths.path_year
),

-- Within a year a yearly target is reached month by month, from that of the year before or from
-- where the path sets out at its end; where neither is known, the whole is asked.
with_year_starts as (
    select
        with_baselines.*,
        coalesce(
            earlier_path_value,
            case when path_start_month = year(view_end) * 12 then path_start_value end,
            year_path_value
        ) as year_start_value
    from with_baselines
),

with_expectations as (
    select
        with_year_starts.*,
        case
            when reference_value is not null then reference_value
            when path_method = 'flat' then threshold
            when path_method = 'yearly' and month(view_end) = 12 then year_path_value
            when path_method = 'yearly'
                then
                    year_start_value
                    + (year_path_value - year_start_value)
                    * month(view_end) / cast(12 as double)
            when path_method in ('cagr', 'linear') and month_now >= path_end_month then threshold
            when path_method = 'cagr' and month_now >= path_start_month
                then
                    path_start_value * power(
                        1 + coalesce(
                            rate_pct / 100.0,
                            power(
                                threshold / nullif(path_start_value, 0),
                                12.0 / nullif(path_end_month - path_start_month, 0)
                            ) - 1
                        ),
                        (month_now - path_start_month) / cast(12 as double)
                    )
            when path_method = 'linear' and month_now >= path_start_month then
                path_start_value
                + (threshold - path_start_value)
                * (month_now - path_start_month)
                / nullif(cast(path_end_month - path_start_month as double), 0)
        end as expected_value
    from with_year_starts
),

evaluations as (
    select
        target_code,
        view_type,
        view_code,
        view_start,
        view_end,
        actual_value,
        numerator,
        denominator,
        factor,
        is_ratio,
        denominator_vintage,
        expected_units,
        reported_units,
        coverage_pct,
        is_additive,
        is_growing_total,
        is_provisional,
        is_carried,
        source_of_record,
        missing_units_zh,
        is_awaiting_authority,
        reference_value,
        is_reference_complete,
        is_reference_unsettled,
        failing_units_zh,
        is_not_due,
        is_final,
        is_base_redefined,
        baseline_year,
        baseline_value,
        baseline_source,
        expected_value,
        latest_value,
        latest_period_code,
        100 * (actual_value - path_start_value)
        / nullif(threshold - path_start_value, 0) as progress_pct
    from with_expectations
)

select * from evaluations
