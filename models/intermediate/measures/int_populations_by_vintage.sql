with populations as (select * from {{ ref('stg_definitions__populations') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

settings as (select * from {{ ref('stg_definitions__publication_settings') }}),

view_periods as (select * from {{ ref('int_view_periods') }}),

-- Indicators that say nothing take the default: of what was published by the period's end the
-- newest figure, that is of the newest day; an older year counted back later replaces nothing.
rules as (
    select distinct coalesce(indicators.vintage_rule, 'latest_published_by') as vintage_rule
    from terms
    inner join indicators
        on terms.indicator_code = indicators.indicator_code
    where terms.is_population
    union distinct
    select settings.vintage_rule
    from settings
    where settings.vintage_rule is not null
),

period_ends as (select distinct view_periods.view_end from view_periods),

candidates as (
    select
        rules.vintage_rule,
        populations.area_code,
        period_ends.view_end,
        populations.resident_population,
        populations.population_year,
        populations.population_kind,
        populations.available_from,
        row_number() over (
            partition by rules.vintage_rule, populations.area_code, period_ends.view_end
            order by
                populations.reference_date desc nulls last,
                populations.available_from desc nulls last
        ) as vintage_rank
    from period_ends
    cross join rules
    inner join populations
        on
            case
                when rules.vintage_rule = 'previous_year_end'
                    then
                        populations.population_kind = 'year_end'
                        and populations.population_year = year(period_ends.view_end) - 1
                when rules.vintage_rule = 'same_date_year_end'
                    then
                        populations.population_kind = 'year_end'
                        and populations.population_year = year(period_ends.view_end)
                when rules.vintage_rule = 'census'
                    then
                        populations.population_kind = 'census'
                        and period_ends.view_end >= populations.reference_date
                else period_ends.view_end >= populations.available_from
            end
),

populations_by_vintage as (
    select
        vintage_rule,
        area_code,
        view_end,
        resident_population,
        cast(population_year as string) || ' ' || population_kind || ' ('
        || cast(available_from as string) || ')' as denominator_vintage
    from candidates
    where vintage_rank = 1
)

select * from populations_by_vintage
