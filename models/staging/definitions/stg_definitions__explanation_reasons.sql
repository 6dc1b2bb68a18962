with explanation_reasons as (select * from {{ ref('explanation_reasons') }}),

typed as (
    select
        reason_code,
        reason_zh
    from explanation_reasons
)

select * from typed
