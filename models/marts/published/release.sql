with run_context as (select * from {{ ref('stg_runs__context') }})

select
    release_id,
    kind,
    as_of,
    published_at,
    software_version,
    definitions_hash,
    is_synthetic,
    chain_head
from run_context
