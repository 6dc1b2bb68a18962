with corrections as (select * from {{ source('raw', 'corrections') }}),

typed as (
    select
        correction_id,
        submission_id,
        row_code,
        value_column,
        element_code,
        state_code,
        {{ exact_number('new_number_text') }} as number,
        approved_at
    from corrections
)

select * from typed
