with form_periods as (select * from {{ ref('int_form_periods_expected') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

filings as (select * from {{ ref('int_submissions_in_force') }}),

filed_values as (select * from {{ ref('stg_submissions__values') }}),

corrections as (select * from {{ ref('stg_submissions__corrections') }}),

forms as (select * from {{ ref('stg_definitions__forms') }}),

units as (select * from {{ ref('int_units_labelled') }}),

units_dated as (select * from {{ ref('stg_definitions__units') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

authority_figures as (select * from {{ ref('int_authority_figures') }}),

expected_cells as (
    select
        form_periods.*,
        form_elements.row_code,
        form_elements.value_column,
        form_elements.element_code,
        form_elements.unit_factor,
        form_elements.is_required,
        elements.kind,
        coalesce(elements.carry_periods, 0) as carry_periods
    from form_periods
    inner join form_elements
        on
            form_periods.form_code = form_elements.form_code
            and form_periods.form_version = form_elements.form_version
    left join elements
        on form_elements.element_code = elements.element_code
),

ranked_corrections as (
    select
        corrections.*,
        row_number() over (
            partition by
                corrections.submission_id, corrections.row_code, corrections.value_column
            order by corrections.approved_at desc nulls last, corrections.correction_id desc
        ) as correction_rank
    from corrections
    where corrections.state_code = 'approved'
),

approved_corrections as (
    select * from ranked_corrections
    where correction_rank = 1
),

newest_figures as (
    select * from authority_figures
    where is_newest_publication
),

filled_cells as (
    select
        expected_cells.*,
        filings.has_held_version,
        filings.is_provisional,
        filings.accepted_at,
        approved_corrections.correction_id is not null as is_corrected,
        newest_figures.authority_release_id is not null as has_authority_figure,
        newest_figures.value as authority_value,
        coalesce(filings.is_nil_return, false) as is_nil_return,
        coalesce(filings.submission_id, newest_figures.submission_id) as submission_id,
        filings.submission_id is not null as is_in_force,
        filings.version,
        filed_values.source_cell,
        filings.received_at,
        coalesce(approved_corrections.approved_at, filings.known_from) as known_from,
        case
            when approved_corrections.correction_id is not null then approved_corrections.number
            else filed_values.number
        end as number
    from expected_cells
    left join filings
        on
            expected_cells.unit_code = filings.unit_code
            and expected_cells.form_code = filings.form_code
            and expected_cells.period_code = filings.period_code
    left join filed_values
        on
            filings.submission_id = filed_values.submission_id
            and expected_cells.row_code = filed_values.row_code
            and expected_cells.value_column = filed_values.value_column
    left join approved_corrections
        on
            filings.submission_id = approved_corrections.submission_id
            and expected_cells.row_code = approved_corrections.row_code
            and expected_cells.value_column = approved_corrections.value_column
    left join newest_figures
        on
            expected_cells.form_kind = 'authority'
            and expected_cells.unit_code = newest_figures.area_code
            and expected_cells.element_code = newest_figures.element_code
            and expected_cells.period_code = newest_figures.period_code
            and expected_cells.period_type = newest_figures.period_type
),

-- Nothing is put in the place of a missing number. Zero stands only where a nil return says that
-- nothing happened, and that only for what counts happenings.
stated_cells as (
    select
        filled_cells.*,
        case
            when filled_cells.form_kind = 'authority'
                then
                    case
                        when filled_cells.has_authority_figure then 'authority'
                        when filled_cells.is_due then 'awaiting_authority'
                        else 'not_due'
                    end
            when
                filled_cells.is_in_force and filled_cells.is_corrected
                and filled_cells.number is not null then 'corrected'
            when
                filled_cells.is_in_force and filled_cells.is_nil_return
                and (filled_cells.number is null or filled_cells.number = 0) then 'nil'
            when filled_cells.is_in_force and filled_cells.number is not null then 'reported'
            when not filled_cells.is_in_force and filled_cells.has_held_version then 'held'
            when not filled_cells.is_due or coalesce(filled_cells.is_extended, false) then 'not_due'
            else 'missing'
        end as own_status,
        case
            when filled_cells.form_kind = 'authority' then filled_cells.authority_value
            when
                filled_cells.is_nil_return and filled_cells.number is null
                and filled_cells.kind in ('flow', 'fact')
                and filled_cells.is_in_force
                and not filled_cells.is_corrected then cast(0 as decimal(28, 6))
            else {{ scaled('filled_cells.number', 'filled_cells.unit_factor') }}
        end as own_value
    from filled_cells
),

-- The last known figure of a level may stand in for at most carry_periods periods.
carried_cells as (
    select
        gap.unit_code,
        gap.element_code,
        gap.period_code,
        max_by(known.own_value, known.period_end) as carried_value,
        max_by(known.source_cell, known.period_end) as carried_source_cell,
        max_by(known.submission_id, known.period_end) as carried_submission_id,
        max_by(known.version, known.period_end) as carried_version,
        max_by(known.known_from, known.period_end) as carried_known_from
    from stated_cells as gap
    inner join stated_cells as known
        on
            gap.unit_code = known.unit_code
            and gap.element_code = known.element_code
            and gap.frequency = known.frequency
            and gap.period_end > known.period_end
            and {{ month_index('gap.period_end') }} - {{ month_index('known.period_end') }}
            <= gap.carry_periods
            * case gap.frequency
                when 'month' then 1 when 'quarter' then 3 when 'half' then 6 else 12
            end
    where
        gap.own_status in ('missing', 'held')
        and gap.carry_periods > 0
        and gap.kind not in ('flow', 'fact', 'ytd')
        and known.own_status in ('reported', 'corrected', 'authority')
        and known.own_value is not null
    group by gap.unit_code, gap.element_code, gap.period_code
),

expected_observations as (
    select
        stated_cells.unit_code,
        stated_cells.city_code,
        stated_cells.level_code,
        stated_cells.form_code,
        stated_cells.form_version,
        stated_cells.row_code,
        stated_cells.value_column,
        stated_cells.element_code,
        stated_cells.kind,
        stated_cells.frequency,
        stated_cells.period_code,
        stated_cells.period_type,
        stated_cells.period_start,
        stated_cells.period_end,
        stated_cells.due_at,
        stated_cells.is_due,
        stated_cells.is_required,
        stated_cells.is_partition_member,
        coalesce(stated_cells.own_value, carried_cells.carried_value) as value,
        case
            when carried_cells.carried_value is not null then 'carried'
            else stated_cells.own_status
        end as obs_status,
        coalesce(stated_cells.is_provisional, false)
        and coalesce(stated_cells.own_value, carried_cells.carried_value) is not null
            as is_provisional,
        coalesce(carried_cells.carried_submission_id, stated_cells.submission_id)
            as submission_id,
        coalesce(carried_cells.carried_version, stated_cells.version) as version,
        coalesce(carried_cells.carried_source_cell, stated_cells.source_cell) as source_cell,
        stated_cells.received_at,
        stated_cells.accepted_at,
        coalesce(carried_cells.carried_known_from, stated_cells.known_from) as known_from
    from stated_cells
    left join carried_cells
        on
            stated_cells.unit_code = carried_cells.unit_code
            and stated_cells.element_code = carried_cells.element_code
            and stated_cells.period_code = carried_cells.period_code
),

-- Yearly figures filed afterwards stand beside the grid: nobody owed them. They are of the city the
-- unit was in; of a year before its code, of today's.
history_observations as (
    select
        filings.unit_code,
        coalesce(units_dated.city_code, units.city_code) as city_code,
        units.level_code,
        filings.form_code,
        forms.form_version,
        filed_values.row_code,
        filed_values.value_column,
        form_elements.element_code,
        elements.kind,
        forms.frequency,
        filings.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        cast(null as timestamp) as due_at,
        true as is_due,
        false as is_required,
        units.is_partition_member,
        {{ scaled(
            'case when approved_corrections.correction_id is not null'
            ' then approved_corrections.number else filed_values.number end',
            'form_elements.unit_factor'
        ) }} as value,
        'history' as obs_status,
        filings.is_provisional,
        filings.submission_id,
        filings.version,
        filed_values.source_cell,
        filings.received_at,
        filings.accepted_at,
        coalesce(approved_corrections.approved_at, filings.known_from) as known_from
    from filings
    inner join forms
        on filings.form_code = forms.form_code and forms.form_kind = 'history'
    inner join units
        on filings.unit_code = units.unit_code
    inner join periods
        on
            filings.period_code = periods.period_code
            and forms.frequency = periods.period_type
            and {{ in_force('forms', 'periods.period_start') }}
    inner join run_context
        on periods.period_end <= run_context.as_of
    left join units_dated
        on
            filings.unit_code = units_dated.unit_code
            and {{ in_force('units_dated', 'periods.period_end') }}
    inner join filed_values
        on filings.submission_id = filed_values.submission_id
    inner join form_elements
        on
            forms.form_code = form_elements.form_code
            and forms.form_version = form_elements.form_version
            and filed_values.row_code = form_elements.row_code
            and filed_values.value_column = form_elements.value_column
    inner join elements
        on form_elements.element_code = elements.element_code
    left join approved_corrections
        on
            filings.submission_id = approved_corrections.submission_id
            and filed_values.row_code = approved_corrections.row_code
            and filed_values.value_column = approved_corrections.value_column
),

observations as (
    select * from expected_observations
    union all
    select * from history_observations
    where value is not null
)

select * from observations
