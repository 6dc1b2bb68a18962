with parts as (select * from {{ ref('int_indicator_parts') }}),

successions as (select * from {{ ref('int_unit_successions') }}),

-- A change without a figure before it restates nothing.
reached as (
    select distinct
        successions.origin_city_code,
        successions.city_code,
        successions.changed_on
    from parts
    inner join successions
        on
            parts.unit_code = successions.origin_code
            and parts.view_start < successions.changed_on
),

reached_cities as (
    select reached.origin_city_code as city_code from reached
    union distinct
    select reached.city_code from reached
),

-- Until when a city had another territory than today's.
cities_touched as (
    select
        reached_cities.city_code,
        max(
            case
                when reached.origin_city_code <> reached.city_code then reached.changed_on
            end
        ) as crossed_on
    from reached_cities
    inner join reached
        on reached_cities.city_code in (reached.origin_city_code, reached.city_code)
    group by reached_cities.city_code
)

select * from cities_touched
