with changes as (select * from {{ ref('stg_definitions__definition_changes') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

-- What an element counts is what every indicator made of it counts.
changes_of_indicators as (
    select
        changes.object_code as indicator_code,
        cast(null as string) as element_code,
        changes.definition_version,
        changes.changed_on,
        changes.is_comparable,
        changes.change_zh
    from changes
    where changes.object_kind = 'indicator'
    union all
    select distinct
        terms.indicator_code,
        terms.element_code,
        changes.definition_version,
        changes.changed_on,
        changes.is_comparable,
        changes.change_zh
    from changes
    inner join terms
        on changes.object_code = terms.element_code
    where changes.object_kind = 'element'
)

select * from changes_of_indicators
