with authority_values as (select * from {{ ref('stg_authorities__values') }}),
versions as (select * from {{ ref('stg_submissions__versions') }}),
filings as (select * from {{ ref('int_submissions_in_force') }}),

-- A release handed in again is a new version; only the one in force speaks for the authority.
in_force as (
    select authority_values.*
    from authority_values
    left join versions
        on authority_values.submission_id = versions.submission_id
    left join filings
        on
            versions.unit_code = filings.unit_code
            and versions.form_code = filings.form_code
            and versions.period_code = filings.period_code
    where
        versions.submission_id is null
        or authority_values.submission_id = filings.submission_id
),

latest as (
    select
        in_force.*,
        row_number() over (
            partition by
                in_force.area_code, in_force.element_code, in_force.period_type,
                in_force.period_code, in_force.authority_release_id
            order by in_force.submission_id desc nulls last
        ) as release_rank,
        row_number() over (
            partition by
                in_force.area_code, in_force.element_code, in_force.period_type,
                in_force.period_code
            order by
                in_force.published_on desc nulls last, in_force.authority_release_id desc,
                in_force.submission_id desc nulls last
        ) as publication_rank
    from in_force
),

figures as (
    select
        authority_release_id,
        area_code,
        area_name_zh,
        element_code,
        period_code,
        period_type,
        submission_id,
        note_zh,
        value,
        is_derived,
        publication_rank = 1 as is_newest_publication,
        published_on
    from latest
    where release_rank = 1
)

select * from figures
