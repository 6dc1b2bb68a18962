with versions as (select * from {{ ref('stg_submissions__versions') }}),

events as (select * from {{ ref('stg_submissions__events') }}),

filed_values as (select * from {{ ref('stg_submissions__values') }}),

corrections as (select * from {{ ref('stg_submissions__corrections') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

-- An event never takes effect before the one it follows.
ordered_events as (
    select
        events.submission_id,
        events.event_order,
        events.to_state,
        max(events.effective_at) over (
            partition by events.submission_id
            order by events.event_order
            rows between unbounded preceding and current row
        ) as effective_at
    from events
),

-- Several events of one moment leave only the last state behind.
ranked_states as (
    select
        ordered_events.*,
        row_number() over (
            partition by ordered_events.submission_id, ordered_events.effective_at
            order by ordered_events.event_order desc
        ) as moment_rank
    from ordered_events
),

state_intervals as (
    select
        ranked_states.submission_id,
        ranked_states.to_state,
        ranked_states.effective_at as state_from,
        lead(ranked_states.effective_at) over (
            partition by ranked_states.submission_id order by ranked_states.effective_at
        ) as state_to
    from ranked_states
    where ranked_states.moment_rank = 1
),

candidates as (
    select
        versions.unit_code,
        versions.form_code,
        versions.form_version,
        versions.period_code,
        versions.submission_id,
        versions.version,
        versions.arrival_rank,
        versions.is_nil_return,
        state_intervals.state_from,
        state_intervals.state_to,
        case
            when state_intervals.to_state in ('accepted_city', 'published') then 1
            else 2
        end as force_rank
    from versions
    inner join state_intervals
        on versions.submission_id = state_intervals.submission_id
    where
        versions.form_code is not null
        and versions.period_code is not null
        and state_intervals.to_state in (
            'accepted_city', 'published', 'passed', 'explained', 'accepted_county'
        )
),

moments as (
    select
        candidates.unit_code,
        candidates.form_code,
        candidates.period_code,
        candidates.state_from as moment_at
    from candidates
    union distinct
    select
        candidates.unit_code,
        candidates.form_code,
        candidates.period_code,
        candidates.state_to as moment_at
    from candidates
    where candidates.state_to is not null
),

-- At every moment at which something changed: which version was in force from then on.
choices as (
    select
        moments.unit_code,
        moments.form_code,
        moments.period_code,
        moments.moment_at,
        candidates.submission_id,
        candidates.force_rank,
        row_number() over (
            partition by
                moments.unit_code, moments.form_code, moments.period_code, moments.moment_at
            order by
                candidates.force_rank asc nulls last, candidates.arrival_rank desc,
                candidates.submission_id asc
        ) as preference
    from moments
    left join candidates
        on
            moments.unit_code = candidates.unit_code
            and moments.form_code = candidates.form_code
            and moments.period_code = candidates.period_code
            and moments.moment_at >= candidates.state_from
            and (candidates.state_to is null or moments.moment_at < candidates.state_to)
),

changes as (
    select
        choices.*,
        lag(coalesce(choices.submission_id, '-')) over slot_in_time as previous_submission_id,
        lag(coalesce(choices.force_rank, 0)) over slot_in_time as previous_force_rank
    from choices
    where choices.preference = 1
    window slot_in_time as (
        partition by choices.unit_code, choices.form_code, choices.period_code
        order by choices.moment_at
    )
),

-- Moments that changed nothing (published after accepted) do not cut an interval in two.
real_changes as (
    select
        changes.*,
        lead(changes.moment_at) over (
            partition by changes.unit_code, changes.form_code, changes.period_code
            order by changes.moment_at
        ) as next_moment_at
    from changes
    where
        changes.previous_submission_id is null
        or changes.previous_submission_id <> coalesce(changes.submission_id, '-')
        or changes.previous_force_rank <> coalesce(changes.force_rank, 0)
),

intervals as (
    select
        real_changes.submission_id,
        real_changes.force_rank,
        real_changes.moment_at as known_from,
        real_changes.next_moment_at as known_to
    from real_changes
    where real_changes.submission_id is not null
),

-- A correction's approval that was taken back was in force until then, whatever came after it.
undone_approvals as (
    select
        corrections.submission_id,
        corrections.row_code,
        corrections.value_column,
        corrections.number,
        approvals.effective_at as approved_from,
        undoings.effective_at as approved_to
    from corrections
    inner join events as approvals
        on
            corrections.submission_id = approvals.submission_id
            and corrections.correction_id = approvals.reason_code
            and approvals.verb = 'approve'
    inner join events as undoings
        on
            approvals.submission_id = undoings.submission_id
            and approvals.event_order = undoings.undoes_order
            and approvals.effective_at < undoings.effective_at
),

approved_corrections as (
    select
        submission_id,
        row_code,
        value_column,
        number,
        approved_at as approved_from,
        cast(null as timestamp) as approved_to
    from corrections
    where state_code = 'approved'
    union all
    select * from undone_approvals
),

-- Where a correction began or ceased to hold.
correction_moments as (
    select
        submission_id,
        row_code,
        value_column,
        approved_from as moment_at
    from approved_corrections
    union distinct
    select
        submission_id,
        row_code,
        value_column,
        approved_to as moment_at
    from approved_corrections
    where approved_to is not null
),

-- A correction cuts the interval of its own cell there.
cell_starts as (
    select
        filed_values.submission_id,
        filed_values.row_code,
        filed_values.value_column,
        intervals.force_rank,
        intervals.known_from as interval_from,
        intervals.known_to as interval_to,
        intervals.known_from
    from intervals
    inner join filed_values
        on intervals.submission_id = filed_values.submission_id
    union distinct
    select
        correction_moments.submission_id,
        correction_moments.row_code,
        correction_moments.value_column,
        intervals.force_rank,
        intervals.known_from as interval_from,
        intervals.known_to as interval_to,
        correction_moments.moment_at as known_from
    from intervals
    inner join correction_moments
        on
            intervals.submission_id = correction_moments.submission_id
            and intervals.known_from < correction_moments.moment_at
            and (
                intervals.known_to is null
                or intervals.known_to > correction_moments.moment_at
            )
),

cell_intervals as (
    select
        cell_starts.*,
        coalesce(
            lead(cell_starts.known_from) over (
                partition by
                    cell_starts.submission_id, cell_starts.row_code,
                    cell_starts.value_column, cell_starts.interval_from
                order by cell_starts.known_from
            ),
            cell_starts.interval_to
        ) as known_to
    from cell_starts
),

applied_corrections as (
    select
        cell_intervals.submission_id,
        cell_intervals.row_code,
        cell_intervals.value_column,
        cell_intervals.known_from,
        max_by(approved_corrections.number, approved_corrections.approved_from) as number
    from cell_intervals
    inner join approved_corrections
        on
            cell_intervals.submission_id = approved_corrections.submission_id
            and cell_intervals.row_code = approved_corrections.row_code
            and cell_intervals.value_column = approved_corrections.value_column
            and cell_intervals.known_from >= approved_corrections.approved_from
            and (
                approved_corrections.approved_to is null
                or cell_intervals.known_from < approved_corrections.approved_to
            )
    group by
        cell_intervals.submission_id, cell_intervals.row_code, cell_intervals.value_column,
        cell_intervals.known_from
),

valued_intervals as (
    select
        versions.unit_code,
        versions.form_code,
        versions.period_code,
        versions.submission_id,
        versions.version,
        form_elements.element_code,
        filed_values.source_cell,
        cell_intervals.known_from,
        cell_intervals.known_to,
        applied_corrections.submission_id is not null
        and applied_corrections.number is not null as is_corrected,
        cell_intervals.force_rank = 2 as is_provisional,
        case
            when applied_corrections.submission_id is not null
                then {{ scaled('applied_corrections.number', 'form_elements.unit_factor') }}
            when
                versions.is_nil_return and filed_values.number is null
                and elements.kind in ('flow', 'fact') then cast(0 as decimal(28, 6))
            else {{ scaled('filed_values.number', 'form_elements.unit_factor') }}
        end as value
    from cell_intervals
    inner join versions
        on cell_intervals.submission_id = versions.submission_id
    inner join form_elements
        on
            versions.form_code = form_elements.form_code
            and versions.form_version = form_elements.form_version
            and cell_intervals.row_code = form_elements.row_code
            and cell_intervals.value_column = form_elements.value_column
    inner join elements
        on form_elements.element_code = elements.element_code
    left join filed_values
        on
            cell_intervals.submission_id = filed_values.submission_id
            and cell_intervals.row_code = filed_values.row_code
            and cell_intervals.value_column = filed_values.value_column
    left join applied_corrections
        on
            cell_intervals.submission_id = applied_corrections.submission_id
            and cell_intervals.row_code = applied_corrections.row_code
            and cell_intervals.value_column = applied_corrections.value_column
            and cell_intervals.known_from = applied_corrections.known_from
),

value_versions as (
    select
        valued_intervals.*,
        case
            when valued_intervals.is_corrected then 'corrected'
            when valued_intervals.is_provisional then 'provisional'
            else 'accepted'
        end as version_status
    from valued_intervals
    where valued_intervals.value is not null
)

select * from value_versions
