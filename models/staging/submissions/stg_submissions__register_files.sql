with register_files as (select * from {{ source('raw', 'register_files') }}),

typed as (
    select
        submission_id,
        form_code,
        form_version,
        row_count
    from register_files
)

select * from typed
