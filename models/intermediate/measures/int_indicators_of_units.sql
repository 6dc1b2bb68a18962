with parts as (select * from {{ ref('int_indicator_parts') }}),

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

with_denominators as (
    select
        parts.*,
        indicators.factor,
        indicators.is_ratio,
        populations.denominator_vintage,
        case
            when population_terms.indicator_code is not null
                then {{ scaled('populations.resident_population', 'population_terms.coefficient') }}
            else parts.denominator
        end as own_denominator,
        population_terms.indicator_code is not null as is_per_population,
        indicators.is_additive and not indicators.is_ratio
        and not frequencies.has_single_source and parts.level_code <> 'department' as is_summed,
        parts.needed_terms = parts.expected_terms as has_all_terms
    from parts
    inner join indicators
        on parts.indicator_code = indicators.indicator_code
    inner join frequencies
        on
            parts.city_code = frequencies.city_code
            and parts.indicator_code = frequencies.indicator_code
    left join settings
        on
            parts.city_code = settings.city_code
            and parts.indicator_code = settings.indicator_code
    left join population_terms
        on
            parts.indicator_code = population_terms.indicator_code
            and {{ in_force('population_terms', 'parts.view_end') }}
    left join populations
        on
            population_terms.indicator_code is not null
            and parts.unit_code = populations.area_code
            and parts.view_end = populations.view_end
            and coalesce(settings.vintage_rule, indicators.vintage_rule, 'latest_published_by')
            = populations.vintage_rule
    -- The city's own rows stand among the cities.
    where parts.level_code <> 'city'
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
