with arrival_corrections as (select * from {{ source('raw', 'arrival_corrections') }}),

-- Who recorded it and why stay behind: no name may reach a mart.
numbered as (
    select
        submission_id,
        actual_received_at,
        row_number() over (
            partition by submission_id
            order by correction_order desc
        ) as recency
    from arrival_corrections
),

typed as (
    select
        submission_id,
        actual_received_at
    from numbered
    where recency = 1
)

select * from typed
