-- What each mart and column is, read off the properties of the models: nothing is typed twice.
with entries as (
    {{ dictionary_rows() | trim }}
),

final as (
    select
        {{ release_id() }} as release_id,
        entries.table_name,
        entries.table_zh,
        entries.table_comment_zh,
        entries.column_name,
        cast(entries.column_order as integer) as column_order,
        entries.column_zh,
        entries.data_type,
        entries.is_required,
        entries.is_key,
        entries.comment_zh,
        entries.code_list
    from entries
)

select * from final
order by table_name, column_order
