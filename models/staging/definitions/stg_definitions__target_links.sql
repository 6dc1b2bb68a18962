with target_links as (select * from {{ ref('target_links') }}),

typed as (
    select
        from_target_code,
        to_target_code,
        link_kind,
        note_zh
    from target_links
)

select * from typed
