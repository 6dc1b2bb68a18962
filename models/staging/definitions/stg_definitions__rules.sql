with rules as (select * from {{ ref('rules') }}),

typed as (
    select
        rule_id,
        rule_version,
        stage,
        title_zh
    from rules
)

select * from typed
