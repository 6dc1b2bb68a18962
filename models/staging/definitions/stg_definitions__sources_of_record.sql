with sources_of_record as (select * from {{ ref('sources_of_record') }}),

typed as (
    select
        element_code,
        city_code,
        source_kind,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from sources_of_record
)

select * from typed
