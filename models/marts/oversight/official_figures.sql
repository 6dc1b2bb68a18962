-- Each figure that stands in an official release, beside what this release says of it. Under an
-- embargo a figure is not among those loaded.
with official_figures as (select * from {{ ref('stg_runs__official_figures') }}),

plan_progress as (select * from {{ ref('plan_progress') }}),

city_indicators as (select * from {{ ref('city_indicators') }}),

targets as (
    select
        official_figures.*,
        plan_progress.indicator_zh,
        plan_progress.unit_zh,
        plan_progress.actual_value as current_value
    from official_figures
    left join plan_progress
        on
            official_figures.target_code = plan_progress.target_code
            and official_figures.period_code = plan_progress.period_code
            and official_figures.period_type = plan_progress.period_type
    where official_figures.table_name = 'plan_progress'
),

indicators as (
    select
        official_figures.*,
        city_indicators.indicator_zh,
        city_indicators.unit_zh,
        city_indicators.value as current_value
    from official_figures
    left join city_indicators
        on
            official_figures.city_code = city_indicators.city_code
            and official_figures.indicator_code = city_indicators.indicator_code
            and official_figures.period_code = city_indicators.period_code
            and official_figures.period_type = city_indicators.period_type
            and coalesce(official_figures.plan_code, '') = coalesce(city_indicators.plan_code, '')
    where official_figures.table_name = 'city_indicators'
),

compared as (
    select * from targets
    union all
    select * from indicators
),

final as (
    select
        {{ release_id() }} as release_id,
        compared.official_release_id,
        compared.city_code,
        compared.report_code,
        compared.official_period_code,
        compared.document_number,
        compared.approved_on,
        compared.table_name,
        compared.plan_code,
        compared.target_code,
        compared.indicator_code,
        compared.indicator_zh,
        compared.unit_zh,
        compared.period_code,
        compared.period_type,
        compared.period_start,
        compared.period_end,
        compared.official_value,
        compared.current_value,
        coalesce(compared.official_value <> compared.current_value, true) as is_changed,
        compared.revision_document_number,
        compared.revision_reason_zh,
        compared.revised_on
    from compared
)

select * from final
order by city_code, table_name, plan_code, target_code, indicator_code, period_type, period_code
