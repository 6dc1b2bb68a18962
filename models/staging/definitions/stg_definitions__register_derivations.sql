with register_derivations as (select * from {{ ref('register_derivations') }}),

register_columns as (select * from {{ ref('register_columns') }}),

typed as (
    select
        register_derivations.form_code,
        register_derivations.form_version,
        register_derivations.element_code,
        register_derivations.aggregation,
        coalesce(register_derivations.unit_factor, '1') as unit_factor,
        'c' || lpad(register_columns.column_order, 2, '0') as slot,
        register_derivations.aggregation = 'sum'
        and coalesce(register_columns.confidentiality_zh = '涉个人或企业', false) as is_of_firms
    from register_derivations
    left join register_columns
        on
            register_derivations.form_code = register_columns.form_code
            and register_derivations.form_version = register_columns.form_version
            and register_derivations.column_code = register_columns.column_code
)

select * from typed
