with definition_changes as (select * from {{ ref('definition_changes') }}),

typed as (
    select
        object_kind,
        object_code,
        definition_version,
        change_zh,
        cast(changed_on as date) as changed_on,
        {{ truth('is_comparable') }} as is_comparable
    from definition_changes
)

select * from typed
