with registers as (select * from {{ ref('registers') }}),

register_columns as (select * from {{ ref('register_columns') }}),

-- The slot of the stored rows that holds the key.
typed as (
    select
        registers.form_code,
        registers.form_version,
        registers.semantics,
        'c' || lpad(register_columns.column_order, 2, '0') as key_slot
    from registers
    left join register_columns
        on
            registers.form_code = register_columns.form_code
            and registers.form_version = register_columns.form_version
            and registers.key_column = register_columns.column_code
)

select * from typed
