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
        first_seen_at,
        known_from,
        -- The latest is by arrival and file name, whatever the order in which files were processed.
        row_number() over (
            partition by unit_code, form_code, period_code
            order by received_at, file_name, version
        ) as arrival_rank
    from submissions
)

select * from typed
