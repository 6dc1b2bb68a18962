with unit_changes as (select * from {{ ref('unit_changes') }}),

typed as (
    select
        change_code,
        change_kind,
        from_unit_code,
        to_unit_code,
        cast(changed_on as date) as changed_on,
        case
            -- A split without shares cannot be divided; every other change is of the whole unit.
            when change_kind = 'split' then cast(share as decimal(12, 6))
            else cast(coalesce(share, '1') as decimal(12, 6))
        end as share
    from unit_changes
)

select * from typed
