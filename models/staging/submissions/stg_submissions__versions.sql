with submissions as (select * from {{ source('raw', 'submissions') }}),

typed as (
    select
        submission_id,
        unit_code,
        city_code,
        form_code,
        form_version,
        period_code,
        state_code,
        version,
        coalesce(is_nil_return, false) as is_nil_return,
        received_at,
        known_from
    from submissions
)

select * from typed
