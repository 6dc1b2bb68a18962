with all_parts as (select * from {{ ref('int_indicator_parts') }}),

successions as (select * from {{ ref('int_unit_successions') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

touched_cities as (select * from {{ ref('int_cities_touched') }}),

spells as (
    select distinct
        successions.origin_code,
        successions.valid_from,
        successions.valid_to
    from successions
),

flow_sides as (
    select
        terms.indicator_code,
        bool_and(terms.term_role <> 'numerator' or elements.kind in ('flow', 'fact'))
            as is_numerator_flow,
        bool_and(terms.term_role <> 'denominator' or elements.kind in ('flow', 'fact'))
            as is_denominator_flow
    from terms
    inner join elements
        on terms.element_code = elements.element_code
    group by terms.indicator_code
),

-- Until when a body was in a city; open for one that has not left it.
stays as (
    select
        units.unit_code,
        units.city_code,
        case when bool_or(units.valid_to is null) then null else max(units.valid_to) end as left_on
    from units
    group by units.unit_code, units.city_code
),

-- The figures of a body by the last day of their period in their city.
dated_parts as (
    select
        all_parts.*,
        spells.valid_from as spell_from,
        -- Of one that was a member in part the unit's own figure is whole, as on the last day.
        case
            when all_parts.is_member_in_part and last_stays.unit_code is not null
                then last_stays.is_partition_member
            else all_parts.is_partition_member
        end as is_member_at_end,
        frequencies.frequency,
        frequencies.has_flow,
        frequencies.has_single_source
    from all_parts
    inner join touched_cities
        on all_parts.city_code = touched_cities.city_code
    inner join frequencies
        on
            all_parts.city_code = frequencies.city_code
            and all_parts.indicator_code = frequencies.indicator_code
    left join stays
        on
            all_parts.is_moved
            and all_parts.unit_code = stays.unit_code
            and all_parts.city_code = stays.city_code
            and all_parts.view_end >= stays.left_on
    left join units as last_stays
        on
            all_parts.is_member_in_part
            and all_parts.unit_code = last_stays.unit_code
            and all_parts.city_code = last_stays.city_code
            and {{ in_force('last_stays', 'all_parts.view_end') }}
    left join spells
        on
            all_parts.unit_code = spells.origin_code
            and case
                when stays.left_on is not null then stays.left_on > spells.valid_from
                else all_parts.view_end >= spells.valid_from
            end
            and case
                when spells.valid_to is null then true
                when stays.left_on is not null then stays.left_on <= spells.valid_to
                else all_parts.view_end < spells.valid_to
            end
    where all_parts.plan_code is null
),

-- What a unit that goes on brought to a longer period before it changed, spell by spell.
blocks as (
    select
        longer.unit_code,
        longer.city_code,
        longer.level_code,
        longer.is_member_at_end,
        longer.is_member_in_part,
        longer.indicator_code,
        longer.view_type,
        longer.view_code,
        longer.view_start,
        longer.view_end,
        longer.spell_from as longer_spell_from,
        longer.has_flow,
        longer.has_single_source,
        longer.source_of_record,
        block.spell_from,
        sum(case when flow_sides.is_numerator_flow then block.numerator end) as numerator,
        sum(case when flow_sides.is_denominator_flow then block.denominator end) as denominator,
        sum(case when flow_sides.is_numerator_flow then block.counted_numerator end)
            as counted_numerator,
        sum(case when flow_sides.is_denominator_flow then block.counted_denominator end)
            as counted_denominator,
        bool_and(block.is_reported) as is_reported,
        bool_or(block.is_counted) as is_counted,
        bool_and(block.is_counted_reported) as is_counted_reported,
        bool_or(block.is_provisional) as is_provisional,
        bool_or(block.is_history) as is_history
    from dated_parts as longer
    inner join dated_parts as block
        on
            longer.unit_code = block.unit_code
            and longer.city_code = block.city_code
            and longer.is_partition_member = block.is_partition_member
            and longer.indicator_code = block.indicator_code
            and longer.frequency = block.view_type
            and longer.view_type <> block.view_type
            and longer.view_start <= block.view_start
            and longer.view_end >= block.view_end
            and coalesce(longer.spell_from, date '9999-12-31') <> block.spell_from
    inner join flow_sides
        on longer.indicator_code = flow_sides.indicator_code
    where longer.has_flow
    group by
        longer.unit_code, longer.city_code, longer.level_code, longer.is_partition_member,
        longer.is_member_at_end, longer.is_member_in_part, longer.indicator_code,
        longer.view_type, longer.view_code, longer.view_start, longer.view_end,
        longer.spell_from, longer.has_flow, longer.has_single_source, longer.source_of_record,
        block.spell_from
),

-- A figure goes the way of its last day; those blocks are taken out and go their own way instead.
signs as (
    select 1 as sign
    union all
    select -1 as sign
),

amounts as (
    select
        dated_parts.unit_code,
        dated_parts.city_code,
        dated_parts.is_member_at_end as is_partition_member,
        dated_parts.is_member_in_part,
        dated_parts.indicator_code,
        dated_parts.view_type,
        dated_parts.view_code,
        dated_parts.view_start,
        dated_parts.view_end,
        dated_parts.spell_from,
        dated_parts.numerator,
        dated_parts.denominator,
        dated_parts.counted_numerator,
        dated_parts.counted_denominator,
        dated_parts.expected_terms = dated_parts.needed_terms as has_all_terms,
        dated_parts.is_reported,
        dated_parts.is_counted,
        dated_parts.is_counted_reported,
        dated_parts.is_provisional,
        dated_parts.is_history,
        dated_parts.is_awaiting_authority,
        dated_parts.source_of_record,
        dated_parts.has_flow,
        dated_parts.has_single_source,
        true as is_whole,
        true as is_told
    from dated_parts
    union all
    select
        blocks.unit_code,
        blocks.city_code,
        blocks.is_member_at_end as is_partition_member,
        blocks.is_member_in_part,
        blocks.indicator_code,
        blocks.view_type,
        blocks.view_code,
        blocks.view_start,
        blocks.view_end,
        case when signs.sign > 0 then blocks.spell_from else blocks.longer_spell_from end
            as spell_from,
        signs.sign * blocks.numerator as numerator,
        signs.sign * blocks.denominator as denominator,
        signs.sign * blocks.counted_numerator as counted_numerator,
        signs.sign * blocks.counted_denominator as counted_denominator,
        true as has_all_terms,
        blocks.is_reported,
        blocks.is_counted,
        blocks.is_counted_reported,
        blocks.is_provisional,
        blocks.is_history,
        false as is_awaiting_authority,
        blocks.source_of_record,
        blocks.has_flow,
        blocks.has_single_source,
        false as is_whole,
        signs.sign > 0 as is_told
    from blocks
    cross join signs
)

select * from amounts
