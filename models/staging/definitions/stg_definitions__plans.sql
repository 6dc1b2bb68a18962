with plans as (select * from {{ ref('plans') }}),

typed as (
    select
        plan_code,
        city_code,
        plan_zh,
        document_number,
        status_code,
        table_title_zh,
        source_file,
        note_zh,
        supersedes_plan_code,
        follows_plan_code,
        {{ truth('has_baseline_column') }} as has_baseline_column,
        {{ truth('has_attribute_column') }} as has_attribute_column,
        cast(issued_on as date) as issued_on,
        cast(plan_start as date) as plan_start,
        cast(plan_end as date) as plan_end
    from plans
)

select * from typed
