with register_conditions as (select * from {{ ref('register_conditions') }}),

register_columns as (select * from {{ ref('register_columns') }}),

typed as (
    select
        register_conditions.form_code,
        register_conditions.form_version,
        register_conditions.element_code,
        cast(register_conditions.condition_group as integer) as condition_group,
        'c' || lpad(register_columns.column_order, 2, '0') as slot,
        register_conditions.operator,
        register_conditions.operand
    from register_conditions
    left join register_columns
        on
            register_conditions.form_code = register_columns.form_code
            and register_conditions.form_version = register_columns.form_version
            and register_conditions.column_code = register_columns.column_code
)

select * from typed
