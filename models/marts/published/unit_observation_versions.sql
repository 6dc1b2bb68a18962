with value_versions as (select * from {{ ref('int_value_versions') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

final as (
    select
        run_context.release_id,
        value_versions.unit_code,
        units.unit_name_zh,
        units.city_code,
        units.is_partition_member,
        value_versions.form_code,
        value_versions.element_code,
        elements.element_zh,
        elements.kind,
        elements.unit_zh,
        value_versions.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        value_versions.value,
        value_versions.version_status,
        value_versions.is_provisional,
        value_versions.submission_id,
        value_versions.version,
        value_versions.source_cell,
        value_versions.known_from,
        value_versions.known_to
    from value_versions
    inner join units
        on value_versions.unit_code = units.unit_code
    inner join elements
        on value_versions.element_code = elements.element_code
    inner join periods
        on
            value_versions.period_code = periods.period_code
            and periods.period_type in ('month', 'quarter', 'half', 'year')
    cross join run_context
)

select * from final
order by unit_code, form_code, element_code, period_end, known_from
