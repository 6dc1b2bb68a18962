with form_periods as (select * from {{ ref('int_form_periods_expected') }}),

filings as (select * from {{ ref('int_submissions_in_force') }}),

versions as (select * from {{ ref('stg_submissions__versions') }}),

filed_values as (select * from {{ ref('stg_submissions__values') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

cells_of_forms as (
    select
        form_elements.form_code,
        form_elements.form_version,
        count(*) as expected_cells
    from form_elements
    group by form_elements.form_code, form_elements.form_version
),

filled as (
    select
        filed_values.submission_id,
        count(filed_values.number) as filled_cells
    from filed_values
    group by filed_values.submission_id
),

-- What is counted as filled is the version in force, else the newest one that came.
counted as (
    select
        form_periods.*,
        cells_of_forms.expected_cells,
        filings.first_received_at as received_at,
        filings.first_seen_at,
        filings.actual_received_at,
        filings.first_judged_at as judged_at,
        filings.newest_state_code as state_code,
        filings.accepted_at,
        filings.submission_id is not null and not filings.is_provisional as is_accepted,
        coalesce(versions.is_nil_return, false) as is_nil_return,
        case
            when versions.state_code in ('refused', 'withdrawn') then 0
            when versions.is_nil_return then cells_of_forms.expected_cells
            else coalesce(filled.filled_cells, 0)
        end as filled_cells
    from form_periods
    inner join cells_of_forms
        on
            form_periods.form_code = cells_of_forms.form_code
            and form_periods.form_version = cells_of_forms.form_version
    left join filings
        on
            form_periods.unit_code = filings.unit_code
            and form_periods.form_code = filings.form_code
            and form_periods.period_code = filings.period_code
    left join versions
        on coalesce(filings.submission_id, filings.newest_submission_id) = versions.submission_id
    left join filled
        on versions.submission_id = filled.submission_id
    where form_periods.form_kind <> 'authority'
),

final as (
    select
        run_context.release_id,
        counted.unit_code,
        units.unit_name_zh,
        counted.city_code,
        counted.is_partition_member,
        counted.form_code,
        counted.period_code,
        counted.period_type,
        counted.period_start,
        counted.period_end,
        counted.due_at,
        counted.extended_to,
        counted.received_at,
        counted.first_seen_at,
        counted.actual_received_at,
        (counted.is_due and not counted.is_extended) or counted.received_at is not null
            as is_expected,
        counted.received_at is not null as is_received,
        coalesce(counted.judged_at <= coalesce(counted.extended_to, counted.due_at), false)
            as is_on_time,
        cast(counted.expected_cells as integer) as expected_cells,
        cast(least(counted.filled_cells, counted.expected_cells) as integer) as filled_cells,
        counted.received_at is not null
        and counted.filled_cells >= counted.expected_cells as is_complete,
        coalesce(counted.is_accepted, false) as is_accepted,
        counted.is_nil_return,
        counted.state_code
    from counted
    inner join units
        on counted.unit_code = units.unit_code
    cross join run_context
)

select * from final
order by unit_code, form_code, period_end
