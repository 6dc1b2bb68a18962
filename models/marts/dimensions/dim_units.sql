{{ config(alias='units') }}

with units as (select * from {{ ref('stg_definitions__units') }}),

final as (
    select
        {{ release_id() }} as release_id,
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
        units.valid_to
    from units
)

select * from final
order by unit_code, valid_from
