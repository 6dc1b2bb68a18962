with elements_counted as (select * from {{ ref('int_elements_counted') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

-- How many filed terms a formula has on a day: formulas are dated.
view_ends as (select distinct elements_counted.view_end from elements_counted),

needed_terms as (
    select
        terms.indicator_code,
        view_ends.view_end,
        count(distinct terms.element_code) as needed_terms
    from terms
    inner join view_ends
        on {{ in_force('terms', 'view_ends.view_end') }}
    where not terms.is_population
    group by terms.indicator_code, view_ends.view_end
),

-- What each unit brings to the numerator and to the denominator, of its own and towards its city; a
-- plan to date counts only from periods as long as the indicator's own.
parts as (
    select
        elements_counted.unit_code,
        elements_counted.city_code,
        elements_counted.level_code,
        elements_counted.is_partition_member,
        terms.indicator_code,
        elements_counted.view_type,
        elements_counted.view_code,
        elements_counted.view_start,
        elements_counted.view_end,
        elements_counted.plan_code,
        {{ summed_terms('numerator') }} as numerator,
        {{ summed_terms('denominator') }} as denominator,
        {{ summed_terms('numerator', 'elements_counted.is_counted') }} as counted_numerator,
        {{ summed_terms('denominator', 'elements_counted.is_counted') }} as counted_denominator,
        count(distinct elements_counted.element_code) as expected_terms,
        max(needed_terms.needed_terms) as needed_terms,
        sum(elements_counted.expected_cells) as expected_cells,
        sum(elements_counted.reported_cells) as reported_cells,
        bool_and(elements_counted.is_reported) as is_reported,
        bool_or(elements_counted.is_counted) as is_counted,
        bool_and(elements_counted.is_reported or not elements_counted.is_counted)
            as is_counted_reported,
        bool_and(elements_counted.is_due) as is_due,
        bool_or(elements_counted.is_provisional) as is_provisional,
        bool_or(elements_counted.is_carried) as is_carried,
        bool_or(elements_counted.is_history) as is_history,
        bool_or(elements_counted.is_awaiting_authority) as is_awaiting_authority,
        min(elements_counted.source_of_record) as source_of_record,
        -- A body that moved within the view has a part of it in either city; one that became a
        -- member in it has a part that counts and one that does not.
        count(*) over (
            partition by
                elements_counted.unit_code, terms.indicator_code, elements_counted.view_type,
                elements_counted.view_code, elements_counted.plan_code
        ) > 1 as is_moved,
        count(*) over (
            partition by
                elements_counted.unit_code, elements_counted.city_code, terms.indicator_code,
                elements_counted.view_type, elements_counted.view_code,
                elements_counted.plan_code
        ) > 1 as is_member_in_part
    from elements_counted
    inner join terms
        on
            elements_counted.element_code = terms.element_code
            and {{ in_force('terms', 'elements_counted.view_end') }}
    inner join frequencies
        on
            elements_counted.city_code = frequencies.city_code
            and terms.indicator_code = frequencies.indicator_code
    left join needed_terms
        on
            terms.indicator_code = needed_terms.indicator_code
            and elements_counted.view_end = needed_terms.view_end
    where
        case
            when elements_counted.view_type in ('ytd', 'plan_to_date')
                then
                    elements_counted.coarseness = frequencies.coarseness
                    and frequencies.has_flow
            else elements_counted.coarseness >= frequencies.coarseness
        end
    group by
        elements_counted.unit_code, elements_counted.city_code, elements_counted.level_code,
        elements_counted.is_partition_member, terms.indicator_code, elements_counted.view_type,
        elements_counted.view_code, elements_counted.view_start, elements_counted.view_end,
        elements_counted.plan_code
)

select * from parts
