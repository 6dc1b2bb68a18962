with extensions as (select * from {{ source('raw', 'extensions') }}),

ranked as (
    select
        extensions.*,
        row_number() over (
            partition by extensions.unit_code, extensions.form_code, extensions.period_code
            order by extensions.extension_order desc
        ) as recency
    from extensions
),

newest as (
    select
        unit_code,
        form_code,
        period_code,
        extended_to
    from ranked
    where recency = 1
)

select * from newest
