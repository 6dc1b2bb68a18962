with observations as (select * from {{ ref('int_observations') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

units as (select * from {{ ref('int_units_labelled') }}),

findings as (select * from {{ ref('stg_submissions__findings') }}),

reasons as (select * from {{ ref('stg_definitions__explanation_reasons') }}),

reasons_given as (
    select distinct
        findings.submission_id,
        findings.element_code,
        reasons.reason_zh
    from findings
    inner join reasons
        on findings.reason_code = reasons.reason_code
    where findings.status_code = 'explained' and findings.element_code is not null
),

explanations as (
    select
        submission_id,
        element_code,
        {{ text_list('reason_zh', 'reason_zh') }} as explanation_zh
    from reasons_given
    group by submission_id, element_code
),

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
        observations.known_from,
        explanations.explanation_zh
    from observations
    inner join units
        on observations.unit_code = units.unit_code
    left join elements
        on observations.element_code = elements.element_code
    left join explanations
        on
            observations.submission_id = explanations.submission_id
            and observations.element_code = explanations.element_code
    cross join run_context
)

select * from final
order by unit_code, form_code, element_code, period_end
