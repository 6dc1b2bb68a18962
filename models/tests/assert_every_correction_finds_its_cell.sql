-- An approved correction names a cell of a filed version.
-- A row returned: a correction that would change nothing, unnoticed.
with corrections as (select * from {{ ref('stg_submissions__corrections') }}),

versions as (select * from {{ ref('stg_submissions__versions') }}),

filed_values as (select * from {{ ref('stg_submissions__values') }})

select
    versions.city_code,
    corrections.correction_id,
    corrections.submission_id,
    corrections.row_code,
    corrections.value_column
from corrections
left join versions
    on corrections.submission_id = versions.submission_id
left join filed_values
    on
        corrections.submission_id = filed_values.submission_id
        and corrections.row_code = filed_values.row_code
        and corrections.value_column = filed_values.value_column
where corrections.state_code = 'approved' and filed_values.submission_id is null
