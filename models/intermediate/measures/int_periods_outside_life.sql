with view_periods as (select * from {{ ref('int_view_periods') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

-- A body owes a view the filed periods of its own life, however long the view: one that opened in
-- July owes the year six months. A form that began in July leaves the year of an older body short.
-- A spell without a first day began before every period, whatever spells follow it.
lives as (
    select
        units.unit_code,
        min(coalesce(units.valid_from, date '0001-01-01')) as lived_from,
        case when bool_or(units.valid_to is null) then null else max(units.valid_to) end as lived_to
    from units
    group by units.unit_code
),

periods_outside_life as (
    select
        lives.unit_code,
        view_periods.filed_type,
        view_periods.view_type,
        view_periods.view_code,
        view_periods.plan_key,
        count(*) as periods
    from lives
    inner join view_periods
        on
            lives.lived_from > view_periods.filed_end
            or lives.lived_to <= view_periods.filed_end
    group by
        lives.unit_code, view_periods.filed_type, view_periods.view_type,
        view_periods.view_code, view_periods.plan_key
)

select * from periods_outside_life
