-- Every target of every plan has at least one row of progress, and a row of a plan's own table
-- exactly one in plan_table.
-- A row returned: a target that a plan prints and the marts lose or repeat.
with plan_targets as (select * from {{ ref('dim_plan_targets') }}),

plan_progress as (select * from {{ ref('plan_progress') }}),

plan_table as (select * from {{ ref('plan_table') }}),

progress_rows as (
    select
        plan_progress.target_code,
        count(*) as row_count
    from plan_progress
    group by plan_progress.target_code
),

table_rows as (
    select
        plan_table.target_code,
        count(*) as row_count
    from plan_table
    group by plan_table.target_code
)

select
    plan_targets.city_code,
    plan_targets.target_code,
    progress_rows.row_count as progress_rows,
    table_rows.row_count as table_rows
from plan_targets
left join progress_rows
    on plan_targets.target_code = progress_rows.target_code
left join table_rows
    on plan_targets.target_code = table_rows.target_code
where
    coalesce(progress_rows.row_count, 0) = 0
    or coalesce(table_rows.row_count, 0) <> case when plan_targets.tier = 'table' then 1 else 0 end
