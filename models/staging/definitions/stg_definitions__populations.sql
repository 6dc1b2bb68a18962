with populations as (select * from {{ ref('populations') }}),

typed as (
    select
        area_code,
        population_kind,
        cast(year as integer) as population_year,
        cast(resident_population as decimal(24, 6)) as resident_population,
        cast(reference_date as date) as reference_date,
        cast(available_from as date) as available_from
    from populations
)

select * from typed
