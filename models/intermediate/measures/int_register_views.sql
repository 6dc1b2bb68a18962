with view_periods as (select * from {{ ref('int_view_periods') }}),

sources_of_record as (select * from {{ ref('stg_definitions__sources_of_record') }}),

register_figures as (select * from {{ ref('int_register_figures') }}),

register_derivations as (select * from {{ ref('stg_definitions__register_derivations') }}),

forms as (select * from {{ ref('stg_definitions__forms') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

-- A register's figure of a city is counted over the rows of all its members: a right that two of
-- them file counts once.
registered_series as (
    select distinct
        plans.city_code,
        register_derivations.element_code,
        forms.frequency as period_type
    from plans
    cross join register_derivations
    inner join forms
        on
            register_derivations.form_code = forms.form_code
            and register_derivations.form_version = forms.form_version
    inner join sources_of_record
        on
            sources_of_record.source_kind = 'register'
            and coalesce(sources_of_record.element_code, register_derivations.element_code)
            = register_derivations.element_code
            and coalesce(sources_of_record.city_code, plans.city_code) = plans.city_code
),

registered_views as (
    select
        registered_series.city_code,
        registered_series.element_code,
        elements.kind,
        view_periods.*
    from registered_series
    inner join elements
        on registered_series.element_code = elements.element_code
    inner join view_periods
        on registered_series.period_type = view_periods.filed_type
    left join plans
        on view_periods.plan_code = plans.plan_code
    where coalesce(plans.city_code, registered_series.city_code) = registered_series.city_code
),

views_of_registers as (
    select registered_views.*
    from registered_views
    {{ joined_sources('registered_views') }}
    where {{ source_kind() }} = 'register'
),

register_views as (
    select
        views_of_registers.city_code as unit_code,
        views_of_registers.element_code,
        views_of_registers.view_type,
        views_of_registers.view_code,
        views_of_registers.plan_code,
        views_of_registers.city_code,
        'city' as level_code,
        false as is_partition_member,
        max(views_of_registers.kind) as kind,
        max(views_of_registers.view_start) as view_start,
        max(views_of_registers.view_end) as view_end,
        max(views_of_registers.coarseness) as coarseness,
        cast(sum(register_figures.value) as decimal(28, 6)) as value,
        max(
            case
                when views_of_registers.kind in ('flow', 'fact')
                    then views_of_registers.filed_periods_in_view
                else 1
            end
        ) as expected_cells,
        count(case when register_figures.is_complete then 1 end) as reported_cells,
        true as is_due,
        coalesce(bool_or(register_figures.is_provisional), false) as is_provisional,
        false as is_carried,
        false as is_history,
        count(case when register_figures.is_complete then 1 end) >= max(
            case
                when views_of_registers.kind in ('flow', 'fact')
                    then views_of_registers.filed_periods_in_view
                else 1
            end
        ) as is_reported,
        false as is_member,
        'register' as source_of_record,
        true as is_counted,
        false as is_awaiting_authority
    from views_of_registers
    left join register_figures
        on
            views_of_registers.city_code = register_figures.area_code
            and register_figures.is_city
            and views_of_registers.element_code = register_figures.element_code
            and views_of_registers.filed_type = register_figures.period_type
            and views_of_registers.filed_code = register_figures.period_code
    where
        views_of_registers.kind in ('flow', 'fact')
        or (
            views_of_registers.is_last
            and (
                views_of_registers.kind = 'stock'
                or views_of_registers.view_type = views_of_registers.filed_type
            )
        )
    group by
        views_of_registers.city_code, views_of_registers.element_code, views_of_registers.view_type,
        views_of_registers.view_code, views_of_registers.plan_code
)

select * from register_views
