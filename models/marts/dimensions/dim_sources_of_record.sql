{{ config(alias='sources_of_record') }}

with sources_of_record as (select * from {{ ref('stg_definitions__sources_of_record') }}),

final as (
    select
        {{ release_id() }} as release_id,
        sources_of_record.element_code,
        sources_of_record.city_code,
        sources_of_record.source_kind,
        sources_of_record.valid_from,
        sources_of_record.valid_to
    from sources_of_record
)

select * from final
order by element_code nulls first, city_code nulls first, valid_from
