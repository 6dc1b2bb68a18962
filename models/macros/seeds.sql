{#-
  Seeds are read by DuckDB itself, every column varchar; staging casts. Two measured reasons not to
  leave this to dbt's own materialization:
  - it infers types (unit_code became INTEGER), and types listed by name are lost without a word
    when the seed path comes from the environment;
  - with a seed path outside the project it writes the SQL it ran over the CSV file itself: the
    "compiled" path is joined from an absolute path. So nothing here is a statement named `main`.
-#}
{% materialization seed, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do adapter.drop_relation(target_relation) %}
    {% call statement('load_seed') %}
        create table {{ target_relation }} as
        select *
        from read_csv(
            '{{ adapter.get_seed_file_path(model) | replace("'", "''") }}',
            header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', nullstr = ''
        )
    {% endcall %}
    {% do store_raw_result('main', message='CREATE', code='CREATE', rows_affected=none) %}
    {% do store_result('agate_table', response='OK') %}
    {% do persist_docs(target_relation, model) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
