{#-
  The columns of a table under contract as it is created. Where the table has the test
  `required_values`, a value that lacks is told by that test and holds its city back; as a constraint
  it would stop the build, and with it the night of every city. Such columns become NOT NULL when the
  release is finished. Dispatched by dbt for DuckDB in place of its own.
-#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set tested = [] -%}
    {%- for test in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test')
        | selectattr('attached_node', 'equalto', model.unique_id) -%}
        {%- if test.test_metadata.name == 'required_values' -%}
            {%- do tested.append(test.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not tested -%}
        {{ return(table_columns_and_constraints()) }}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name, column in model.columns.items() -%}
        {%- set kept = [] -%}
        {%- for constraint in column.constraints
            if not (constraint.type | string | lower).endswith('not_null') -%}
            {%- do kept.append(constraint) -%}
        {%- endfor -%}
        {%- do columns.update({name: dict(column, constraints=kept)}) -%}
    {%- endfor -%}
    {{ return('(' ~ adapter.render_raw_columns_constraints(raw_columns=columns) | join(', ') ~ ')') }}
{%- endmacro %}
