with elements_by_view as (select * from {{ ref('int_elements_by_view') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

-- What each unit brings to the numerator and to the denominator; a plan to date counts only from
-- periods as long as the indicator's own.
parts as (
    select
        elements_by_view.unit_code,
        elements_by_view.city_code,
        elements_by_view.level_code,
        elements_by_view.is_partition_member,
        terms.indicator_code,
        elements_by_view.view_type,
        elements_by_view.view_code,
        elements_by_view.view_start,
        elements_by_view.view_end,
        elements_by_view.plan_code,
        cast(sum(
            case
                when terms.term_role = 'numerator'
                    then {{ scaled('elements_by_view.value', 'terms.coefficient') }}
            end
        ) as decimal(28, 6)) as numerator,
        cast(sum(
            case
                when terms.term_role = 'denominator'
                    then {{ scaled('elements_by_view.value', 'terms.coefficient') }}
            end
        ) as decimal(28, 6)) as denominator,
        count(distinct elements_by_view.element_code) as expected_terms,
        sum(elements_by_view.expected_cells) as expected_cells,
        sum(elements_by_view.reported_cells) as reported_cells,
        bool_and(elements_by_view.is_reported) as is_reported,
        bool_and(elements_by_view.is_due) as is_due,
        bool_or(elements_by_view.is_provisional) as is_provisional,
        bool_or(elements_by_view.is_carried) as is_carried
    from elements_by_view
    inner join terms
        on elements_by_view.element_code = terms.element_code
    inner join frequencies
        on
            elements_by_view.city_code = frequencies.city_code
            and terms.indicator_code = frequencies.indicator_code
    where
        case
            when elements_by_view.view_type in ('ytd', 'plan_to_date')
                then
                    elements_by_view.coarseness = frequencies.coarseness
                    and frequencies.has_flow
            else elements_by_view.coarseness >= frequencies.coarseness
        end
    group by
        elements_by_view.unit_code, elements_by_view.city_code, elements_by_view.level_code,
        elements_by_view.is_partition_member, terms.indicator_code, elements_by_view.view_type,
        elements_by_view.view_code, elements_by_view.view_start, elements_by_view.view_end,
        elements_by_view.plan_code
)

select * from parts
