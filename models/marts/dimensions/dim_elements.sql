{{ config(alias='elements') }}

with elements as (select * from {{ ref('stg_definitions__elements') }}),

final as (
    select
        {{ release_id() }} as release_id,
        elements.element_code,
        elements.element_zh,
        elements.element_en,
        elements.kind,
        elements.unit_zh,
        elements.decimals,
        elements.is_non_negative,
        elements.carry_periods,
        elements.confidentiality_zh,
        elements.definition_zh,
        elements.not_zh,
        elements.source_office_zh,
        elements.valid_from,
        elements.valid_to
    from elements
)

select * from final
order by element_code
