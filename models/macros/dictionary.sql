{#-
  What the properties of the marts say of their tables and columns, as literals of SQL. A label is the
  description up to its first mark of punctuation, unless `meta.label_zh` gives a better one. Where
  dbt only parses there is no graph yet: one empty entry keeps the statement whole.
-#}
{% macro dictionary_entries() -%}
    {%- set entries = [] -%}
    {%- set nodes = graph.nodes.values() | list if execute else [] -%}
    {%- for model in nodes | selectattr('resource_type', 'equalto', 'model')
        | selectattr('schema', 'equalto', 'marts') | sort(attribute='alias') -%}
        {%- set key = key_columns(model, nodes) -%}
        {%- for column in model.columns.values() -%}
            {%- do entries.append({
                'table_name': model.alias,
                'table_zh': label_zh(model.description, model.config.meta),
                'table_comment_zh': model.description.strip() | replace("'", "''"),
                'column_name': column.name,
                'column_order': loop.index,
                'column_zh': label_zh(column.description, column.meta),
                'data_type': column.data_type,
                'is_required': is_required(column),
                'is_key': 'true' if column.name in key else 'false',
                'comment_zh': column.description.strip() | replace("'", "''"),
                'code_list': column.meta.get('code_list', ''),
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not entries -%}
        {%- do entries.append({'column_order': 0, 'is_required': 'false', 'is_key': 'false'}) -%}
    {%- endif -%}
    {{ return(entries) }}
{%- endmacro %}

{% macro label_zh(description, meta) -%}
    {{ return(meta.get('label_zh') or modules.re.split('[：，；（。、]', description.strip())[0]) }}
{%- endmacro %}

{#- The columns that name a row, as the test of the key has them. -#}
{% macro key_columns(model, nodes) -%}
    {%- set keys = [] -%}
    {%- for test in nodes | selectattr('resource_type', 'equalto', 'test') -%}
        {%- if test.attached_node == model.unique_id and test.test_metadata.name == 'unique_key' -%}
            {%- do keys.append(test.test_metadata.kwargs.get('columns', [])) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(keys[0] if keys else []) }}
{%- endmacro %}

{% macro is_required(column) -%}
    {%- for constraint in column.constraints if (constraint.type | string | lower).endswith('not_null') -%}
        {{ return('true') }}
    {%- endfor -%}
    {{ return('false') }}
{%- endmacro %}

{% macro required_columns(model) -%}
    {%- set required = [] -%}
    {%- for column in model.columns.values() if is_required(column) == 'true' -%}
        {%- do required.append(column.name) -%}
    {%- endfor -%}
    {{ return(required) }}
{%- endmacro %}

{% macro dictionary_rows() -%}
    {%- for entry in dictionary_entries() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ entry.table_name }}' as table_name,
        '{{ entry.table_zh }}' as table_zh,
        '{{ entry.table_comment_zh }}' as table_comment_zh,
        '{{ entry.column_name }}' as column_name,
        {{ entry.column_order }} as column_order,
        '{{ entry.column_zh }}' as column_zh,
        '{{ entry.data_type }}' as data_type,
        {{ entry.is_required }} as is_required,
        {{ entry.is_key }} as is_key,
        '{{ entry.comment_zh }}' as comment_zh,
        nullif('{{ entry.code_list }}', '') as code_list
    {%- endfor %}
{%- endmacro %}
