{{ config(alias='target_links') }}

with links as (select * from {{ ref('stg_definitions__target_links') }}),

targets as (select * from {{ ref('stg_definitions__plan_targets') }}),

final as (
    select
        {{ release_id() }} as release_id,
        links.from_target_code,
        earlier.plan_code as from_plan_code,
        earlier.indicator_zh as from_indicator_zh,
        links.to_target_code,
        later.plan_code as to_plan_code,
        later.indicator_zh as to_indicator_zh,
        links.link_kind,
        case links.link_kind
            when 'same' then '延续'
            when 'redefined' then '口径变更'
            when 'dropped' then '不再设置'
            when 'new' then '新增'
        end as link_zh,
        links.note_zh
    from links
    left join targets as earlier
        on links.from_target_code = earlier.target_code
    left join targets as later
        on links.to_target_code = later.target_code
)

select * from final
order by from_target_code nulls last, to_target_code nulls last
