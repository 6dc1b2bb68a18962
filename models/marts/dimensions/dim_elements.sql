{{ config(alias='elements') }}

with elements as (select * from {{ ref('stg_definitions__elements') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

final as (
    select
        run_context.release_id,
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
        elements.valid_to,
        {{ is_current('elements', 'element_code') }} as is_current
    from elements
    cross join run_context
)

select * from final
order by element_code
