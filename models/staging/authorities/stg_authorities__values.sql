with authority_values as (select * from {{ source('raw', 'authority_values') }}),

typed as (
    select
        submission_id,
        authority_release_id,
        area_code,
        area_name_zh,
        element_code,
        period_code,
        period_type,
        note as note_zh,
        {{ exact_number('value_text') }} as printed_number,
        coalesce(is_derived, false) as is_derived,
        published_on
    from authority_values
)

select * from typed
