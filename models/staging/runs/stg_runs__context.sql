with run_context as (select * from {{ source('raw', 'run_context') }}),

typed as (
    select
        release_id,
        kind,
        software_version,
        definitions_hash,
        chain_head,
        is_synthetic,
        as_of,
        published_at
    from run_context
)

select * from typed
