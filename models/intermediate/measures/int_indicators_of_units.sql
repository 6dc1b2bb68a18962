with parts as (select * from {{ ref('int_indicator_parts') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

settings as (select * from {{ ref('stg_definitions__publication_settings') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

populations as (select * from {{ ref('int_populations_by_vintage') }}),

population_terms as (
    select
        terms.indicator_code,
        terms.coefficient,
        terms.valid_from,
        terms.valid_to
    from terms
    where terms.is_population and terms.term_role = 'denominator'
),

-- A body that moved or became a member within a period has its whole figure once, in the city and
-- the standing of the last day.
last_homes as (
    select
        parts.unit_code,
        parts.indicator_code,
        parts.view_type,
        parts.view_code,
        parts.plan_code,
        max_by(parts.city_code, coalesce(units.valid_from, date '0001-01-01')) as city_code,
        max_by(parts.is_partition_member, coalesce(units.valid_from, date '0001-01-01'))
            as is_partition_member
    from parts
    inner join units
        on
            parts.unit_code = units.unit_code
            and parts.city_code = units.city_code
            and parts.is_partition_member = units.is_partition_member
            and (units.valid_from is null or parts.view_end >= units.valid_from)
    where parts.is_moved
    group by
        parts.unit_code, parts.indicator_code, parts.view_type, parts.view_code, parts.plan_code
),

moved_bodies as (
    select
        parts.unit_code,
        last_homes.city_code,
        parts.indicator_code,
        parts.view_type,
        parts.view_code,
        parts.view_start,
        parts.view_end,
        parts.plan_code,
        max_by(
            parts.level_code,
            case
                when
                    parts.city_code = last_homes.city_code
                    and parts.is_partition_member = last_homes.is_partition_member then 1
                else 0
            end
        ) as level_code,
        last_homes.is_partition_member,
        cast(sum(parts.numerator) as decimal(28, 6)) as numerator,
        cast(sum(parts.denominator) as decimal(28, 6)) as denominator,
        max(parts.expected_terms) as expected_terms,
        max(parts.needed_terms) as needed_terms,
        bool_and(parts.is_reported) as is_reported,
        bool_and(parts.is_due) as is_due,
        bool_or(parts.is_provisional) as is_provisional,
        bool_or(parts.is_carried) as is_carried,
        bool_or(parts.is_history) as is_history
    from parts
    inner join last_homes
        on
            parts.unit_code = last_homes.unit_code
            and parts.indicator_code = last_homes.indicator_code
            and parts.view_type = last_homes.view_type
            and parts.view_code = last_homes.view_code
            and coalesce(parts.plan_code, '') = coalesce(last_homes.plan_code, '')
    where parts.is_moved
    group by
        parts.unit_code, last_homes.city_code, last_homes.is_partition_member,
        parts.indicator_code, parts.view_type, parts.view_code, parts.view_start,
        parts.view_end, parts.plan_code
),

bodies as (
    select
        parts.unit_code,
        parts.city_code,
        parts.indicator_code,
        parts.view_type,
        parts.view_code,
        parts.view_start,
        parts.view_end,
        parts.plan_code,
        parts.level_code,
        parts.is_partition_member,
        parts.numerator,
        parts.denominator,
        parts.expected_terms,
        parts.needed_terms,
        parts.is_reported,
        parts.is_due,
        parts.is_provisional,
        parts.is_carried,
        parts.is_history
    from parts
    where not parts.is_moved
    union all
    select * from moved_bodies
),

with_denominators as (
    select
        bodies.*,
        indicators.factor,
        indicators.is_ratio,
        populations.denominator_vintage,
        case
            when population_terms.indicator_code is not null
                then {{ scaled('populations.resident_population', 'population_terms.coefficient') }}
            else bodies.denominator
        end as own_denominator,
        population_terms.indicator_code is not null as is_per_population,
        indicators.is_additive and not indicators.is_ratio
        and not frequencies.has_single_source and bodies.level_code <> 'department' as is_summed,
        bodies.needed_terms = bodies.expected_terms as has_all_terms
    from bodies
    inner join indicators
        on bodies.indicator_code = indicators.indicator_code
    inner join frequencies
        on
            bodies.city_code = frequencies.city_code
            and bodies.indicator_code = frequencies.indicator_code
    left join settings
        on
            bodies.city_code = settings.city_code
            and bodies.indicator_code = settings.indicator_code
    left join population_terms
        on
            bodies.indicator_code = population_terms.indicator_code
            and {{ in_force('population_terms', 'bodies.view_end') }}
    left join populations
        on
            population_terms.indicator_code is not null
            and bodies.unit_code = populations.area_code
            and bodies.view_end = populations.view_end
            and coalesce(settings.vintage_rule, indicators.vintage_rule, 'latest_published_by')
            = populations.vintage_rule
    -- The city's own rows stand among the cities.
    where bodies.level_code <> 'city'
),

indicators_of_units as (
    select
        unit_code,
        city_code,
        level_code,
        is_partition_member,
        indicator_code,
        view_type,
        view_code,
        view_start,
        view_end,
        plan_code,
        numerator,
        factor,
        is_ratio,
        denominator_vintage,
        is_summed,
        is_due,
        is_provisional,
        is_carried,
        is_history,
        is_per_population,
        has_all_terms,
        own_denominator as denominator,
        1 as expected_units,
        case when is_reported then 1 else 0 end as reported_units,
        case
            when is_ratio and not has_all_terms then null
            when is_ratio then {{ ratio('numerator * factor', 'own_denominator') }}
            else cast(numerator * factor as double)
        end as value,
        case
            when numerator is null then '无填报值'
            when is_ratio and not has_all_terms then '本单位不填报全部分子、分母项'
            when is_per_population and own_denominator is null then '缺少本单位在期末前已公布的常住人口'
            when is_ratio and own_denominator is null then '缺少分母'
            when is_ratio and own_denominator = 0 then '分母为零'
        end as value_reason_zh
    from with_denominators
)

select * from indicators_of_units
