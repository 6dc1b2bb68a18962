-- A published ratio is its own numerator over its own denominator times its factor, and no ratio
-- stands where the denominator is missing or zero.
-- A row returned: a ratio that a reader could not recompute from the columns beside it.
with city_indicators as (select * from {{ ref('city_indicators') }}),

cities_as_is as (select * from {{ ref('city_indicators_as_is') }}),

plan_progress as (select * from {{ ref('plan_progress') }}),

ratios as (
    select
        city_indicators.city_code,
        'city_indicators' as table_name,
        city_indicators.indicator_code || ' ' || city_indicators.period_code as row_key,
        city_indicators.value,
        city_indicators.numerator,
        city_indicators.denominator,
        city_indicators.factor
    from city_indicators
    where city_indicators.is_ratio
    union all
    select
        cities_as_is.city_code,
        'city_indicators_as_is' as table_name,
        cities_as_is.indicator_code || ' ' || cities_as_is.period_code as row_key,
        cities_as_is.value,
        cities_as_is.numerator,
        cities_as_is.denominator,
        cities_as_is.factor
    from cities_as_is
    where cities_as_is.is_ratio
    union all
    select
        plan_progress.city_code,
        'plan_progress' as table_name,
        plan_progress.target_code || ' ' || plan_progress.period_code as row_key,
        plan_progress.actual_value as value,
        plan_progress.numerator,
        plan_progress.denominator,
        plan_progress.factor
    from plan_progress
    where plan_progress.is_ratio
)

select *
from ratios
where
    case
        when ratios.numerator is null or coalesce(ratios.denominator, 0) = 0
            then ratios.value is not null
        else
            ratios.value is null
            or abs(
                ratios.value
                - {{ ratio('ratios.numerator', 'ratios.denominator') }}
                * cast(ratios.factor as double)
            ) > 0.000000001 * greatest(abs(ratios.value), 1)
    end
