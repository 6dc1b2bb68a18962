-- What the events say is in force now is what unit_observations shows, value by value.
-- A row returned: the history of a cell and its present value contradict each other.
with versions as (select * from {{ ref('unit_observation_versions') }}),

observations as (select * from {{ ref('unit_observations') }}),

current_versions as (
    select * from versions
    where known_to is null
),

filed as (
    select *
    from observations
    where
        obs_status in ('reported', 'nil', 'corrected', 'history') and value is not null
),

-- Versions are kept for whatever was filed; only cells of the expected grid are compared.
grid as (
    select distinct
        observations.unit_code,
        observations.form_code,
        observations.element_code,
        observations.period_code
    from observations
)

select
    coalesce(filed.city_code, current_versions.city_code) as city_code,
    coalesce(filed.unit_code, current_versions.unit_code) as unit_code,
    coalesce(filed.element_code, current_versions.element_code) as element_code,
    coalesce(filed.period_code, current_versions.period_code) as period_code,
    filed.value as observed_value,
    current_versions.value as version_value
from filed
full outer join current_versions
    on
        filed.unit_code = current_versions.unit_code
        and filed.element_code = current_versions.element_code
        and filed.period_code = current_versions.period_code
        and filed.form_code = current_versions.form_code
left join grid
    on
        current_versions.unit_code = grid.unit_code
        and current_versions.element_code = grid.element_code
        and current_versions.period_code = grid.period_code
        and current_versions.form_code = grid.form_code
where
    (filed.unit_code is not null or grid.unit_code is not null)
    and (
        filed.unit_code is null
        or current_versions.unit_code is null
        or filed.value <> current_versions.value
        or filed.submission_id <> current_versions.submission_id
        or filed.is_provisional <> current_versions.is_provisional
    )
