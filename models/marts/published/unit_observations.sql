with observations as (select * from {{ ref('int_observations') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

final as (
    select
        run_context.release_id,
        observations.unit_code,
        units.unit_name_zh,
        observations.city_code,
        observations.is_partition_member,
        observations.form_code,
        observations.element_code,
        elements.element_zh,
        observations.kind,
        elements.unit_zh,
        observations.period_code,
        observations.period_type,
        observations.period_start,
        observations.period_end,
        observations.value,
        observations.obs_status,
        observations.is_provisional,
        observations.submission_id,
        observations.version,
        observations.source_cell,
        observations.received_at,
        observations.accepted_at,
        observations.known_from
    from observations
    inner join units
        on observations.unit_code = units.unit_code
    left join elements
        on observations.element_code = elements.element_code
    cross join run_context
)

select * from final
order by unit_code, form_code, element_code, period_end
