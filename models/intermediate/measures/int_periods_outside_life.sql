with view_periods as (select * from {{ ref('int_view_periods') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

-- A body owes a view the filed periods of its own life, however long the view: one that opened in
-- July owes the year six months. A form that began in July leaves the year of an older body short.
-- What moves to another city in July owes each of the two cities its own six; one that became a
-- member of the city's partition in July, as much of the year before it as after.
bounded_bodies as (
    select distinct
        units.unit_code,
        units.city_code,
        units.is_partition_member
    from units
    where units.valid_from is not null or units.valid_to is not null
),

periods_outside_life as (
    select
        bounded_bodies.unit_code,
        bounded_bodies.city_code,
        bounded_bodies.is_partition_member,
        view_periods.filed_type,
        view_periods.view_type,
        view_periods.view_code,
        view_periods.plan_key,
        count(*) as periods
    from bounded_bodies
    cross join view_periods
    left join units as spells
        on
            bounded_bodies.unit_code = spells.unit_code
            and bounded_bodies.city_code = spells.city_code
            and bounded_bodies.is_partition_member = spells.is_partition_member
            and {{ in_force('spells', 'view_periods.filed_end') }}
    where spells.unit_code is null
    group by
        bounded_bodies.unit_code, bounded_bodies.city_code, bounded_bodies.is_partition_member,
        view_periods.filed_type, view_periods.view_type, view_periods.view_code,
        view_periods.plan_key
)

select * from periods_outside_life
