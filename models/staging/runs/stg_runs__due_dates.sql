with due_dates as (select * from {{ source('raw', 'due_dates') }}),

typed as (
    select
        form_code,
        form_version,
        city_code,
        period_code,
        due_at
    from due_dates
)

select * from typed
