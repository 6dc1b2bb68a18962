with versions as (select * from {{ ref('stg_submissions__versions') }}),

arrival_corrections as (select * from {{ ref('stg_submissions__arrival_corrections') }}),

events as (select * from {{ ref('stg_submissions__events') }}),

acceptances as (
    select
        events.submission_id,
        max(events.effective_at) as accepted_at
    from events
    where events.to_state = 'accepted_city'
    group by events.submission_id
),

-- Accepted before provisional, then the newest; other states are never in force.
ranked as (
    select
        versions.*,
        arrival_corrections.actual_received_at,
        -- Lateness is judged by when it was handed in, order by when it arrived.
        coalesce(arrival_corrections.actual_received_at, versions.received_at) as judged_at,
        case
            when versions.state_code in ('accepted_city', 'published') then 1
            when versions.state_code in ('passed', 'explained', 'accepted_county') then 2
        end as force_rank,
        row_number() over (
            partition by versions.unit_code, versions.form_code, versions.period_code
            order by
                case
                    when versions.state_code in ('accepted_city', 'published') then 1
                    when versions.state_code in ('passed', 'explained', 'accepted_county') then 2
                    else 3
                end,
                versions.arrival_rank desc,
                versions.submission_id asc
        ) as preference,
        row_number() over (
            partition by versions.unit_code, versions.form_code, versions.period_code
            order by versions.arrival_rank desc, versions.submission_id asc
        ) as recency
    from versions
    left join arrival_corrections
        on versions.submission_id = arrival_corrections.submission_id
    where versions.form_code is not null and versions.period_code is not null
),

filings as (
    select
        ranked.unit_code,
        ranked.form_code,
        ranked.period_code,
        max(case when ranked.recency = 1 then ranked.submission_id end) as newest_submission_id,
        max(case when ranked.recency = 1 then ranked.state_code end) as newest_state_code,
        max(case when ranked.preference = 1 then ranked.force_rank end) as force_rank,
        max(case when ranked.preference = 1 then ranked.submission_id end) as best_submission_id,
        max(case when ranked.preference = 1 then ranked.version end) as best_version,
        max(case when ranked.preference = 1 then ranked.received_at end) as best_received_at,
        max(case when ranked.preference = 1 then ranked.known_from end) as best_known_from,
        bool_or(ranked.preference = 1 and ranked.is_nil_return) as best_is_nil_return,
        min(
            case when ranked.state_code not in ('refused', 'withdrawn') then ranked.received_at end
        ) as first_received_at,
        min(
            case
                when ranked.state_code not in ('refused', 'withdrawn') then ranked.first_seen_at
            end
        ) as first_seen_at,
        min(
            case when ranked.state_code not in ('refused', 'withdrawn') then ranked.judged_at end
        ) as first_judged_at,
        min(
            case
                when ranked.state_code not in ('refused', 'withdrawn')
                    then ranked.actual_received_at
            end
        ) as actual_received_at,
        bool_or(ranked.state_code in ('received', 'held', 'returned')) as has_held_version
    from ranked
    group by ranked.unit_code, ranked.form_code, ranked.period_code
),

in_force as (
    select
        filings.unit_code,
        filings.form_code,
        filings.period_code,
        filings.newest_submission_id,
        filings.newest_state_code,
        filings.first_received_at,
        filings.first_seen_at,
        filings.first_judged_at,
        filings.actual_received_at,
        filings.has_held_version,
        filings.best_is_nil_return and filings.force_rank is not null as is_nil_return,
        coalesce(filings.force_rank = 2, false) as is_provisional,
        case when filings.force_rank is not null then filings.best_submission_id end
            as submission_id,
        case when filings.force_rank is not null then filings.best_version end as version,
        case when filings.force_rank is not null then filings.best_received_at end as received_at,
        case when filings.force_rank is not null then filings.best_known_from end as known_from,
        case when filings.force_rank = 1 then acceptances.accepted_at end as accepted_at
    from filings
    left join acceptances
        on filings.best_submission_id = acceptances.submission_id
)

select * from in_force
