with filings as (select * from {{ ref('int_submissions_in_force') }}),

register_files as (select * from {{ ref('stg_submissions__register_files') }}),

versions as (select * from {{ ref('stg_submissions__versions') }}),

forms as (select * from {{ ref('stg_definitions__forms') }}),

units as (select * from {{ ref('int_units_labelled') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

-- The registers in force whose rows have been read, one per unit, form and period.
register_filings as (
    select
        filings.submission_id,
        filings.unit_code,
        units.city_code,
        units.is_partition_member,
        filings.form_code,
        versions.form_version,
        forms.frequency,
        filings.period_code,
        periods.period_start,
        periods.period_end,
        filings.is_provisional,
        filings.known_from
    from filings
    inner join register_files
        on filings.submission_id = register_files.submission_id
    inner join versions
        on filings.submission_id = versions.submission_id
    inner join forms
        on
            filings.form_code = forms.form_code
            and versions.form_version = forms.form_version
            and forms.form_kind = 'register'
    inner join units
        on filings.unit_code = units.unit_code
    inner join periods
        on
            filings.period_code = periods.period_code
            and forms.frequency = periods.period_type
)

select * from register_filings
