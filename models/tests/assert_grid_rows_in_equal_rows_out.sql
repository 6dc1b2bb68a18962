-- Every cell that a unit is expected to file for an ended period has exactly one observation.
-- A row returned: a cell lost or invented on the way from the expected grid to the mart.
with form_periods as (select * from {{ ref('int_form_periods_expected') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

observations as (select * from {{ ref('unit_observations') }}),

expected as (
    select
        form_periods.city_code,
        form_periods.unit_code,
        form_periods.form_code,
        form_periods.period_code,
        count(*) as cells
    from form_periods
    inner join form_elements
        on
            form_periods.form_code = form_elements.form_code
            and form_periods.form_version = form_elements.form_version
    group by
        form_periods.city_code, form_periods.unit_code, form_periods.form_code,
        form_periods.period_code
),

observed as (
    select
        observations.city_code,
        observations.unit_code,
        observations.form_code,
        observations.period_code,
        count(*) as cells
    from observations
    -- What is filed afterwards as history has no place in the grid.
    where observations.obs_status <> 'history'
    group by
        observations.city_code, observations.unit_code, observations.form_code,
        observations.period_code
)

select
    coalesce(expected.city_code, observed.city_code) as city_code,
    coalesce(expected.unit_code, observed.unit_code) as unit_code,
    coalesce(expected.form_code, observed.form_code) as form_code,
    coalesce(expected.period_code, observed.period_code) as period_code,
    expected.cells as expected_cells,
    observed.cells as observed_cells
from expected
full outer join observed
    on
        expected.unit_code = observed.unit_code
        and expected.form_code = observed.form_code
        and expected.period_code = observed.period_code
where coalesce(expected.cells, 0) <> coalesce(observed.cells, 0)
