{{ config(alias='codelists') }}

-- Only the lists that a column of a mart names: the words of commands and desk are not for BI.
with data_dictionary as (select * from {{ ref('data_dictionary') }}),

codelists as (select * from {{ ref('stg_definitions__codelists') }}),

forms as (select * from {{ ref('stg_definitions__forms') }}),

explanation_reasons as (select * from {{ ref('stg_definitions__explanation_reasons') }}),

named as (
    select distinct code_list
    from data_dictionary
    where code_list is not null
),

newest_forms as (
    select
        form_code,
        form_zh,
        row_number() over (
            partition by form_code order by valid_from desc, form_version desc
        ) as age
    from forms
),

codes as (
    select
        code_list,
        code,
        code_order,
        label_zh,
        meaning_zh
    from codelists
    union all
    -- What has a definition table of its own is not told a second time.
    select
        'form' as code_list,
        form_code as code,
        row_number() over (order by form_code) as code_order,
        coalesce(form_zh, form_code) as label_zh,
        cast(null as string) as meaning_zh
    from newest_forms
    where age = 1
    union all
    select
        'explanation_reason' as code_list,
        reason_code as code,
        row_number() over (order by reason_code) as code_order,
        coalesce(reason_zh, reason_code) as label_zh,
        cast(null as string) as meaning_zh
    from explanation_reasons
),

final as (
    select
        {{ release_id() }} as release_id,
        codes.code_list,
        codes.code,
        cast(codes.code_order as integer) as code_order,
        codes.label_zh,
        codes.meaning_zh
    from codes
    inner join named
        on codes.code_list = named.code_list
)

select * from final
order by code_list, code_order, code
