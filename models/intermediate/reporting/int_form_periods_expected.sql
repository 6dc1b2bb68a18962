with units as (select * from {{ ref('stg_definitions__units') }}),

assignments as (select * from {{ ref('stg_definitions__form_assignments') }}),

forms as (select * from {{ ref('stg_definitions__forms') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

due_dates as (select * from {{ ref('stg_runs__due_dates') }}),

extensions as (select * from {{ ref('stg_submissions__extensions') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

cities_with_a_plan as (select distinct plans.city_code from plans),

-- What is said of a unit goes before what is said of its city, and that before what is said of
-- every city; a row without a first period says that the form is not filed.
assigned_units as (
    select
        units.unit_code,
        units.city_code,
        units.level_code,
        units.is_partition_member,
        units.valid_from,
        units.valid_to,
        assignments.form_code,
        assignments.first_period_start,
        assignments.last_period_end,
        case
            when assignments.unit_code is not null then 2
            when assignments.city_code is not null then 1
            else 0
        end as nearness
    from assignments
    inner join units
        on
            (assignments.level_code is null or assignments.level_code = units.level_code)
            and (assignments.unit_code is null or assignments.unit_code = units.unit_code)
            and (assignments.city_code is null or assignments.city_code = units.city_code)
    left join cities_with_a_plan
        on units.city_code = cities_with_a_plan.city_code
    where assignments.city_code is not null or cities_with_a_plan.city_code is not null
),

ranked_assignments as (
    select
        assigned_units.*,
        max(assigned_units.nearness) over (
            partition by
                assigned_units.unit_code, assigned_units.city_code, assigned_units.form_code
        ) as nearest
    from assigned_units
),

-- The expected set is dated: a unit files for the periods in which it exists.
unit_form_periods as (
    select distinct
        assigned.unit_code,
        assigned.city_code,
        assigned.level_code,
        assigned.is_partition_member,
        forms.form_code,
        forms.form_version,
        forms.form_kind,
        forms.frequency,
        periods.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end
    from ranked_assignments as assigned
    inner join forms
        on
            assigned.form_code = forms.form_code
            -- What is filed afterwards for past years is welcome and never owed; a register is owed
            -- only to the city figure that is made of it.
            and forms.form_kind not in ('history', 'register')
    inner join periods
        on
            forms.frequency = periods.period_type
            and assigned.first_period_start <= periods.period_start
            and (
                assigned.last_period_end is null
                or assigned.last_period_end >= periods.period_end
            )
            and (forms.valid_from is null or forms.valid_from <= periods.period_start)
            and (forms.valid_to is null or forms.valid_to > periods.period_start)
            and (assigned.valid_from is null or assigned.valid_from <= periods.period_end)
            and (assigned.valid_to is null or assigned.valid_to > periods.period_end)
    inner join run_context
        on periods.period_end <= run_context.as_of
    where assigned.nearness = assigned.nearest
),

with_due_dates as (
    select
        unit_form_periods.*,
        due_dates.due_at,
        extensions.extended_to,
        -- A deadline put off excuses the unit; the city's figures are judged by the calendar.
        coalesce(extensions.extended_to >= {{ end_of_day('run_context.as_of') }}, false)
            as is_extended,
        coalesce(due_dates.due_at < {{ end_of_day('run_context.as_of') }}, true) as is_due
    from unit_form_periods
    cross join run_context
    left join due_dates
        on
            unit_form_periods.form_code = due_dates.form_code
            and unit_form_periods.form_version = due_dates.form_version
            and unit_form_periods.city_code = due_dates.city_code
            and unit_form_periods.period_code = due_dates.period_code
    left join extensions
        on
            unit_form_periods.unit_code = extensions.unit_code
            and unit_form_periods.form_code = extensions.form_code
            and unit_form_periods.period_code = extensions.period_code
)

select * from with_due_dates
