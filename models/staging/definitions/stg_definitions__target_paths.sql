with target_paths as (select * from {{ ref('target_paths') }}),

typed as (
    select
        target_code,
        path_method,
        cast(rate_pct as decimal(18, 6)) as rate_pct,
        cast(path_year as integer) as path_year,
        cast(path_value as decimal(28, 6)) as path_value
    from target_paths
)

select * from typed
