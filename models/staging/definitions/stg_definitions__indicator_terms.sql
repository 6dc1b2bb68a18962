with indicator_terms as (select * from {{ ref('indicator_terms') }}),

typed as (
    select
        indicator_code,
        term_role,
        element_code,
        cast(term_order as integer) as term_order,
        cast(coefficient as decimal(12, 6)) as coefficient,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        element_code = '{{ var("population_element") }}' as is_population
    from indicator_terms
)

select * from typed
