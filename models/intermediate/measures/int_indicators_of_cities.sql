with parts as (select * from {{ ref('int_indicator_parts') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

settings as (select * from {{ ref('stg_definitions__publication_settings') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

populations as (select * from {{ ref('int_populations_by_vintage') }}),

units as (select * from {{ ref('int_units_labelled') }}),

units_dated as (select * from {{ ref('stg_definitions__units') }}),

-- How a city prints an indicator: by its own rules where it has some.
rules_of_print as (
    select
        frequencies.city_code,
        frequencies.indicator_code,
        frequencies.has_single_source,
        frequencies.is_non_negative,
        frequencies.is_collected,
        indicators.factor,
        indicators.is_ratio,
        indicators.is_additive,
        coalesce(settings.vintage_rule, indicators.vintage_rule, 'latest_published_by')
            as vintage_rule,
        coalesce(settings.rounding_mode, indicators.rounding_mode) as rounding_mode,
        coalesce(settings.decimals, indicators.decimals) as decimals,
        coalesce(settings.publish_min_coverage_pct, indicators.publish_min_coverage_pct)
            as publish_min_coverage_pct
    from frequencies
    inner join indicators
        on frequencies.indicator_code = indicators.indicator_code
    left join settings
        on
            frequencies.city_code = settings.city_code
            and frequencies.indicator_code = settings.indicator_code
),

population_terms as (
    select
        terms.indicator_code,
        terms.coefficient,
        terms.valid_from,
        terms.valid_to
    from terms
    where terms.is_population and terms.term_role = 'denominator'
),

-- Only what counts in the city is added, each body with its own numerator and denominator. Beside
-- it what the complete ones bring, over their own denominators: a share of the whole must not
-- be read as the whole.
counted_parts as (
    select
        parts.*,
        rules_of_print.vintage_rule,
        population_terms.indicator_code is not null as is_per_population,
        case
            when population_terms.indicator_code is not null
                then {{ scaled('populations.resident_population', 'population_terms.coefficient') }}
            else parts.counted_denominator
        end as own_denominator,
        units.unit_name_zh
    from parts
    inner join rules_of_print
        on
            parts.city_code = rules_of_print.city_code
            and parts.indicator_code = rules_of_print.indicator_code
    left join population_terms
        on
            parts.indicator_code = population_terms.indicator_code
            and {{ in_force('population_terms', 'parts.view_end') }}
    left join populations
        on
            population_terms.indicator_code is not null
            and parts.unit_code = populations.area_code
            and parts.view_end = populations.view_end
            and rules_of_print.vintage_rule = populations.vintage_rule
    left join units
        on parts.unit_code = units.unit_code
    where parts.is_counted
),

-- Until when a body was in a city, and a member of it; open for one that still is.
stays as (
    select
        units_dated.unit_code,
        units_dated.city_code,
        units_dated.is_partition_member,
        case when bool_or(units_dated.valid_to is null) then null else max(units_dated.valid_to) end
            as left_on
    from units_dated
    group by units_dated.unit_code, units_dated.city_code, units_dated.is_partition_member
),

-- Where members file both sides of a ratio, one that filed a single side brings neither: its part
-- over the others' whole would be no share of anything. One that ended, moved or was recoded before
-- the last day owes no level of that day: what it brought until then stays the city's.
sided_parts as (
    select
        counted_parts.*,
        rules_of_print.is_ratio and coalesce(
            counted_parts.counted_numerator is null
            <> (counted_parts.counted_denominator is null)
            and bool_or(counted_parts.counted_numerator is not null) over sides
            and bool_or(counted_parts.counted_denominator is not null) over sides
            and coalesce(stays.left_on > counted_parts.view_end, true),
            false
        ) as is_one_sided
    from counted_parts
    inner join rules_of_print
        on
            counted_parts.city_code = rules_of_print.city_code
            and counted_parts.indicator_code = rules_of_print.indicator_code
    left join stays
        on
            counted_parts.unit_code = stays.unit_code
            and counted_parts.city_code = stays.city_code
            and counted_parts.is_partition_member = stays.is_partition_member
    window sides as (
        partition by
            counted_parts.city_code, counted_parts.indicator_code, counted_parts.view_type,
            counted_parts.view_code, counted_parts.plan_code, counted_parts.source_of_record
    )
),

paired_parts as (
    select
        sided_parts.*,
        case when not sided_parts.is_one_sided then sided_parts.counted_numerator end
            as paired_numerator,
        case when not sided_parts.is_one_sided then sided_parts.counted_denominator end
            as paired_denominator
    from sided_parts
),

sums_of_members as (
    select
        paired_parts.city_code,
        paired_parts.indicator_code,
        paired_parts.view_type,
        paired_parts.view_code,
        paired_parts.view_start,
        paired_parts.view_end,
        paired_parts.plan_code,
        cast(sum(paired_parts.paired_numerator) as decimal(28, 6)) as numerator,
        cast(sum(paired_parts.paired_denominator) as decimal(28, 6)) as denominator,
        cast(sum(
            case when paired_parts.is_counted_reported then paired_parts.counted_numerator end
        ) as decimal(28, 6)) as matched_numerator,
        cast(sum(
            case when paired_parts.is_counted_reported then paired_parts.own_denominator end
        ) as decimal(28, 6)) as matched_denominator,
        cast(sum(paired_parts.own_denominator) as decimal(28, 6)) as sourced_denominator,
        bool_and(paired_parts.own_denominator is not null) as is_wholly_sourced,
        count(*) as expected_units,
        sum(case when paired_parts.is_counted_reported then 1 else 0 end) as reported_units,
        {{ text_list(
            "case when not paired_parts.is_counted_reported then paired_parts.unit_name_zh end",
            'paired_parts.unit_code'
        ) }} as missing_units_zh,
        bool_and(paired_parts.is_due) as is_due,
        bool_or(paired_parts.is_provisional) as is_provisional,
        bool_or(paired_parts.is_carried) as is_carried,
        bool_or(paired_parts.is_history) as has_history,
        bool_or(paired_parts.is_awaiting_authority) as is_awaiting_authority,
        coalesce(bool_or(paired_parts.is_moved), false) as has_moved_units,
        min(paired_parts.source_of_record) as first_source,
        max(paired_parts.source_of_record) as last_source
    from paired_parts
    group by
        paired_parts.city_code, paired_parts.indicator_code, paired_parts.view_type,
        paired_parts.view_code, paired_parts.view_start, paired_parts.view_end,
        paired_parts.plan_code
),

with_denominators as (
    select
        sums_of_members.city_code,
        sums_of_members.indicator_code,
        sums_of_members.view_type,
        sums_of_members.view_code,
        sums_of_members.view_start,
        sums_of_members.view_end,
        sums_of_members.plan_code,
        sums_of_members.expected_units,
        sums_of_members.reported_units,
        sums_of_members.missing_units_zh,
        sums_of_members.is_due,
        sums_of_members.is_provisional,
        sums_of_members.is_carried,
        sums_of_members.has_history,
        sums_of_members.is_awaiting_authority,
        sums_of_members.matched_numerator,
        sums_of_members.matched_denominator,
        sums_of_members.sourced_denominator,
        sums_of_members.is_wholly_sourced,
        rules_of_print.factor,
        rules_of_print.is_ratio,
        rules_of_print.rounding_mode,
        rules_of_print.decimals,
        rules_of_print.publish_min_coverage_pct,
        rules_of_print.is_collected,
        populations.denominator_vintage,
        case
            when sums_of_members.first_source = sums_of_members.last_source
                then sums_of_members.first_source
            else sums_of_members.first_source || '+' || sums_of_members.last_source
        end as source_of_record,
        -- Scores, ranks and distinct counts have one source or no city figure at all.
        case
            when rules_of_print.has_single_source and sums_of_members.expected_units > 1 then null
            else sums_of_members.numerator
        end as numerator,
        case
            when population_terms.indicator_code is not null
                then {{ scaled('populations.resident_population', 'population_terms.coefficient') }}
            else sums_of_members.denominator
        end as denominator,
        -- The year of a body that moved stands whole among the units, and in part in either city.
        rules_of_print.is_additive and not rules_of_print.is_ratio
        and not rules_of_print.has_single_source
        and not sums_of_members.has_moved_units
        and sums_of_members.first_source = 'sum_of_units'
        and sums_of_members.last_source = 'sum_of_units' as is_additive,
        rules_of_print.is_additive and not rules_of_print.is_ratio
        and rules_of_print.is_non_negative
        and not rules_of_print.has_single_source as is_growing_total
    from sums_of_members
    inner join rules_of_print
        on
            sums_of_members.city_code = rules_of_print.city_code
            and sums_of_members.indicator_code = rules_of_print.indicator_code
    left join population_terms
        on
            sums_of_members.indicator_code = population_terms.indicator_code
            and {{ in_force('population_terms', 'sums_of_members.view_end') }}
    left join populations
        on
            population_terms.indicator_code is not null
            and sums_of_members.city_code = populations.area_code
            and sums_of_members.view_end = populations.view_end
            and rules_of_print.vintage_rule = populations.vintage_rule
),

indicators_of_cities as (
    select
        with_denominators.*,
        case
            when is_ratio then {{ ratio('numerator * factor', 'denominator') }}
            else cast(numerator * factor as double)
        end as value,
        100 * {{ ratio('reported_units', 'expected_units') }} as coverage_pct,
        case
            when is_ratio and is_wholly_sourced
                then 100 * {{ ratio('coalesce(matched_denominator, 0)', 'sourced_denominator') }}
        end as covered_denominator_pct,
        case
            when is_ratio and is_wholly_sourced and reported_units < expected_units
                then {{ ratio('matched_numerator * factor', 'matched_denominator') }}
        end as matched_value
    from with_denominators
)

select * from indicators_of_cities
