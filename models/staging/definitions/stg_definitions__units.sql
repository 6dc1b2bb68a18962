with units as (select * from {{ ref('units') }}),

typed as (
    select
        unit_code,
        city_code,
        parent_code,
        host_unit_code,
        unit_name_zh,
        unit_name_en,
        level as level_code,
        zone_relation,
        aliases_zh,
        code_kind,
        source,
        {{ truth('is_partition_member') }} as is_partition_member,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from units
)

select * from typed
