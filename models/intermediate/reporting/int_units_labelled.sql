with units as (select * from {{ ref('stg_definitions__units') }}),

-- A renamed body has one row for each name; it is called by its newest.
ranked as (
    select
        units.*,
        row_number() over (
            partition by units.unit_code order by units.valid_from desc nulls last
        ) as name_rank
    from units
),

labelled as (
    select
        unit.unit_code,
        unit.city_code,
        unit.unit_name_zh,
        unit.level_code,
        unit.host_unit_code,
        unit.zone_relation,
        unit.is_partition_member,
        coalesce(city.unit_name_zh, unit.unit_name_zh) as city_name_zh
    from ranked as unit
    left join ranked as city
        on unit.city_code = city.unit_code and city.name_rank = 1
    where unit.name_rank = 1
)

select * from labelled
