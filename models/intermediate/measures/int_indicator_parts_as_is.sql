with amounts as (select * from {{ ref('int_indicator_parts_by_spell') }}),

successions as (select * from {{ ref('int_unit_successions') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

settings as (select * from {{ ref('stg_definitions__publication_settings') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

populations as (select * from {{ ref('int_populations_by_vintage') }}),

labels as (select * from {{ ref('int_units_labelled') }}),

touched_cities as (select * from {{ ref('int_cities_touched') }}),

mixtures as (
    select
        successions.unit_code,
        max(successions.changed_on) as mixed_until
    from successions
    where not successions.is_one_to_one
    group by successions.unit_code
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

placed as (
    select
        amounts.*,
        coalesce(successions.unit_code, amounts.unit_code) as present_unit_code,
        coalesce(successions.city_code, amounts.city_code) as present_city_code,
        case when amounts.is_told then successions.change_codes end as change_codes,
        successions.origin_code is not null and successions.share is null as is_undivided,
        successions.origin_code is not null and successions.city_share is null
        and amounts.is_counted as is_undivided_by_city,
        coalesce(successions.is_one_to_one, true) as is_one_to_one,
        -- A unit that ended is no part of the people of a day after its end.
        amounts.is_whole
        and (
            successions.origin_code is null or amounts.view_end < successions.changed_on
        ) as has_people,
        case when successions.origin_code is null then 1 else successions.share end as share,
        case when successions.origin_code is null then 1 else successions.city_share end
            as city_share
    from amounts
    left join successions
        on
            amounts.unit_code = successions.origin_code
            and amounts.spell_from = successions.valid_from
),

-- A recode may be the only one of the two codes that the yearbooks know.
with_people as (
    select
        placed.*,
        population_terms.indicator_code is not null as is_per_population,
        own_people.denominator_vintage,
        {{ shared('placed.numerator', 'placed.share') }} as shared_numerator,
        {{ shared('placed.denominator', 'placed.share') }} as shared_denominator,
        {{ shared(
            scaled(
                'coalesce(own_people.resident_population, same_people.resident_population)',
                'population_terms.coefficient'
            ),
            'placed.share'
        ) }} as people
    from placed
    inner join indicators
        on placed.indicator_code = indicators.indicator_code
    left join settings
        on
            placed.present_city_code = settings.city_code
            and placed.indicator_code = settings.indicator_code
    left join population_terms
        on
            placed.indicator_code = population_terms.indicator_code
            and {{ in_force('population_terms', 'placed.view_end') }}
    left join populations as own_people
        on
            placed.has_people
            and population_terms.indicator_code is not null
            and placed.unit_code = own_people.area_code
            and placed.view_end = own_people.view_end
            and coalesce(settings.vintage_rule, indicators.vintage_rule, 'latest_published_by')
            = own_people.vintage_rule
    left join populations as same_people
        on
            placed.has_people
            and placed.is_one_to_one
            and population_terms.indicator_code is not null
            and placed.present_unit_code = same_people.area_code
            and placed.view_end = same_people.view_end
            and coalesce(settings.vintage_rule, indicators.vintage_rule, 'latest_published_by')
            = same_people.vintage_rule
),

restated as (
    select
        with_people.present_unit_code as unit_code,
        with_people.present_city_code as city_code,
        with_people.indicator_code,
        with_people.view_type,
        with_people.view_code,
        with_people.view_start,
        with_people.view_end,
        bool_or(with_people.is_partition_member) as is_partition_member,
        bool_or(with_people.is_member_in_part) as is_member_in_part,
        {{ summed_parts('with_people', 'shared_numerator') }} as summed_numerator,
        {{ summed_parts('with_people', 'shared_denominator') }} as summed_denominator,
        {{ summed_parts('with_people', 'people') }} as summed_people,
        sum({{ shared('with_people.counted_numerator', 'with_people.city_share') }})
            as counted_numerator,
        sum({{ shared('with_people.counted_denominator', 'with_people.city_share') }})
            as counted_denominator,
        bool_or(with_people.is_undivided) as is_undivided,
        bool_or(with_people.is_undivided_by_city) as is_undivided_by_city,
        bool_or(with_people.is_per_population) as is_per_population,
        bool_and(not with_people.has_people or with_people.people is not null)
            as is_wholly_sourced,
        max(with_people.denominator_vintage) as denominator_vintage,
        bool_and(with_people.has_all_terms) as has_all_terms,
        bool_and(with_people.is_reported) as is_reported,
        bool_or(with_people.is_counted) as is_counted,
        bool_and(with_people.is_counted_reported) as is_counted_reported,
        sum(
            case
                when
                    with_people.is_whole and with_people.is_counted
                    and coalesce(with_people.city_share, 1) > 0 then 1
                else 0
            end
        ) as counted_bodies,
        bool_or(with_people.is_provisional) as is_provisional,
        bool_or(with_people.is_history) as has_history,
        bool_or(with_people.is_awaiting_authority) as is_awaiting_authority,
        min(with_people.source_of_record) as first_source,
        max(with_people.source_of_record) as last_source,
        bool_or(with_people.has_flow) as has_flow,
        bool_or(with_people.has_single_source) as has_single_source,
        {{ text_list('with_people.change_codes', 'with_people.unit_code') }} as change_codes
    from with_people
    group by
        with_people.present_unit_code, with_people.present_city_code,
        with_people.indicator_code, with_people.view_type, with_people.view_code,
        with_people.view_start, with_people.view_end
),

parts_as_is as (
    select
        restated.*,
        labels.unit_name_zh,
        labels.level_code,
        indicators.factor,
        indicators.is_ratio,
        indicators.is_additive and not indicators.is_ratio and not restated.has_single_source
            as is_summable,
        -- A score of two bodies is no score of the one they became.
        (restated.has_single_source or not (indicators.is_additive or indicators.is_ratio))
        and coalesce(restated.view_end < mixtures.mixed_until, false) as is_mixed,
        coalesce(restated.view_end < touched_cities.crossed_on, false) as is_city_crossed,
        -- What was not filed by the territory itself speaks of the city's former border.
        labels.level_code in ('city', 'department')
        and coalesce(
            case when restated.has_flow then restated.view_start else restated.view_end end
            < touched_cities.crossed_on,
            false
        ) as is_of_former_border,
        case
            when not restated.is_undivided then cast(restated.summed_numerator as decimal(28, 6))
        end as numerator,
        case
            when restated.is_undivided then null
            when not restated.is_per_population
                then cast(restated.summed_denominator as decimal(28, 6))
            when restated.is_wholly_sourced then cast(restated.summed_people as decimal(28, 6))
        end as denominator
    from restated
    inner join indicators
        on restated.indicator_code = indicators.indicator_code
    inner join labels
        on restated.unit_code = labels.unit_code
    left join mixtures
        on restated.unit_code = mixtures.unit_code
    left join touched_cities
        on restated.city_code = touched_cities.city_code
)

select * from parts_as_is
