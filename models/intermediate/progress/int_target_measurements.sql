with targets as (select * from {{ ref('int_targets_resolved') }}),

indicators_of_cities as (select * from {{ ref('int_indicators_of_cities') }}),

judged_units as (select * from {{ ref('int_targets_by_unit') }}),

units as (select * from {{ ref('int_units_labelled') }}),

breaks as (select * from {{ ref('int_definition_breaks') }}),

city_rows as (
    select
        targets.target_code,
        targets.basis,
        targets.baseline_year,
        targets.indicator_code,
        indicators_of_cities.view_type,
        indicators_of_cities.view_code,
        indicators_of_cities.view_start,
        indicators_of_cities.view_end,
        indicators_of_cities.is_due,
        indicators_of_cities.value / cast(targets.unit_factor as double) as actual_value,
        indicators_of_cities.numerator,
        indicators_of_cities.denominator,
        indicators_of_cities.is_ratio,
        indicators_of_cities.denominator_vintage,
        indicators_of_cities.expected_units,
        indicators_of_cities.reported_units,
        indicators_of_cities.coverage_pct,
        indicators_of_cities.is_additive,
        indicators_of_cities.is_growing_total,
        indicators_of_cities.is_provisional,
        indicators_of_cities.is_carried,
        indicators_of_cities.factor as indicator_factor,
        indicators_of_cities.source_of_record,
        indicators_of_cities.missing_units_zh,
        indicators_of_cities.is_awaiting_authority,
        targets.baseline_value as printed_baseline,
        targets.unit_factor,
        reference.value / cast(targets.unit_factor as double) as reference_value,
        coalesce(reference.coverage_pct >= reference.publish_min_coverage_pct, true)
            as is_reference_complete,
        coalesce(reference.is_provisional or reference.is_carried, false)
            as is_reference_unsettled,
        cast(
            cast(indicators_of_cities.factor as double) / cast(targets.unit_factor as double)
            as decimal(18, 6)
        ) as factor
    from targets
    inner join indicators_of_cities
        on
            targets.city_code = indicators_of_cities.city_code
            and targets.indicator_code = indicators_of_cities.indicator_code
            and targets.view_type = indicators_of_cities.view_type
            and coalesce(indicators_of_cities.plan_code, targets.plan_code) = targets.plan_code
    left join indicators_of_cities as reference
        on
            targets.city_code = reference.city_code
            and targets.relative_indicator_code = reference.indicator_code
            and indicators_of_cities.view_type = reference.view_type
            and indicators_of_cities.view_code = reference.view_code
            and coalesce(reference.plan_code, targets.plan_code) = targets.plan_code
    where targets.basis <> 'per_unit'
),

base_rows as (
    select *
    from city_rows
    where basis = 'growth' and view_end = make_date(baseline_year, 12, 31)
),

-- A base counted by another definition is no base of what is counted now; a printed one is the
-- plan's own word and stands.
growth_beyond_a_break as (
    select distinct
        city_rows.target_code,
        city_rows.view_code
    from city_rows
    inner join base_rows
        on city_rows.target_code = base_rows.target_code
    inner join breaks
        on
            city_rows.indicator_code = breaks.indicator_code
            and not breaks.is_comparable
            and base_rows.view_end < breaks.changed_on
            and city_rows.view_end >= breaks.changed_on
    where city_rows.basis = 'growth' and city_rows.printed_baseline is null
),

-- Both ends as exact decimals: two sums, or a sum and a printed number in the sum's own unit.
exact_ends as (
    select
        city_rows.target_code,
        city_rows.view_code,
        city_rows.numerator as level,
        case
            when city_rows.printed_baseline is null then base_rows.numerator
            when city_rows.indicator_factor = 1
                then {{ scaled('city_rows.printed_baseline', 'city_rows.unit_factor') }}
        end as base
    from city_rows
    left join base_rows
        on city_rows.target_code = base_rows.target_code
    where city_rows.basis = 'growth' and not city_rows.is_ratio
),

-- Growth is recomputed from the summed levels against the end of the base year; it is complete
-- only as far as both ends are.
growth_rows as (
    select
        city_rows.target_code,
        city_rows.view_type,
        city_rows.view_code,
        city_rows.view_start,
        city_rows.view_end,
        city_rows.is_due,
        case
            when growth_beyond_a_break.target_code is null
                then coalesce(
                    {{ growth_pct('exact_ends.level', 'exact_ends.base') }},
                    100 * (
                        city_rows.actual_value
                        - coalesce(
                            cast(city_rows.printed_baseline as double), base_rows.actual_value
                        )
                    ) / {{ base_of_growth(
                        'coalesce(cast(city_rows.printed_baseline as double),'
                        ' base_rows.actual_value)'
                    ) }}
                )
        end as actual_value,
        city_rows.numerator,
        case
            when growth_beyond_a_break.target_code is null
                then coalesce(
                    {{ scaled('city_rows.printed_baseline', 'city_rows.unit_factor') }},
                    base_rows.numerator
                )
        end as denominator,
        false as is_ratio,
        city_rows.denominator_vintage,
        city_rows.expected_units,
        case
            when city_rows.printed_baseline is not null then city_rows.reported_units
            else least(city_rows.reported_units, coalesce(base_rows.reported_units, 0))
        end as reported_units,
        case
            when city_rows.printed_baseline is not null then city_rows.coverage_pct
            else least(city_rows.coverage_pct, coalesce(base_rows.coverage_pct, 0))
        end as coverage_pct,
        false as is_additive,
        false as is_growing_total,
        city_rows.is_provisional or coalesce(base_rows.is_provisional, false) as is_provisional,
        city_rows.is_carried or coalesce(base_rows.is_carried, false) as is_carried,
        city_rows.source_of_record,
        city_rows.missing_units_zh,
        city_rows.is_awaiting_authority,
        city_rows.reference_value,
        city_rows.is_reference_complete,
        city_rows.is_reference_unsettled,
        growth_beyond_a_break.target_code is not null as is_base_redefined,
        cast(100 as decimal(18, 6)) as factor,
        cast(null as string) as failing_units_zh
    from city_rows
    left join base_rows
        on city_rows.target_code = base_rows.target_code
    left join exact_ends
        on
            city_rows.target_code = exact_ends.target_code
            and city_rows.view_code = exact_ends.view_code
    left join growth_beyond_a_break
        on
            city_rows.target_code = growth_beyond_a_break.target_code
            and city_rows.view_code = growth_beyond_a_break.view_code
    where city_rows.basis = 'growth'
),

plain_rows as (
    select
        target_code,
        view_type,
        view_code,
        view_start,
        view_end,
        is_due,
        actual_value,
        numerator,
        denominator,
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
        false as is_base_redefined,
        factor,
        cast(null as string) as failing_units_zh
    from city_rows
    where basis <> 'growth'
),

-- The weakest unit speaks for the city; numerator and denominator are units meeting and bound.
per_unit_rows as (
    select
        judged_units.target_code,
        judged_units.view_type,
        judged_units.view_code,
        judged_units.view_start,
        judged_units.view_end,
        bool_and(judged_units.is_due) as is_due,
        case
            when max(targets.direction) = 'down' then max(judged_units.actual_value)
            else min(judged_units.actual_value)
        end as actual_value,
        cast(sum(case when judged_units.is_met then 1 else 0 end) as decimal(28, 6)) as numerator,
        cast(count(*) as decimal(28, 6)) as denominator,
        false as is_ratio,
        cast(null as string) as denominator_vintage,
        count(*) as expected_units,
        sum(case when judged_units.is_reported then 1 else 0 end) as reported_units,
        100 * {{ ratio('sum(case when judged_units.is_reported then 1 else 0 end)', 'count(*)') }}
            as coverage_pct,
        false as is_additive,
        false as is_growing_total,
        bool_or(judged_units.is_provisional) as is_provisional,
        bool_or(judged_units.is_carried) as is_carried,
        cast(null as string) as source_of_record,
        {{ text_list(
            "case when not judged_units.is_reported then units.unit_name_zh end",
            'judged_units.unit_code'
        ) }} as missing_units_zh,
        false as is_awaiting_authority,
        cast(null as double) as reference_value,
        true as is_reference_complete,
        false as is_reference_unsettled,
        false as is_base_redefined,
        cast(1 as decimal(18, 6)) as factor,
        {{ text_list(
            "case when not judged_units.is_met then units.unit_name_zh end", 'judged_units.unit_code'
        ) }} as failing_units_zh
    from judged_units
    inner join targets
        on judged_units.target_code = targets.target_code
    left join units
        on judged_units.unit_code = units.unit_code
    group by
        judged_units.target_code, judged_units.view_type, judged_units.view_code,
        judged_units.view_start, judged_units.view_end
),

measurements as (
    select * from plain_rows
    union all
    select * from growth_rows
    union all
    select * from per_unit_rows
)

select * from measurements
