with units as (select * from {{ ref('stg_definitions__units') }}),

assignments as (select * from {{ ref('stg_definitions__form_assignments') }}),

forms as (select * from {{ ref('stg_definitions__forms') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

due_dates as (select * from {{ ref('stg_runs__due_dates') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

cities_with_a_plan as (select distinct plans.city_code from plans),

-- The expected set is dated: a unit files for the periods in which it exists.
unit_form_periods as (
    select distinct
        units.unit_code,
        units.city_code,
        units.level_code,
        units.is_partition_member,
        forms.form_code,
        forms.form_version,
        forms.form_kind,
        forms.frequency,
        periods.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end
    from assignments
    inner join units
        on
            (assignments.level_code is null or assignments.level_code = units.level_code)
            and (assignments.unit_code is null or assignments.unit_code = units.unit_code)
            and (assignments.city_code is null or assignments.city_code = units.city_code)
    inner join forms
        on
            assignments.form_code = forms.form_code
            -- What is filed afterwards for past years is welcome and never owed.
            and forms.form_kind <> 'history'
    inner join periods
        on
            forms.frequency = periods.period_type
            and assignments.first_period_start <= periods.period_start
            and (
                assignments.last_period_end is null
                or assignments.last_period_end >= periods.period_end
            )
            and (forms.valid_from is null or forms.valid_from <= periods.period_start)
            and (forms.valid_to is null or forms.valid_to > periods.period_start)
            and (units.valid_from is null or units.valid_from <= periods.period_end)
            and (units.valid_to is null or units.valid_to > periods.period_end)
    inner join run_context
        on periods.period_end <= run_context.as_of
    left join cities_with_a_plan
        on units.city_code = cities_with_a_plan.city_code
    where assignments.city_code is not null or cities_with_a_plan.city_code is not null
),

with_due_dates as (
    select
        unit_form_periods.*,
        due_dates.due_at,
        coalesce(due_dates.due_at < {{ end_of_day('run_context.as_of') }}, true) as is_due
    from unit_form_periods
    cross join run_context
    left join due_dates
        on
            unit_form_periods.form_code = due_dates.form_code
            and unit_form_periods.form_version = due_dates.form_version
            and unit_form_periods.city_code = due_dates.city_code
            and unit_form_periods.period_code = due_dates.period_code
)

select * from with_due_dates
