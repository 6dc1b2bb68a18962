with unit_changes as (select * from {{ ref('unit_changes') }}),

typed as (
    select
        change_code,
        change_kind,
        from_unit_code,
        to_unit_code,
        cast(changed_on as date) as changed_on,
        cast(coalesce(share, '1') as decimal(12, 6)) as share
    from unit_changes
)

select * from typed
