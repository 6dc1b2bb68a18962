with elements as (select * from {{ ref('elements') }}),

typed as (
    select
        element_code,
        element_zh,
        element_en,
        kind,
        unit_zh,
        confidentiality_zh,
        definition_zh,
        not_zh,
        source_office_zh,
        coalesce(annual_precedence, 'months') as annual_precedence,
        cast(decimals as integer) as decimals,
        coalesce(cast(carry_periods as integer), 0) as carry_periods,
        {{ truth('is_non_negative') }} as is_non_negative,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from elements
)

select * from typed
