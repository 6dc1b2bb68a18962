with authority_values as (select * from {{ ref('stg_authorities__values') }}),

series as (select * from {{ ref('stg_definitions__authority_series') }}),

versions as (select * from {{ ref('stg_submissions__versions') }}),

-- What an authority prints speaks as soon as it has been read: a copy that contradicts its own sums
-- waits for acceptance, but the difference it makes must not wait unseen.
newest_versions as (
    select
        versions.submission_id,
        versions.form_code,
        row_number() over (
            partition by versions.unit_code, versions.form_code, versions.period_code
            order by versions.arrival_rank desc
        ) as recency
    from versions
    where
        versions.state_code in (
            'passed', 'explained', 'accepted_county', 'accepted_city', 'published'
        )
),

in_force as (
    select
        authority_values.*,
        {{ scaled('authority_values.printed_number', "coalesce(series.unit_factor, 1)") }} as value
    from authority_values
    inner join newest_versions
        on
            authority_values.submission_id = newest_versions.submission_id
            and newest_versions.recency = 1
    -- The publisher's unit is not always the element's: 万人 against 人.
    left join series
        on
            newest_versions.form_code = series.form_code
            and authority_values.element_code = series.element_code
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
