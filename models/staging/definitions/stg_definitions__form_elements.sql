with form_elements as (select * from {{ ref('form_elements') }}),

typed as (
    select
        form_code,
        form_version,
        row_code,
        value_column,
        element_code,
        cast(coalesce(unit_factor, '1') as decimal(12, 6)) as unit_factor,
        {{ truth('is_required') }} as is_required
    from form_elements
)

select * from typed
