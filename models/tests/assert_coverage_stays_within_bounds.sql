-- No city figure claims more units than are expected, and none that says all have reported hides
-- a member with a gap.
-- A row returned: a coverage above 100 % or below 0, or a rate of reporting that cannot be.
with city_indicators as (select * from {{ ref('city_indicators') }}),

reporting_rates as (select * from {{ ref('reporting_rates') }})

select
    city_indicators.city_code,
    city_indicators.indicator_code as code,
    city_indicators.period_code
from city_indicators
where
    city_indicators.reported_units > city_indicators.expected_units
    or city_indicators.expected_units = 0
    or city_indicators.coverage_pct > 100
    or (
        city_indicators.numerator is null and city_indicators.reported_units > 0
        and city_indicators.is_additive
    )
union all
select
    reporting_rates.city_code,
    reporting_rates.form_code as code,
    reporting_rates.period_code
from reporting_rates
where
    (reporting_rates.is_received and not reporting_rates.is_expected)
    or (reporting_rates.is_on_time and not reporting_rates.is_received)
    or reporting_rates.filled_cells > reporting_rates.expected_cells
