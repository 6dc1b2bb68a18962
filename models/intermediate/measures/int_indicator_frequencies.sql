with form_periods as (select * from {{ ref('int_form_periods_expected') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

elements_counted as (select * from {{ ref('int_elements_counted') }}),

city_forms as (
    select distinct
        form_periods.city_code,
        form_periods.form_code,
        form_periods.form_version,
        form_periods.frequency
    from form_periods
),

filed_elements as (
    select
        city_forms.city_code,
        form_elements.element_code,
        -- An element filed by months and again by a yearly form is known by months.
        min({{ coarseness('city_forms.frequency') }}) as coarseness
    from form_elements
    inner join city_forms
        on
            form_elements.form_code = city_forms.form_code
            and form_elements.form_version = city_forms.form_version
    group by city_forms.city_code, form_elements.element_code
),

-- What no form of the city asks, but an authority publishes or the city filed for past years.
other_elements as (
    select
        elements_counted.city_code,
        elements_counted.element_code,
        min({{ coarseness('elements_counted.view_type') }}) as coarseness
    from elements_counted
    left join filed_elements
        on
            elements_counted.city_code = filed_elements.city_code
            and elements_counted.element_code = filed_elements.element_code
    where
        filed_elements.element_code is null
        and elements_counted.view_type not in ('ytd', 'plan_to_date')
    group by elements_counted.city_code, elements_counted.element_code
),

known_elements as (
    select * from filed_elements
    union all
    select * from other_elements
),

-- An indicator can be no finer than the slowest of its terms.
frequencies as (
    select
        known_elements.city_code,
        terms.indicator_code,
        max(known_elements.coarseness) as coarseness,
        bool_or(elements.kind in ('flow', 'fact', 'ytd')) as has_flow,
        bool_or(elements.kind in ('rate', 'score', 'rank', 'distinct')) as has_single_source,
        bool_and(elements.is_non_negative and terms.coefficient >= 0) as is_non_negative,
        count(distinct terms.element_code) as filed_terms
    from terms
    inner join known_elements
        on terms.element_code = known_elements.element_code
    inner join elements
        on terms.element_code = elements.element_code
    where not terms.is_population
    group by known_elements.city_code, terms.indicator_code
),

needed_terms as (
    select
        terms.indicator_code,
        count(distinct terms.element_code) as needed_terms
    from terms
    where not terms.is_population
    group by terms.indicator_code
),

indicator_frequencies as (
    select
        frequencies.*,
        case frequencies.coarseness
            when 1 then 'month' when 2 then 'quarter' when 3 then 'half' else 'year'
        end as frequency,
        frequencies.filed_terms = needed_terms.needed_terms as is_collected
    from frequencies
    inner join needed_terms
        on frequencies.indicator_code = needed_terms.indicator_code
)

select * from indicator_frequencies
