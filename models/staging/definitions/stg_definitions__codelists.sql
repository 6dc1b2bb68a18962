with codelists as (select * from {{ ref('codelists') }}),

typed as (
    select
        code_list,
        code,
        cast(code_order as integer) as code_order,
        label_zh,
        meaning_zh
    from codelists
)

select * from typed
