-- depends_on: {{ ref('stg_definitions__registers') }}
with filings as (select * from {{ ref('int_register_filings') }}),

register_rows as (select * from {{ ref('stg_submissions__register_rows') }}),

filed as (
    select
        register_rows.*,
        filings.unit_code,
        filings.city_code,
        filings.is_partition_member,
        filings.form_code,
        filings.form_version,
        filings.period_code,
        filings.period_start,
        filings.period_end
    from register_rows
    inner join filings
        on register_rows.submission_id = filings.submission_id
),

keyed as (
    select
        filed.*,
        {{ register_key('filed') }} as row_key
    from filed
),

-- Each unit's own rows, and those of a city's members together.
by_area as (
    select
        keyed.unit_code as area_code,
        keyed.*
    from keyed
    union all
    select
        keyed.city_code as area_code,
        keyed.*
    from keyed
    where keyed.is_partition_member and keyed.unit_code <> keyed.city_code
),

-- A right counts once in an area, whoever filed it twice.
ranked as (
    select
        by_area.*,
        row_number() over (
            partition by
                by_area.form_code, by_area.area_code, by_area.period_code, by_area.row_key
            order by by_area.submission_id, by_area.sheet, by_area.row_no
        ) as place
    from by_area
),

counted as (
    select * from ranked
    where place = 1
)

select * from counted
