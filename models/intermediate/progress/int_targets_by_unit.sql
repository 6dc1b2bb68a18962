with targets as (select * from {{ ref('int_targets_resolved') }}),

units as (select * from {{ ref('int_units_labelled') }}),

indicators_of_units as (select * from {{ ref('int_indicators_of_units') }}),

-- A target that binds each unit binds the units it names, else every member that files.
unit_values as (
    select
        targets.target_code,
        indicators_of_units.unit_code,
        indicators_of_units.view_type,
        indicators_of_units.view_code,
        indicators_of_units.view_start,
        indicators_of_units.view_end,
        indicators_of_units.value / cast(targets.unit_factor as double) as actual_value,
        indicators_of_units.numerator,
        indicators_of_units.denominator,
        indicators_of_units.reported_units = 1 as is_reported,
        indicators_of_units.is_due,
        indicators_of_units.is_provisional,
        indicators_of_units.is_carried
    from targets
    inner join indicators_of_units
        on
            targets.city_code = indicators_of_units.city_code
            and targets.indicator_code = indicators_of_units.indicator_code
            and targets.view_type = indicators_of_units.view_type
    where
        targets.basis = 'per_unit'
        and case
            when targets.bound_unit_codes is null then indicators_of_units.is_partition_member
            else
                '|' || targets.bound_unit_codes || '|'
                like '%|' || indicators_of_units.unit_code || '|%'
        end
),

bound_units as (
    select
        targets.target_code,
        units.unit_code
    from targets
    inner join units
        on
            targets.city_code = units.city_code
            and '|' || targets.bound_unit_codes || '|' like '%|' || units.unit_code || '|%'
    where targets.basis = 'per_unit'
    union distinct
    select
        unit_values.target_code,
        unit_values.unit_code
    from unit_values
),

judged_periods as (
    select
        unit_values.target_code,
        unit_values.view_type,
        unit_values.view_code,
        unit_values.view_start,
        unit_values.view_end,
        bool_and(unit_values.is_due) as is_due
    from unit_values
    group by
        unit_values.target_code, unit_values.view_type, unit_values.view_code,
        unit_values.view_start, unit_values.view_end
),

judged_units as (
    select
        judged_periods.target_code,
        bound_units.unit_code,
        judged_periods.view_type,
        judged_periods.view_code,
        judged_periods.view_start,
        judged_periods.view_end,
        judged_periods.is_due,
        judged_periods.view_end >= targets.deadline as is_final,
        unit_values.actual_value,
        unit_values.numerator,
        unit_values.denominator,
        coalesce(unit_values.is_reported, false) as is_reported,
        coalesce(unit_values.is_provisional, false) as is_provisional,
        coalesce(unit_values.is_carried, false) as is_carried,
        {{ meets(
            'unit_values.actual_value', 'targets.comparator', 'targets.direction',
            'targets.threshold', 'targets.tolerance_pct', 'cast(null as double)'
        ) }} as is_met
    from judged_periods
    inner join bound_units
        on judged_periods.target_code = bound_units.target_code
    inner join targets
        on judged_periods.target_code = targets.target_code
    left join unit_values
        on
            judged_periods.target_code = unit_values.target_code
            and judged_periods.view_code = unit_values.view_code
            and bound_units.unit_code = unit_values.unit_code
)

select * from judged_units
