with form_periods as (select * from {{ ref('int_form_periods_expected') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

city_forms as (
    select distinct
        form_periods.city_code,
        form_periods.form_code,
        form_periods.form_version,
        form_periods.frequency
    from form_periods
),

-- An indicator can be no finer than the slowest of its filed terms.
frequencies as (
    select
        city_forms.city_code,
        terms.indicator_code,
        max({{ coarseness('city_forms.frequency') }}) as coarseness,
        bool_or(elements.kind in ('flow', 'fact', 'ytd')) as has_flow,
        bool_or(elements.kind in ('rate', 'score', 'rank', 'distinct')) as has_single_source,
        bool_and(elements.is_non_negative and terms.coefficient >= 0) as is_non_negative,
        count(distinct terms.element_code) as filed_terms
    from terms
    inner join form_elements
        on terms.element_code = form_elements.element_code
    inner join city_forms
        on
            form_elements.form_code = city_forms.form_code
            and form_elements.form_version = city_forms.form_version
    inner join elements
        on terms.element_code = elements.element_code
    where not terms.is_population
    group by city_forms.city_code, terms.indicator_code
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
        case frequencies.coarseness when 1 then 'month' when 2 then 'quarter' else 'year' end
            as frequency,
        frequencies.filed_terms = needed_terms.needed_terms as is_collected
    from frequencies
    inner join needed_terms
        on frequencies.indicator_code = needed_terms.indicator_code
)

select * from indicator_frequencies
