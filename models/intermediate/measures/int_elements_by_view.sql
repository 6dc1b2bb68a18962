with element_views as (select * from {{ ref('int_element_views') }}),

view_periods as (select * from {{ ref('int_view_periods') }}),

periods_outside_life as (select * from {{ ref('int_periods_outside_life') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

-- One figure may be filed by months, by a yearly form and afterwards as history. Never added: the
-- yearly form speaks for its year where it is declared to, else the finest complete filings do,
-- then history, then what there is. A body that moved chooses once, for both of its cities.
filings as (
    select
        element_views.unit_code,
        element_views.element_code,
        element_views.view_type,
        element_views.view_code,
        element_views.plan_code,
        element_views.filed_type,
        count(element_views.value) > 0 as has_value,
        sum(element_views.reported_cells) >= sum(element_views.expected_cells) as is_whole
    from element_views
    group by
        element_views.unit_code, element_views.element_code, element_views.view_type,
        element_views.view_code, element_views.plan_code, element_views.filed_type
),

ranked as (
    select
        filings.*,
        row_number() over (
            partition by
                filings.unit_code, filings.element_code, filings.view_type, filings.view_code,
                filings.plan_code
            order by
                case
                    when
                        elements.annual_precedence = 'annual'
                        and filings.filed_type = 'year' and filings.has_value then 0
                    when filings.filed_type <> 'history' and filings.is_whole then 1
                    when filings.filed_type = 'history' and filings.has_value then 2
                    when filings.filed_type <> 'history' then 3
                    else 4
                end,
                {{ coarseness('filings.filed_type') }} asc nulls last
        ) as preference
    from filings
    left join elements
        on filings.element_code = elements.element_code
),

chosen as (
    select
        element_views.*,
        element_views.filed_type = 'history' as is_history
    from element_views
    inner join ranked
        on
            element_views.unit_code = ranked.unit_code
            and element_views.element_code = ranked.element_code
            and element_views.view_type = ranked.view_type
            and element_views.view_code = ranked.view_code
            and coalesce(element_views.plan_code, '') = coalesce(ranked.plan_code, '')
            and element_views.filed_type = ranked.filed_type
    where ranked.preference = 1
),

-- What a body filed of a year in one way, in all of its cities.
own_years as (
    select
        element_views.unit_code,
        element_views.element_code,
        element_views.view_code,
        element_views.filed_type,
        sum(element_views.value) as value
    from element_views
    where element_views.view_type = 'year'
    group by
        element_views.unit_code, element_views.element_code, element_views.view_code,
        element_views.filed_type
),

filed_years as (
    select distinct
        view_periods.filed_type,
        view_periods.view_code,
        view_periods.filed_periods_in_view
    from view_periods
    where view_periods.view_type = 'year'
),

-- A plan to date is counted in filed periods. A year of which another figure was chosen enters
-- whole: what that figure differs by, and the cells it stands for. It stands for no period in which
-- the body did not exist, else it would hide gaps of other years.
other_years as (
    select
        years.unit_code,
        years.city_code,
        years.element_code,
        filed_years.filed_type,
        years.view_start,
        years.view_end,
        years.value - coalesce(own_years.value, 0) as difference,
        filed_years.filed_periods_in_view - coalesce(periods_outside_life.periods, 0)
        - coalesce(own_cells.reported_cells, 0) as cells,
        years.is_history,
        years.is_provisional
    from chosen as years
    inner join filed_years
        on
            years.view_code = filed_years.view_code
            and years.filed_type <> filed_years.filed_type
    left join own_years
        on
            years.unit_code = own_years.unit_code
            and years.element_code = own_years.element_code
            and years.view_code = own_years.view_code
            and filed_years.filed_type = own_years.filed_type
    left join element_views as own_cells
        on
            years.unit_code = own_cells.unit_code
            and years.city_code = own_cells.city_code
            and years.element_code = own_cells.element_code
            and years.view_code = own_cells.view_code
            and own_cells.view_type = 'year'
            and filed_years.filed_type = own_cells.filed_type
    left join periods_outside_life
        on
            years.unit_code = periods_outside_life.unit_code
            and years.city_code = periods_outside_life.city_code
            and filed_years.filed_type = periods_outside_life.filed_type
            and periods_outside_life.view_type = 'year'
            and filed_years.view_code = periods_outside_life.view_code
    where
        years.view_type = 'year'
        and years.filed_type in ('year', 'history')
        and years.kind in ('flow', 'fact')
        and years.value is not null
),

plan_changes as (
    select
        chosen.unit_code,
        chosen.element_code,
        chosen.view_code,
        chosen.plan_code,
        chosen.filed_type,
        sum(other_years.difference) as difference,
        sum(other_years.cells) as cells,
        bool_or(other_years.is_history) as is_history,
        bool_or(other_years.is_provisional) as is_provisional
    from chosen
    inner join other_years
        on
            chosen.unit_code = other_years.unit_code
            and chosen.city_code = other_years.city_code
            and chosen.element_code = other_years.element_code
            and chosen.filed_type = other_years.filed_type
            and chosen.view_start <= other_years.view_start
            and chosen.view_end >= other_years.view_end
    where chosen.view_type = 'plan_to_date' and chosen.kind in ('flow', 'fact')
    group by
        chosen.unit_code, chosen.element_code, chosen.view_code, chosen.plan_code,
        chosen.filed_type
),

elements_by_view as (
    select
        chosen.unit_code,
        chosen.element_code,
        chosen.view_type,
        chosen.view_code,
        chosen.plan_code,
        chosen.city_code,
        chosen.level_code,
        chosen.is_partition_member,
        chosen.kind,
        chosen.filed_type,
        chosen.view_start,
        chosen.view_end,
        chosen.coarseness,
        cast(
            case
                when plan_changes.unit_code is null then chosen.value
                else coalesce(chosen.value, 0) + plan_changes.difference
            end as decimal(28, 6)
        ) as value,
        chosen.expected_cells,
        chosen.reported_cells + coalesce(plan_changes.cells, 0) as reported_cells,
        chosen.is_due,
        chosen.is_provisional or coalesce(plan_changes.is_provisional, false) as is_provisional,
        chosen.is_carried,
        chosen.is_history or coalesce(plan_changes.is_history, false) as is_history,
        chosen.reported_cells + coalesce(plan_changes.cells, 0) >= chosen.expected_cells
            as is_reported
    from chosen
    left join plan_changes
        on
            chosen.unit_code = plan_changes.unit_code
            and chosen.element_code = plan_changes.element_code
            and chosen.view_type = 'plan_to_date'
            and chosen.view_code = plan_changes.view_code
            and chosen.plan_code = plan_changes.plan_code
            and chosen.filed_type = plan_changes.filed_type
)

select * from elements_by_view
