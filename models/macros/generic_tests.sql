{#- A failing row is a key that stands more than once, with each city that has it, which the gate
must hold; a key of two cities holds both. -#}
{% test unique_key(model, columns, city_column='null') %}
with counted as (
    select
        {{ city_column }} as city_held,
        {{ columns | join(', ') }},
        count(*) over (partition by {{ columns | join(', ') }}) as row_count
    from {{ model }}
)

select distinct
    city_held as city_code,
    {{ columns | reject('equalto', 'city_code') | join(', ') }},
    row_count
from counted
where row_count > 1
{% endtest %}

{#- A failing row is a value outside a closed list. -#}
{% test closed_list(model, column_name, values, city_column='null') %}
select
    {{ city_column }} as city_code,
    {{ column_name }} as unknown_value,
    count(*) as row_count
from {{ model }}
where {{ column_name }} is not null
    and {{ column_name }} not in ({% for value in values %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
group by {{ ([] if city_column == 'null' else [city_column]) | join(', ') }}{{ ', ' if city_column != 'null' }}{{ column_name }}
{% endtest %}

{#- A failing row is a code without a row in the table it points to. -#}
{% test points_to(model, column_name, to, field, city_column='null') %}
select distinct
    {{ 'child.' ~ city_column if city_column != 'null' else 'null' }} as city_code,
    child.{{ column_name }} as unknown_code
from {{ model }} as child
left join {{ to }} as parent
    on child.{{ column_name }} = parent.{{ field }}
where child.{{ column_name }} is not null and parent.{{ field }} is null
{% endtest %}

{#- A failing row lacks a value that the contract of its table requires. -#}
{% test required_values(model, city_column) %}
{%- set columns = ['null'] -%}
{%- if execute -%}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('schema', 'equalto', model.schema)
        | selectattr('alias', 'equalto', model.identifier) | list -%}
    {%- set columns = required_columns(nodes[0]) -%}
{%- endif -%}
select
    {{ city_column }} as city_code,
    {{ columns | reject('equalto', 'city_code') | join(', ') }}
from {{ model }}
where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}
