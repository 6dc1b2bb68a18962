with revisions as (select * from {{ ref('stg_runs__revisions') }}),

final as (
    select
        {{ release_id() }} as release_id,
        revisions.from_release,
        revisions.to_release,
        revisions.table_name,
        revisions.key_text,
        revisions.column_name,
        revisions.old_value,
        revisions.new_value,
        revisions.reason_code,
        revisions.reason_zh
    from revisions
)

select * from final
order by to_release, table_name, key_text, column_name
