with reported_values as (select * from {{ source('raw', 'reported_values') }}),

typed as (
    select
        submission_id,
        row_code,
        value_column,
        element_code,
        {{ exact_number('number_text') }} as number,
        case when cell is not null then coalesce(sheet || '!', '') || cell end as source_cell
    from reported_values
)

select * from typed
