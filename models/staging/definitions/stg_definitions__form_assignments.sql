with form_assignments as (select * from {{ ref('form_assignments') }}),

typed as (
    select
        form_code,
        city_code,
        unit_level as level_code,
        unit_code,
        cast(first_period_start as date) as first_period_start,
        cast(last_period_end as date) as last_period_end
    from form_assignments
)

select * from typed
