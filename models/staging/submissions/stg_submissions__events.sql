with submission_events as (select * from {{ source('raw', 'submission_events') }}),

-- The author of an event and the text of its reason stay behind: no name may reach a mart.
typed as (
    select
        submission_id,
        verb,
        to_state,
        event_order,
        effective_at,
        reason_code,
        undoes_order
    from submission_events
)

select * from typed
