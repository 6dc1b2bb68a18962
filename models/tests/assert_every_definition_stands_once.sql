-- Codes by which the marts join to their definitions are unique.
-- A row returned: a definition that stands twice and would multiply the rows joined to it.
with plans as (select * from {{ ref('dim_plans') }}),

plan_targets as (select * from {{ ref('dim_plan_targets') }}),

indicators as (select * from {{ ref('dim_indicators') }}),

elements as (select * from {{ ref('dim_elements') }}),

units as (select * from {{ ref('dim_units') }}),

keys as (
    select
        'plans' as table_name,
        plans.city_code,
        plans.plan_code as key_text
    from plans
    union all
    select
        'plan_targets' as table_name,
        plan_targets.city_code,
        plan_targets.target_code as key_text
    from plan_targets
    union all
    select
        'indicators' as table_name,
        null as city_code,
        indicators.indicator_code as key_text
    from indicators
    union all
    select
        'elements' as table_name,
        null as city_code,
        elements.element_code as key_text
    from elements
    union all
    select
        'units' as table_name,
        units.city_code,
        units.unit_code || ' ' || coalesce(cast(units.valid_from as string), '') as key_text
    from units
)

select
    keys.city_code,
    keys.table_name,
    keys.key_text,
    count(*) as row_count
from keys
group by keys.city_code, keys.table_name, keys.key_text
having count(*) > 1
