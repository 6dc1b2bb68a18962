with authority_figures as (select * from {{ ref('int_authority_figures') }}),

register_figures as (select * from {{ ref('int_register_figures') }}),

elements_by_view as (select * from {{ ref('int_elements_by_view') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

-- What stands against the forms: figures an authority published, and those counted from registers.
-- A city's registers are compared once all of its units have filed theirs.
figures as (
    select
        authority_figures.area_code,
        authority_figures.area_name_zh,
        authority_figures.element_code,
        authority_figures.period_type,
        authority_figures.period_code,
        authority_figures.value,
        authority_figures.newest_value,
        authority_figures.is_provisional,
        authority_figures.authority_release_id,
        authority_figures.published_on,
        authority_figures.is_derived
    from authority_figures
    union all
    select
        register_figures.area_code,
        units.unit_name_zh as area_name_zh,
        register_figures.element_code,
        register_figures.period_type,
        register_figures.period_code,
        register_figures.value,
        register_figures.value as newest_value,
        coalesce(register_figures.is_provisional, false) as is_provisional,
        'register:' || register_figures.form_code as authority_release_id,
        cast(register_figures.known_from as date) as published_on,
        true as is_derived
    from register_figures
    left join units
        on register_figures.area_code = units.unit_code
    where register_figures.is_complete and not register_figures.is_disclosive
),

-- Our figure of a city is the sum of its members, of a unit its own; incomplete sums are not ours.
our_figures as (
    select
        elements_by_view.city_code as area_code,
        elements_by_view.element_code,
        elements_by_view.view_type,
        elements_by_view.view_code,
        cast(sum(elements_by_view.value) as decimal(28, 6)) as ours,
        bool_and(elements_by_view.is_reported) as is_complete
    from elements_by_view
    where elements_by_view.is_partition_member and elements_by_view.plan_code is null
    group by
        elements_by_view.city_code, elements_by_view.element_code,
        elements_by_view.view_type, elements_by_view.view_code
    union all
    select
        elements_by_view.unit_code as area_code,
        elements_by_view.element_code,
        elements_by_view.view_type,
        elements_by_view.view_code,
        cast(sum(elements_by_view.value) as decimal(28, 6)) as ours,
        bool_and(elements_by_view.is_reported) as is_complete
    from elements_by_view
    where
        elements_by_view.plan_code is null
        and elements_by_view.unit_code <> elements_by_view.city_code
    group by
        elements_by_view.unit_code, elements_by_view.element_code,
        elements_by_view.view_type, elements_by_view.view_code
),

-- The newest copy that was read is compared; `value_in_force` is what counts until it is accepted.
compared as (
    select
        figures.*,
        our_figures.area_code is not null as is_collected,
        case when our_figures.is_complete then our_figures.ours end as ours
    from figures
    left join our_figures
        on
            figures.area_code = our_figures.area_code
            and figures.element_code = our_figures.element_code
            and figures.period_type = our_figures.view_type
            and figures.period_code = our_figures.view_code
),

final as (
    select
        run_context.release_id,
        compared.area_code,
        compared.area_name_zh,
        units.city_code,
        coalesce(units.is_partition_member, false) as is_partition_member,
        compared.element_code,
        elements.element_zh,
        elements.unit_zh,
        compared.period_code,
        compared.period_type,
        coalesce(
            periods.period_start, try_cast(split_part(compared.period_code, '/', 1) as date)
        ) as period_start,
        coalesce(
            periods.period_end, try_cast(split_part(compared.period_code, '/', 2) as date)
        ) as period_end,
        compared.ours,
        cast(compared.newest_value as decimal(28, 6)) as theirs,
        cast(compared.ours - compared.newest_value as decimal(28, 6)) as difference,
        case
            when not compared.is_collected then 'ours_not_collected'
            when compared.ours is null then 'ours_missing'
            when compared.newest_value is null then 'differs'
            when compared.ours = compared.newest_value then 'equal'
            else 'differs'
        end as status_code,
        compared.authority_release_id,
        compared.published_on,
        compared.is_derived,
        cast(compared.value as decimal(28, 6)) as value_in_force,
        compared.is_provisional
    from compared
    left join units
        on compared.area_code = units.unit_code
    left join elements
        on compared.element_code = elements.element_code
    left join periods
        on
            compared.period_type = periods.period_type
            and compared.period_code = periods.period_code
    cross join run_context
)

select * from final
order by authority_release_id, area_code, element_code, period_type, period_end
