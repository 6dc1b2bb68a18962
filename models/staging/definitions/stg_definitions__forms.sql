with forms as (select * from {{ ref('forms') }}),

typed as (
    select
        form_code,
        form_version,
        form_zh,
        frequency,
        form_kind,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from forms
)

select * from typed
