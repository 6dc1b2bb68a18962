with official_figures as (select * from {{ source('raw', 'official_figures') }}),

typed as (
    select
        official_release_id,
        city_code,
        report_code,
        official_period_code,
        document_number,
        table_name,
        plan_code,
        target_code,
        indicator_code,
        period_code,
        period_type,
        period_start,
        period_end,
        revision_document_number,
        revision_reason_zh,
        cast(approved_at as date) as approved_on,
        cast(revised_at as date) as revised_on,
        cast(official_value as double) as official_value
    from official_figures
)

select * from typed
