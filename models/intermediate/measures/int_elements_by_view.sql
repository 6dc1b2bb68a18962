with element_views as (select * from {{ ref('int_element_views') }}),

view_periods as (select * from {{ ref('int_view_periods') }}),

periods_outside_life as (select * from {{ ref('int_periods_outside_life') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

unit_codes as (select * from {{ ref('int_unit_codes') }}),

bodies as (
    select
        unit_codes.unit_code,
        min(unit_codes.same_unit_code) as body_code
    from unit_codes
    group by unit_codes.unit_code
),

-- A body keeps its filings under whichever code and in whichever city it made them.
views_of_bodies as (
    select
        element_views.*,
        coalesce(bodies.body_code, element_views.unit_code) as body_code
    from element_views
    left join bodies
        on element_views.unit_code = bodies.unit_code
),

-- One figure may be filed by months, by a yearly form and afterwards as history. Never added: the
-- yearly form speaks for its year where it is declared to, else the finest complete filings do,
-- then history, then what there is. Of a body that moved or was recoded all of its filings tell
-- whether a way is complete.
filings as (
    select
        views_of_bodies.body_code,
        views_of_bodies.element_code,
        views_of_bodies.view_type,
        views_of_bodies.view_code,
        views_of_bodies.plan_code,
        views_of_bodies.filed_type,
        count(views_of_bodies.value) > 0 as has_value,
        sum(views_of_bodies.reported_cells) >= sum(views_of_bodies.expected_cells) as is_whole
    from views_of_bodies
    group by
        views_of_bodies.body_code, views_of_bodies.element_code, views_of_bodies.view_type,
        views_of_bodies.view_code, views_of_bodies.plan_code, views_of_bodies.filed_type
),

-- Each stay (a code in a city, a member of its partition or not) has the best of the ways in which
-- something was filed there.
ranked as (
    select
        views_of_bodies.*,
        filings.has_value,
        row_number() over (
            partition by
                views_of_bodies.unit_code, views_of_bodies.city_code,
                views_of_bodies.is_partition_member, views_of_bodies.element_code,
                views_of_bodies.view_type, views_of_bodies.view_code, views_of_bodies.plan_code
            order by
                case
                    when
                        elements.annual_precedence = 'annual'
                        and views_of_bodies.filed_type = 'year' and filings.has_value then 0
                    when views_of_bodies.filed_type <> 'history' and filings.is_whole then 1
                    when views_of_bodies.filed_type = 'history' and filings.has_value then 2
                    when views_of_bodies.filed_type <> 'history' then 3
                    else 4
                end,
                {{ coarseness('views_of_bodies.filed_type') }} asc nulls last
        ) as preference
    from views_of_bodies
    inner join filings
        on
            views_of_bodies.body_code = filings.body_code
            and views_of_bodies.element_code = filings.element_code
            and views_of_bodies.view_type = filings.view_type
            and views_of_bodies.view_code = filings.view_code
            and coalesce(views_of_bodies.plan_code, '') = coalesce(filings.plan_code, '')
            and views_of_bodies.filed_type = filings.filed_type
    left join elements
        on views_of_bodies.element_code = elements.element_code
),

-- Where one figure tells the year, it tells all of it: what the body filed of the same year by
-- months, also under a former code, is in it.
yearly_figures as (
    select
        ranked.*,
        row_number() over (
            partition by ranked.body_code, ranked.element_code, ranked.view_code
            order by
                case when ranked.value is null then 1 else 0 end, ranked.unit_code desc,
                ranked.city_code desc, ranked.is_partition_member desc
        ) as place
    from ranked
    where
        ranked.preference = 1
        and ranked.view_type = 'year'
        and ranked.filed_type in ('year', 'history')
        and ranked.has_value
),

told_years as (
    select
        body_code,
        unit_code,
        city_code,
        is_partition_member,
        element_code,
        view_code
    from yearly_figures
    where place = 1
),

-- A former city keeps the periods in which the body was its own, and the host those in which it
-- held the zone: to the stay of the year's end the figure brings what is left.
left_elsewhere as (
    select
        ranked.body_code,
        ranked.element_code,
        ranked.view_code,
        sum(ranked.value) as value
    from ranked
    inner join told_years
        on
            ranked.body_code = told_years.body_code
            and ranked.element_code = told_years.element_code
            and ranked.view_code = told_years.view_code
    where
        ranked.preference = 1
        and ranked.view_type = 'year'
        and ranked.filed_type not in ('year', 'history')
        and ranked.kind in ('flow', 'fact')
        and (
            ranked.city_code <> told_years.city_code
            or ranked.is_partition_member <> told_years.is_partition_member
        )
    group by ranked.body_code, ranked.element_code, ranked.view_code
),

chosen as (
    select
        ranked.body_code,
        ranked.unit_code,
        ranked.element_code,
        ranked.filed_type,
        ranked.view_type,
        ranked.view_code,
        ranked.plan_code,
        ranked.city_code,
        ranked.level_code,
        ranked.is_partition_member,
        ranked.kind,
        ranked.view_start,
        ranked.view_end,
        ranked.coarseness,
        case
            when ranked.filed_type in ('year', 'history')
                then ranked.value - coalesce(left_elsewhere.value, 0)
            else ranked.value
        end as value,
        ranked.expected_cells,
        ranked.reported_cells,
        ranked.is_due,
        ranked.is_provisional,
        ranked.is_carried,
        ranked.filed_type = 'history' as is_history
    from ranked
    left join told_years
        on
            ranked.body_code = told_years.body_code
            and ranked.element_code = told_years.element_code
            and ranked.view_code = told_years.view_code
            and ranked.view_type = 'year'
    left join left_elsewhere
        on
            told_years.body_code = left_elsewhere.body_code
            and told_years.element_code = left_elsewhere.element_code
            and told_years.view_code = left_elsewhere.view_code
            and ranked.unit_code = told_years.unit_code
            and ranked.city_code = told_years.city_code
            and ranked.is_partition_member = told_years.is_partition_member
    where
        ranked.preference = 1
        and (
            told_years.body_code is null
            or ranked.filed_type in ('year', 'history')
            or (
                ranked.kind in ('flow', 'fact')
                and (
                    ranked.city_code <> told_years.city_code
                    or ranked.is_partition_member <> told_years.is_partition_member
                )
            )
        )
),

-- What a body filed of a year in one way during one stay, under all of its codes.
own_years as (
    select
        views_of_bodies.body_code,
        views_of_bodies.city_code,
        views_of_bodies.is_partition_member,
        views_of_bodies.element_code,
        views_of_bodies.view_code,
        views_of_bodies.filed_type,
        sum(views_of_bodies.value) as value
    from views_of_bodies
    where views_of_bodies.view_type = 'year'
    group by
        views_of_bodies.body_code, views_of_bodies.city_code,
        views_of_bodies.is_partition_member, views_of_bodies.element_code,
        views_of_bodies.view_code, views_of_bodies.filed_type
),

-- A year may be told under the code of later; what else the body had there counts as told.
codes_of_bodies as (
    select distinct
        views_of_bodies.body_code,
        views_of_bodies.unit_code,
        views_of_bodies.city_code,
        views_of_bodies.is_partition_member,
        views_of_bodies.element_code
    from views_of_bodies
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
        codes.unit_code,
        years.city_code,
        years.is_partition_member,
        years.element_code,
        filed_years.filed_type,
        years.view_start,
        years.view_end,
        case
            when codes.unit_code = years.unit_code then years.value - coalesce(own_years.value, 0)
            else 0
        end as difference,
        filed_years.filed_periods_in_view - coalesce(periods_outside_life.periods, 0)
        - coalesce(own_cells.reported_cells, 0) as cells,
        years.is_history,
        years.is_provisional
    from chosen as years
    inner join filed_years
        on
            years.view_code = filed_years.view_code
            and years.filed_type <> filed_years.filed_type
    inner join codes_of_bodies as codes
        on
            years.body_code = codes.body_code
            and years.city_code = codes.city_code
            and years.is_partition_member = codes.is_partition_member
            and years.element_code = codes.element_code
    left join chosen as own_telling
        on
            codes.unit_code = own_telling.unit_code
            and codes.element_code = own_telling.element_code
            and years.view_type = own_telling.view_type
            and years.view_code = own_telling.view_code
            and own_telling.filed_type in ('year', 'history')
            and own_telling.value is not null
    left join own_years
        on
            years.body_code = own_years.body_code
            and years.city_code = own_years.city_code
            and years.is_partition_member = own_years.is_partition_member
            and years.element_code = own_years.element_code
            and years.view_code = own_years.view_code
            and filed_years.filed_type = own_years.filed_type
    left join element_views as own_cells
        on
            codes.unit_code = own_cells.unit_code
            and codes.city_code = own_cells.city_code
            and codes.is_partition_member = own_cells.is_partition_member
            and codes.element_code = own_cells.element_code
            and years.view_code = own_cells.view_code
            and own_cells.view_type = 'year'
            and filed_years.filed_type = own_cells.filed_type
    left join periods_outside_life
        on
            codes.unit_code = periods_outside_life.unit_code
            and codes.city_code = periods_outside_life.city_code
            and codes.is_partition_member = periods_outside_life.is_partition_member
            and filed_years.filed_type = periods_outside_life.filed_type
            and periods_outside_life.view_type = 'year'
            and filed_years.view_code = periods_outside_life.view_code
    where
        years.view_type = 'year'
        and years.filed_type in ('year', 'history')
        and years.kind in ('flow', 'fact')
        and years.value is not null
        and (codes.unit_code = years.unit_code or own_telling.unit_code is null)
),

plan_changes as (
    select
        chosen.unit_code,
        chosen.is_partition_member,
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
            and chosen.is_partition_member = other_years.is_partition_member
            and chosen.element_code = other_years.element_code
            and chosen.filed_type = other_years.filed_type
            and chosen.view_start <= other_years.view_start
            and chosen.view_end >= other_years.view_end
    where chosen.view_type = 'plan_to_date' and chosen.kind in ('flow', 'fact')
    group by
        chosen.unit_code, chosen.is_partition_member, chosen.element_code, chosen.view_code,
        chosen.plan_code, chosen.filed_type
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
            and chosen.is_partition_member = plan_changes.is_partition_member
            and chosen.element_code = plan_changes.element_code
            and chosen.view_type = 'plan_to_date'
            and chosen.view_code = plan_changes.view_code
            and chosen.plan_code = plan_changes.plan_code
            and chosen.filed_type = plan_changes.filed_type
)

select * from elements_by_view
