with targets as (select * from {{ ref('int_targets_resolved') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

unit_codes as (select * from {{ ref('int_unit_codes') }}),

indicators_of_units as (select * from {{ ref('int_indicators_of_units') }}),

-- A target that binds each unit binds the units it names, else every member that files.
filed as (
    select
        targets.target_code,
        indicators_of_units.unit_code,
        indicators_of_units.view_type,
        indicators_of_units.view_code,
        indicators_of_units.view_start,
        indicators_of_units.view_end,
        indicators_of_units.is_due
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

judged_periods as (
    select
        filed.target_code,
        filed.view_type,
        filed.view_code,
        filed.view_start,
        filed.view_end,
        bool_and(filed.is_due) as is_due
    from filed
    group by
        filed.target_code, filed.view_type, filed.view_code, filed.view_start, filed.view_end
),

named_units as (
    select
        targets.target_code,
        units.unit_code
    from targets
    inner join units
        on '|' || targets.bound_unit_codes || '|' like '%|' || units.unit_code || '|%'
    where targets.basis = 'per_unit'
    union distinct
    select
        filed.target_code,
        filed.unit_code
    from filed
),

-- Named or met under one of its codes, a body is bound under all of them.
bound_codes as (
    select distinct
        named_units.target_code,
        unit_codes.unit_code
    from named_units
    inner join unit_codes
        on named_units.unit_code = unit_codes.same_unit_code
),

-- What is judged is what is there at the end of the period: of a unit recoded within it one body,
-- and nothing of one that ended.
bound_units as (
    select distinct
        judged_periods.target_code,
        judged_periods.view_code,
        judged_periods.view_end,
        targets.indicator_code,
        targets.view_type,
        bound_codes.unit_code
    from judged_periods
    inner join targets
        on judged_periods.target_code = targets.target_code
    inner join bound_codes
        on judged_periods.target_code = bound_codes.target_code
    inner join units
        on
            bound_codes.unit_code = units.unit_code
            and targets.city_code = units.city_code
            and {{ in_force('units', 'judged_periods.view_end') }}
            and (targets.bound_unit_codes is not null or units.is_partition_member)
),

-- A year holds what a body filed under a former code too.
values_of_bodies as (
    select
        bound_units.target_code,
        bound_units.unit_code,
        bound_units.view_code,
        cast(sum(indicators_of_units.numerator) as decimal(28, 6)) as numerator,
        cast(
            case
                when bool_or(indicators_of_units.is_per_population)
                    then
                        max_by(
                            indicators_of_units.denominator,
                            case
                                when indicators_of_units.denominator is null then 0
                                when indicators_of_units.unit_code = bound_units.unit_code then 2
                                else 1
                            end
                        )
                else sum(indicators_of_units.denominator)
            end as decimal(28, 6)
        ) as denominator,
        max(indicators_of_units.factor) as factor,
        bool_or(indicators_of_units.is_ratio) as is_ratio,
        -- What ended before the last day brings no level of it; its successor does.
        bool_or(indicators_of_units.has_all_terms) as has_all_terms,
        bool_and(indicators_of_units.reported_units = 1) as is_reported,
        bool_or(indicators_of_units.is_provisional) as is_provisional,
        bool_or(indicators_of_units.is_carried) as is_carried,
        {{ text_list('indicators_of_units.unit_code', 'indicators_of_units.unit_code', '|') }}
            as filed_unit_codes
    from bound_units
    inner join unit_codes
        on bound_units.unit_code = unit_codes.unit_code
    inner join indicators_of_units
        on
            unit_codes.same_unit_code = indicators_of_units.unit_code
            and bound_units.indicator_code = indicators_of_units.indicator_code
            and bound_units.view_type = indicators_of_units.view_type
            and bound_units.view_code = indicators_of_units.view_code
    group by bound_units.target_code, bound_units.unit_code, bound_units.view_code
),

unit_values as (
    select
        values_of_bodies.*,
        case
            when values_of_bodies.is_ratio and not values_of_bodies.has_all_terms then null
            when values_of_bodies.is_ratio
                then
                    {{ ratio(
                        'values_of_bodies.numerator * values_of_bodies.factor',
                        'values_of_bodies.denominator'
                    ) }}
            else cast(values_of_bodies.numerator * values_of_bodies.factor as double)
        end / cast(targets.unit_factor as double) as actual_value
    from values_of_bodies
    inner join targets
        on values_of_bodies.target_code = targets.target_code
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
        coalesce(unit_values.filed_unit_codes, bound_units.unit_code) as filed_unit_codes,
        coalesce(unit_values.is_reported, false) as is_reported,
        coalesce(unit_values.is_provisional, false) as is_provisional,
        coalesce(unit_values.is_carried, false) as is_carried,
        {{ meets(
            'unit_values.actual_value', 'targets.comparator', 'targets.direction',
            'targets.threshold', 'targets.tolerance_pct', 'cast(null as double)'
        ) }} as is_met
    from judged_periods
    inner join targets
        on judged_periods.target_code = targets.target_code
    inner join bound_units
        on
            judged_periods.target_code = bound_units.target_code
            and judged_periods.view_code = bound_units.view_code
    left join unit_values
        on
            judged_periods.target_code = unit_values.target_code
            and judged_periods.view_code = unit_values.view_code
            and bound_units.unit_code = unit_values.unit_code
)

select * from judged_units
