with changes as (select * from {{ ref('stg_definitions__unit_changes') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

lives as (
    select
        units.unit_code,
        min(coalesce(units.valid_from, date '0001-01-01')) as lived_from
    from units
    group by units.unit_code
),

recodes as (
    select
        changes.from_unit_code,
        changes.to_unit_code,
        changes.changed_on
    from changes
    left join lives
        on changes.to_unit_code = lives.unit_code
    where
        changes.from_unit_code <> changes.to_unit_code
        and ({{ one_to_one('changes', 'lives') }})
),

step_0 as (
    select distinct
        units.unit_code as former_code,
        units.unit_code as later_code,
        date '0001-01-01' as held_from
    from units
),

{{ recoded(var('unit_change_steps') | int(1)) }},

-- Seen from either end: under whichever code it is met, the body is known by all of them.
unit_codes as (
    select
        chains.later_code as unit_code,
        chains.former_code as same_unit_code
    from chains
    union distinct
    select
        chains.former_code as unit_code,
        chains.later_code as same_unit_code
    from chains
)

select * from unit_codes
