{{ config(alias='indicator_terms') }}

with terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

final as (
    select
        {{ release_id() }} as release_id,
        terms.indicator_code,
        terms.term_role,
        terms.term_order,
        terms.element_code,
        terms.coefficient,
        terms.is_population,
        terms.valid_from,
        terms.valid_to
    from terms
)

select * from final
order by indicator_code, term_role, term_order, valid_from
