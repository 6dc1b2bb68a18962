{{ config(alias='units') }}

with units as (select * from {{ ref('stg_definitions__units') }}),

unit_codes as (select * from {{ ref('int_unit_codes') }}),

-- A body that was recoded is one under all of its codes; the first of them names it.
bodies as (
    select
        unit_codes.unit_code,
        min(unit_codes.same_unit_code) as body_code
    from unit_codes
    group by unit_codes.unit_code
),

run_context as (select * from {{ ref('stg_runs__context') }}),

final as (
    select
        run_context.release_id,
        units.unit_code,
        units.unit_name_zh,
        units.unit_name_en,
        units.level_code,
        units.city_code,
        units.parent_code,
        units.host_unit_code,
        units.zone_relation,
        units.is_partition_member,
        units.aliases_zh,
        units.code_kind,
        units.valid_from,
        units.valid_to,
        {{ is_current('units', 'unit_code') }} as is_current,
        bodies.body_code
    from units
    left join bodies
        on units.unit_code = bodies.unit_code
    cross join run_context
)

select * from final
order by unit_code, valid_from
