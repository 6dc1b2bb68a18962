-- What is told in the units of today is what was filed: in a city whose border stayed each additive
-- total is the same, a city is the sum of its units of today, and all of them together bring what
-- the former units brought. Shares of a split may leave a millionth.
-- A row returned: a city, indicator and period where restating lost or made something.
with cities_as_is as (select * from {{ ref('city_indicators_as_is') }}),

units_as_is as (select * from {{ ref('unit_indicators_as_is') }}),

cities_as_was as (select * from {{ ref('city_indicators') }}),

units_as_was as (select * from {{ ref('unit_indicators') }}),

successions as (select * from {{ ref('int_unit_successions') }}),

cities_held as (select distinct cities_as_is.city_code from cities_as_is),

cities_crossed as (
    select successions.origin_city_code as city_code
    from successions
    where successions.origin_city_code <> successions.city_code
    union distinct
    select successions.city_code
    from successions
    where successions.origin_city_code <> successions.city_code
),

sums_of_units as (
    select
        units_as_is.city_code,
        units_as_is.indicator_code,
        units_as_is.period_type,
        units_as_is.period_code,
        sum(units_as_is.numerator) as numerator,
        count(*) as members
    from units_as_is
    where units_as_is.is_partition_member
    group by
        units_as_is.city_code, units_as_is.indicator_code, units_as_is.period_type,
        units_as_is.period_code
),

members as (
    select
        units_as_is.city_code,
        units_as_is.indicator_code,
        units_as_is.period_type,
        units_as_is.period_code,
        units_as_is.numerator as now,
        0 as was,
        units_as_is.numerator is null and units_as_is.change_codes is not null as is_unknown
    from units_as_is
    where units_as_is.is_partition_member and units_as_is.is_additive
    union all
    select
        units_as_was.city_code,
        units_as_was.indicator_code,
        units_as_was.period_type,
        units_as_was.period_code,
        0 as now,
        units_as_was.numerator as was,
        false as is_unknown
    from units_as_was
    inner join cities_held
        on units_as_was.city_code = cities_held.city_code
    where
        units_as_was.is_partition_member
        and units_as_was.is_additive
        and units_as_was.plan_code is null
)

select
    cities_as_was.city_code,
    cities_as_was.indicator_code,
    cities_as_was.period_type,
    cities_as_was.period_code,
    'not what it was' as problem
from cities_as_was
inner join cities_held
    on cities_as_was.city_code = cities_held.city_code
left join cities_crossed
    on cities_as_was.city_code = cities_crossed.city_code
left join cities_as_is
    on
        cities_as_was.city_code = cities_as_is.city_code
        and cities_as_was.indicator_code = cities_as_is.indicator_code
        and cities_as_was.period_type = cities_as_is.period_type
        and cities_as_was.period_code = cities_as_is.period_code
where
    cities_crossed.city_code is null
    and cities_as_was.is_additive
    and cities_as_was.plan_code is null
    and coalesce(cities_as_was.numerator, -1) <> coalesce(cities_as_is.numerator, -1)
union all
select
    cities_as_is.city_code,
    cities_as_is.indicator_code,
    cities_as_is.period_type,
    cities_as_is.period_code,
    'not the sum of its units' as problem
from cities_as_is
left join sums_of_units
    on
        cities_as_is.city_code = sums_of_units.city_code
        and cities_as_is.indicator_code = sums_of_units.indicator_code
        and cities_as_is.period_type = sums_of_units.period_type
        and cities_as_is.period_code = sums_of_units.period_code
where
    cities_as_is.is_additive
    and (
        coalesce(sums_of_units.members, 0) <> cities_as_is.expected_units
        or abs(coalesce(sums_of_units.numerator, -1) - coalesce(cities_as_is.numerator, -1))
        > 0.00001 * sums_of_units.members
    )
union all
select
    min(members.city_code) as city_code,
    members.indicator_code,
    members.period_type,
    members.period_code,
    'not what all of them were' as problem
from members
group by members.indicator_code, members.period_type, members.period_code
having
    not bool_or(members.is_unknown)
    and abs(coalesce(sum(members.now), 0) - coalesce(sum(members.was), 0)) > 0.00001 * count(*)
