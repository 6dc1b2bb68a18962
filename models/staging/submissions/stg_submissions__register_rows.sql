with register_rows as (select * from {{ source('raw', 'register_rows') }})

select * from register_rows
