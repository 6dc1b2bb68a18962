with view_periods as (select * from {{ ref('int_view_periods') }}),

sources_of_record as (select * from {{ ref('stg_definitions__sources_of_record') }}),

authority_series as (select * from {{ ref('stg_definitions__authority_series') }}),

authority_figures as (select * from {{ ref('int_authority_figures') }}),

elements as (select * from {{ ref('stg_definitions__elements') }}),

plans as (select * from {{ ref('stg_definitions__plans') }}),

published_series as (
    select distinct
        plans.city_code,
        authority_series.element_code,
        authority_series.period_type
    from plans
    cross join authority_series
    inner join sources_of_record
        on
            sources_of_record.source_kind = 'authority'
            and coalesce(sources_of_record.element_code, authority_series.element_code)
            = authority_series.element_code
            and coalesce(sources_of_record.city_code, plans.city_code) = plans.city_code
),

-- An authority's figure of a city is expected for every period its series is published for.
published_views as (
    select
        published_series.city_code,
        published_series.element_code,
        elements.kind,
        elements.annual_precedence,
        view_periods.*
    from published_series
    inner join elements
        on published_series.element_code = elements.element_code
    inner join view_periods
        on published_series.period_type = view_periods.filed_type
    left join plans
        on view_periods.plan_code = plans.plan_code
    where coalesce(plans.city_code, published_series.city_code) = published_series.city_code
),

authority_views as (
    select published_views.*
    from published_views
    {{ joined_sources('published_views') }}
    where {{ source_kind() }} = 'authority'
),

-- A series by months and a yearly figure are two ways to say one year: each is read by itself.
ways as (
    select
        authority_views.city_code,
        authority_views.element_code,
        authority_views.filed_type,
        authority_views.view_type,
        authority_views.view_code,
        authority_views.plan_code,
        max(authority_views.kind) as kind,
        max(authority_views.annual_precedence) as annual_precedence,
        max(authority_views.view_start) as view_start,
        max(authority_views.view_end) as view_end,
        max(authority_views.coarseness) as coarseness,
        cast(sum(authority_figures.value) as decimal(28, 6)) as value,
        max(
            case
                when authority_views.kind in ('flow', 'fact')
                    then authority_views.filed_periods_in_view
                else 1
            end
        ) as expected_cells,
        count(authority_figures.value) as reported_cells,
        coalesce(bool_or(authority_figures.is_provisional), false) as is_provisional
    from authority_views
    left join authority_figures
        on
            authority_views.city_code = authority_figures.area_code
            and authority_views.element_code = authority_figures.element_code
            and authority_views.filed_type = authority_figures.period_type
            and authority_views.filed_code = authority_figures.period_code
            and authority_figures.is_newest_publication
    where
        authority_views.kind in ('flow', 'fact')
        or (
            authority_views.is_last
            and (
                authority_views.kind in ('stock', 'cumulative', 'rate', 'score', 'rank')
                or authority_views.view_type = authority_views.filed_type
                or (authority_views.kind = 'ytd' and authority_views.view_type in ('ytd', 'year'))
            )
        )
    group by
        authority_views.city_code, authority_views.element_code, authority_views.filed_type,
        authority_views.view_type, authority_views.view_code, authority_views.plan_code
),

-- Of the ways one counts, as with what a body files: the yearly figure where it is declared to,
-- else the finest complete series, else what there is.
ranked as (
    select
        ways.*,
        row_number() over (
            partition by
                ways.city_code, ways.element_code, ways.view_type, ways.view_code, ways.plan_code
            order by
                case
                    when
                        ways.annual_precedence = 'annual'
                        and ways.filed_type = 'year' and ways.value is not null then 0
                    when ways.reported_cells >= ways.expected_cells then 1
                    when ways.value is not null then 2
                    else 3
                end,
                {{ coarseness('ways.filed_type') }} asc
        ) as preference
    from ways
),

-- A plan to date counts in periods of its series; a year of which the yearly figure was chosen
-- enters it whole.
whole_years as (
    select
        others.city_code,
        others.element_code,
        others.filed_type,
        years.view_start,
        years.view_end,
        years.value - coalesce(others.value, 0) as difference,
        others.expected_cells - others.reported_cells as cells,
        years.is_provisional
    from ranked as years
    inner join ranked as others
        on
            years.city_code = others.city_code
            and years.element_code = others.element_code
            and years.view_code = others.view_code
            and others.view_type = 'year'
            and years.filed_type <> others.filed_type
    where
        years.view_type = 'year'
        and years.filed_type = 'year'
        and years.preference = 1
        and years.kind in ('flow', 'fact')
        and years.value is not null
),

plan_changes as (
    select
        ranked.city_code,
        ranked.element_code,
        ranked.filed_type,
        ranked.view_code,
        ranked.plan_code,
        sum(whole_years.difference) as difference,
        sum(whole_years.cells) as cells,
        bool_or(whole_years.is_provisional) as is_provisional
    from ranked
    inner join whole_years
        on
            ranked.city_code = whole_years.city_code
            and ranked.element_code = whole_years.element_code
            and ranked.filed_type = whole_years.filed_type
            and ranked.view_start <= whole_years.view_start
            and ranked.view_end >= whole_years.view_end
    where ranked.view_type = 'plan_to_date'
    group by
        ranked.city_code, ranked.element_code, ranked.filed_type, ranked.view_code,
        ranked.plan_code
),

views_of_authorities as (
    select
        ranked.city_code,
        ranked.element_code,
        ranked.filed_type,
        ranked.view_type,
        ranked.view_code,
        ranked.plan_code,
        ranked.kind,
        ranked.view_start,
        ranked.view_end,
        ranked.coarseness,
        cast(
            case
                when plan_changes.city_code is null then ranked.value
                else coalesce(ranked.value, 0) + plan_changes.difference
            end as decimal(28, 6)
        ) as value,
        ranked.expected_cells,
        ranked.reported_cells + coalesce(plan_changes.cells, 0) as reported_cells,
        ranked.is_provisional or coalesce(plan_changes.is_provisional, false) as is_provisional,
        ranked.preference = 1 as is_chosen
    from ranked
    left join plan_changes
        on
            ranked.city_code = plan_changes.city_code
            and ranked.element_code = plan_changes.element_code
            and ranked.filed_type = plan_changes.filed_type
            and ranked.view_type = 'plan_to_date'
            and ranked.view_code = plan_changes.view_code
            and ranked.plan_code = plan_changes.plan_code
)

select * from views_of_authorities
