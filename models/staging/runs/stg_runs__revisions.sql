with revisions as (select * from {{ source('raw', 'revisions') }}),

typed as (
    select
        from_release,
        to_release,
        table_name,
        key_text,
        column_name,
        old_value,
        new_value,
        reason_code,
        reason_zh
    from revisions
)

select * from typed
