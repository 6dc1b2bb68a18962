with parts as (select * from {{ ref('int_indicator_parts') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

populations as (select * from {{ ref('int_populations_by_vintage') }}),

population_terms as (
    select
        terms.indicator_code,
        terms.coefficient
    from terms
    where terms.is_population and terms.term_role = 'denominator'
),

-- Only members of the partition are added, each with its own numerator and denominator.
sums_of_members as (
    select
        parts.city_code,
        parts.indicator_code,
        parts.view_type,
        parts.view_code,
        parts.view_start,
        parts.view_end,
        parts.plan_code,
        cast(sum(parts.numerator) as decimal(28, 6)) as numerator,
        cast(sum(parts.denominator) as decimal(28, 6)) as denominator,
        count(*) as expected_units,
        sum(case when parts.is_reported then 1 else 0 end) as reported_units,
        bool_and(parts.is_due) as is_due,
        bool_or(parts.is_provisional) as is_provisional,
        bool_or(parts.is_carried) as is_carried,
        bool_and(parts.level_code <> 'department') as is_of_territory
    from parts
    where parts.is_partition_member
    group by
        parts.city_code, parts.indicator_code, parts.view_type, parts.view_code,
        parts.view_start, parts.view_end, parts.plan_code
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
        sums_of_members.is_due,
        sums_of_members.is_provisional,
        sums_of_members.is_carried,
        indicators.factor,
        indicators.is_ratio,
        populations.denominator_vintage,
        frequencies.is_collected,
        -- Scores, ranks and distinct counts have one source or no city figure at all.
        case
            when frequencies.has_single_source and sums_of_members.expected_units > 1 then null
            else sums_of_members.numerator
        end as numerator,
        case
            when population_terms.indicator_code is not null
                then {{ scaled('populations.resident_population', 'population_terms.coefficient') }}
            else sums_of_members.denominator
        end as denominator,
        indicators.is_additive and not indicators.is_ratio
        and not frequencies.has_single_source and sums_of_members.is_of_territory as is_additive,
        indicators.is_additive and not indicators.is_ratio and frequencies.is_non_negative
        and not frequencies.has_single_source as is_growing_total
    from sums_of_members
    inner join indicators
        on sums_of_members.indicator_code = indicators.indicator_code
    inner join frequencies
        on
            sums_of_members.city_code = frequencies.city_code
            and sums_of_members.indicator_code = frequencies.indicator_code
    left join population_terms
        on sums_of_members.indicator_code = population_terms.indicator_code
    left join populations
        on
            population_terms.indicator_code is not null
            and sums_of_members.city_code = populations.area_code
            and sums_of_members.view_end = populations.view_end
            and coalesce(indicators.vintage_rule, 'latest_published_by') = populations.vintage_rule
),

indicators_of_cities as (
    select
        with_denominators.*,
        case
            when is_ratio then {{ ratio('numerator * factor', 'denominator') }}
            else cast(numerator * factor as double)
        end as value,
        100 * {{ ratio('reported_units', 'expected_units') }} as coverage_pct
    from with_denominators
)

select * from indicators_of_cities
