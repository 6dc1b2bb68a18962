with authority_values as (select * from {{ ref('stg_authorities__values') }}),

series as (select * from {{ ref('stg_definitions__authority_series') }}),

versions as (select * from {{ ref('stg_submissions__versions') }}),

-- What counts in a city's figure is the accepted version, else the newest that passed: a new
-- version of an accepted period never takes effect by itself. But the newest that was read is
-- compared at once: the difference it makes must not wait unseen.
read_versions as (
    select
        versions.submission_id,
        versions.form_code,
        versions.state_code in ('accepted_city', 'published') as is_accepted,
        row_number() over (
            partition by versions.unit_code, versions.form_code, versions.period_code
            order by versions.arrival_rank desc
        ) as recency,
        row_number() over (
            partition by versions.unit_code, versions.form_code, versions.period_code
            order by
                case when versions.state_code in ('accepted_city', 'published') then 1 else 2 end,
                versions.arrival_rank desc
        ) as preference
    from versions
    where
        versions.state_code in (
            'passed', 'explained', 'accepted_county', 'accepted_city', 'published'
        )
),

read_values as (
    select
        authority_values.*,
        read_versions.is_accepted,
        read_versions.recency = 1 as is_newest,
        read_versions.preference = 1 as is_in_force,
        {{ scaled('authority_values.printed_number', "coalesce(series.unit_factor, 1)") }} as value
    from authority_values
    inner join read_versions
        on
            authority_values.submission_id = read_versions.submission_id
            and (read_versions.recency = 1 or read_versions.preference = 1)
    -- The publisher's unit is not always the element's: 万人 against 人.
    left join series
        on
            read_versions.form_code = series.form_code
            and authority_values.element_code = series.element_code
),

ranked as (
    select
        read_values.*,
        row_number() over (
            partition by
                read_values.area_code, read_values.element_code, read_values.period_type,
                read_values.period_code, read_values.authority_release_id, read_values.is_newest
            order by read_values.submission_id desc nulls last
        ) as newest_rank,
        row_number() over (
            partition by
                read_values.area_code, read_values.element_code, read_values.period_type,
                read_values.period_code, read_values.is_in_force
            order by
                read_values.is_accepted desc, read_values.published_on desc nulls last,
                read_values.authority_release_id desc, read_values.submission_id desc nulls last
        ) as publication_rank
    from read_values
),

marked as (
    select
        ranked.*,
        ranked.is_newest and ranked.newest_rank = 1 as is_shown,
        ranked.is_in_force and ranked.publication_rank = 1 as is_counted
    from ranked
),

-- Of each release what counts, and beside it what its newest copy says.
figures as (
    select
        marked.authority_release_id,
        marked.area_code,
        max(marked.area_name_zh) as area_name_zh,
        marked.element_code,
        marked.period_code,
        marked.period_type,
        coalesce(
            max(case when marked.is_counted then marked.submission_id end),
            max(case when marked.is_shown then marked.submission_id end)
        ) as submission_id,
        max(case when marked.is_shown then marked.note_zh end) as note_zh,
        max(case when marked.is_counted then marked.value end) as value,
        max(case when marked.is_shown then marked.value end) as newest_value,
        coalesce(
            bool_or(case when marked.is_shown then marked.is_derived end),
            bool_or(marked.is_derived)
        ) as is_derived,
        bool_or(marked.is_counted) as is_newest_publication,
        bool_or(marked.is_counted and not marked.is_accepted) as is_provisional,
        coalesce(
            max(case when marked.is_shown then marked.published_on end), max(marked.published_on)
        ) as published_on
    from marked
    where marked.is_shown or marked.is_counted
    group by
        marked.authority_release_id, marked.area_code, marked.element_code, marked.period_code,
        marked.period_type
)

select * from figures
