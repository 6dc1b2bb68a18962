with submission_events as (select * from {{ source('raw', 'submission_events') }}),

-- The author of an event and the text of its reason stay behind: no name may reach a mart.
typed as (
    select
        submission_id,
        to_state,
        event_order,
        effective_at
    from submission_events
)

select * from typed
