{{ config(alias='plans') }}

with plans as (select * from {{ ref('stg_definitions__plans') }}),

units as (select * from {{ ref('int_units_labelled') }}),

final as (
    select
        {{ release_id() }} as release_id,
        plans.plan_code,
        plans.city_code,
        units.city_name_zh,
        plans.plan_zh,
        plans.document_number,
        plans.issued_on,
        plans.status_code,
        plans.plan_start,
        plans.plan_end,
        plans.table_title_zh,
        plans.has_baseline_column,
        plans.has_attribute_column,
        plans.source_file,
        plans.note_zh,
        plans.supersedes_plan_code,
        plans.follows_plan_code
    from plans
    left join units
        on plans.city_code = units.unit_code
)

select * from final
order by plan_code
