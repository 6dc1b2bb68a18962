-- depends_on: {{ ref('stg_definitions__register_conditions') }}
with register_rows as (select * from {{ ref('int_register_rows') }}),

filings as (select * from {{ ref('int_register_filings') }}),

derivations as (select * from {{ ref('stg_definitions__register_derivations') }}),

assignments as (select * from {{ ref('stg_definitions__form_assignments') }}),

units as (select * from {{ ref('int_units_labelled') }}),

computed as (
    {{ register_figures('register_rows') }}
),

areas as (
    select
        filings.unit_code as area_code,
        filings.city_code,
        false as is_city,
        filings.form_code,
        filings.form_version,
        filings.frequency,
        filings.period_code,
        filings.period_start,
        filings.period_end,
        1 as reported_units,
        filings.is_provisional,
        filings.known_from
    from filings
    union all
    select
        filings.city_code as area_code,
        filings.city_code,
        true as is_city,
        filings.form_code,
        max(filings.form_version) as form_version,
        max(filings.frequency) as frequency,
        filings.period_code,
        max(filings.period_start) as period_start,
        max(filings.period_end) as period_end,
        count(distinct filings.unit_code) as reported_units,
        bool_or(filings.is_provisional) as is_provisional,
        max(filings.known_from) as known_from
    from filings
    where filings.is_partition_member and filings.unit_code <> filings.city_code
    group by filings.city_code, filings.form_code, filings.period_code
),

-- Whoever a register is assigned to has to have filed it before a city's figure is whole; the row
-- of `form_assignments` that says most of a unit decides.
assigned as (
    select
        areas.area_code,
        areas.form_code,
        areas.period_code,
        areas.period_start,
        areas.period_end,
        units.unit_code,
        assignments.first_period_start,
        assignments.last_period_end,
        row_number() over (
            partition by
                areas.area_code, areas.form_code, areas.period_code, units.unit_code
            order by
                case
                    when assignments.unit_code is not null then 2
                    when assignments.city_code is not null then 1
                    else 0
                end desc,
                assignments.first_period_start asc
        ) as place
    from areas
    inner join assignments
        on
            areas.form_code = assignments.form_code
            and areas.city_code = coalesce(assignments.city_code, areas.city_code)
    inner join units
        on
            areas.city_code = units.city_code
            and units.is_partition_member
            and coalesce(assignments.level_code, units.level_code) = units.level_code
            and coalesce(assignments.unit_code, units.unit_code) = units.unit_code
    where areas.is_city
),

expected as (
    select
        assigned.area_code,
        assigned.form_code,
        assigned.period_code,
        count(distinct assigned.unit_code) as expected_units
    from assigned
    where
        assigned.place = 1
        and assigned.first_period_start <= assigned.period_start
        and coalesce(assigned.last_period_end, assigned.period_end) >= assigned.period_end
    group by assigned.area_code, assigned.form_code, assigned.period_code
),

figures as (
    select
        areas.area_code,
        areas.city_code,
        areas.is_city,
        areas.form_code,
        derivations.element_code,
        areas.period_code,
        areas.frequency as period_type,
        -- A register without such a row says that there is none.
        coalesce(computed.value, cast(0 as decimal(28, 6))) as value,
        -- A sum over one or two firms tells what a firm has.
        coalesce(computed.contributors, 0) in (1, 2)
        and derivations.is_of_firms as is_disclosive,
        coalesce(expected.expected_units, 1) as expected_units,
        areas.reported_units,
        areas.reported_units >= coalesce(expected.expected_units, 1) as is_complete,
        areas.is_provisional,
        areas.known_from
    from areas
    inner join derivations
        on
            areas.form_code = derivations.form_code
            and areas.form_version = derivations.form_version
    left join computed
        on
            areas.area_code = computed.area_code
            and areas.form_code = computed.form_code
            and areas.period_code = computed.period_code
            and derivations.element_code = computed.element_code
    left join expected
        on
            areas.area_code = expected.area_code
            and areas.form_code = expected.form_code
            and areas.period_code = expected.period_code
)

select * from figures
