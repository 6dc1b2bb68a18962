with elements_by_view as (select * from {{ ref('int_elements_by_view') }}),

form_periods as (select * from {{ ref('int_form_periods_expected') }}),

form_elements as (select * from {{ ref('stg_definitions__form_elements') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

successions as (select * from {{ ref('int_unit_successions') }}),

unit_codes as (select * from {{ ref('int_unit_codes') }}),

-- Who files an element at any time, and those of before who became one of them.
owing_bodies as (
    select
        form_periods.unit_code,
        form_elements.element_code
    from form_periods
    inner join form_elements
        on
            form_periods.form_code = form_elements.form_code
            and form_periods.form_version = form_elements.form_version
    where form_periods.form_kind <> 'authority'
),

ever_owing as (
    select * from owing_bodies
    union distinct
    select
        successions.origin_code as unit_code,
        owing_bodies.element_code
    from owing_bodies
    inner join successions
        on owing_bodies.unit_code = successions.unit_code
),

past_views as (
    select
        elements_by_view.city_code,
        elements_by_view.element_code,
        elements_by_view.view_type,
        elements_by_view.view_code,
        max(elements_by_view.kind) as kind,
        max(elements_by_view.view_start) as view_start,
        max(elements_by_view.view_end) as view_end,
        max(elements_by_view.coarseness) as coarseness
    from elements_by_view
    where
        elements_by_view.is_history
        and elements_by_view.plan_code is null
        and (elements_by_view.is_partition_member or elements_by_view.level_code = 'city')
    group by
        elements_by_view.city_code, elements_by_view.element_code, elements_by_view.view_type,
        elements_by_view.view_code
),

-- What a body filed under one of its codes it filed under all of them.
told_views as (
    select distinct
        unit_codes.same_unit_code as unit_code,
        elements_by_view.city_code,
        elements_by_view.element_code,
        elements_by_view.view_type,
        elements_by_view.view_code,
        elements_by_view.plan_code
    from elements_by_view
    inner join unit_codes
        on elements_by_view.unit_code = unit_codes.unit_code
),

-- A past year that some filed afterwards is not whole while a member of that time has no row of it:
-- before the forms began nobody owed one, yet what one county filed is not the city's.
absent_views as (
    select
        units.unit_code,
        past_views.element_code,
        past_views.view_type,
        past_views.view_code,
        cast(null as string) as plan_code,
        past_views.city_code,
        units.level_code,
        true as is_partition_member,
        past_views.kind,
        'history' as filed_type,
        past_views.view_start,
        past_views.view_end,
        past_views.coarseness,
        cast(null as decimal(28, 6)) as value,
        1 as expected_cells,
        0 as reported_cells,
        true as is_due,
        false as is_provisional,
        false as is_carried,
        false as is_history,
        false as is_reported,
        true as is_absent
    from past_views
    inner join units
        on
            past_views.city_code = units.city_code
            and {{ in_force('units', 'past_views.view_end') }}
            and units.is_partition_member
    inner join ever_owing
        on
            units.unit_code = ever_owing.unit_code
            and past_views.element_code = ever_owing.element_code
    left join told_views
        on
            units.unit_code = told_views.unit_code
            and past_views.city_code = told_views.city_code
            and past_views.element_code = told_views.element_code
            and past_views.view_type = told_views.view_type
            and past_views.view_code = told_views.view_code
            and told_views.plan_code is null
    where told_views.unit_code is null
),

elements_with_absent as (
    select
        elements_by_view.*,
        false as is_absent
    from elements_by_view
    union all
    select * from absent_views
)

select * from elements_with_absent
