-- An additive city figure is the sum of what its partition members show in unit_indicators.
-- A row returned: a city, indicator and period whose published parts do not add up to it.
with city_indicators as (select * from {{ ref('city_indicators') }}),

unit_indicators as (select * from {{ ref('unit_indicators') }}),

sums_of_members as (
    select
        unit_indicators.city_code,
        unit_indicators.indicator_code,
        unit_indicators.period_type,
        unit_indicators.period_code,
        coalesce(unit_indicators.plan_code, '') as plan_code,
        sum(unit_indicators.numerator) as numerator,
        count(*) as members
    from unit_indicators
    where unit_indicators.is_partition_member
    group by
        unit_indicators.city_code, unit_indicators.indicator_code, unit_indicators.period_type,
        unit_indicators.period_code, coalesce(unit_indicators.plan_code, '')
)

select
    city_indicators.city_code,
    city_indicators.indicator_code,
    city_indicators.period_type,
    city_indicators.period_code,
    city_indicators.numerator as city_numerator,
    sums_of_members.numerator as members_numerator
from city_indicators
left join sums_of_members
    on
        city_indicators.city_code = sums_of_members.city_code
        and city_indicators.indicator_code = sums_of_members.indicator_code
        and city_indicators.period_type = sums_of_members.period_type
        and city_indicators.period_code = sums_of_members.period_code
        and coalesce(city_indicators.plan_code, '') = sums_of_members.plan_code
where
    city_indicators.is_additive
    and (
        sums_of_members.members is null
        or sums_of_members.members <> city_indicators.expected_units
        or coalesce(sums_of_members.numerator, -1) <> coalesce(city_indicators.numerator, -1)
    )
