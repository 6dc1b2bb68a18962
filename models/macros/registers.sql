{#-
  What registers count is rows of the definitions, so the SQL is made of them when a model runs. A
  linter, and dbt while it only parses, have no rows: they see a table without any.
-#}

{#- The derivations with the slots they read, as rows. -#}
{% macro register_derivation_rows() -%}
    {%- set query -%}
        select form_code, form_version, element_code, aggregation, unit_factor, slot
        from {{ ref('stg_definitions__register_derivations') }}
        order by form_code, form_version, element_code
    {%- endset -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}

{% macro register_condition_rows() -%}
    {%- set query -%}
        select form_code, form_version, element_code, condition_group, operator, operand, slot
        from {{ ref('stg_definitions__register_conditions') }}
        order by form_code, element_code, condition_group, slot, operand
    {%- endset -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}

{#- The key of a row: the number of the right or contract; a row without one stands for itself. -#}
{% macro register_key(rows) -%}
    coalesce(
        case
        {%- if adapter is defined and execute %}
            {%- set query -%}
                select distinct form_code, form_version, key_slot
                from {{ ref('stg_definitions__registers') }}
                order by form_code, form_version
            {%- endset %}
            {%- for row in run_query(query).rows %}
            when
                {{ rows }}.form_code = '{{ row[0] }}'
                and {{ rows }}.form_version = '{{ row[1] }}'
                then {{ rows }}.{{ row[2] }}
            {%- endfor %}
        {%- endif %}
            when false then ''
        end,
        {{ rows }}.submission_id || '#' || {{ rows }}.sheet || '#'
        || cast({{ rows }}.row_no as string)
    )
{%- endmacro %}

{#- One condition on a row whose period ends on `rows.period_end`. -#}
{% macro register_condition(rows, slot, operator, operand) -%}
    {%- set cell = rows ~ '.' ~ slot -%}
    {%- set day = 'try_cast(' ~ cell ~ ' as date)' -%}
    {%- if operator == 'equals' -%}
        {{ cell }} = '{{ operand | replace("'", "''") }}'
    {%- elif operator == 'is_yes' -%}
        {{ cell }} = '是'
    {%- elif operator == 'in_period' -%}
        {{ day }} between {{ rows }}.period_start and {{ rows }}.period_end
    {%- elif operator == 'by_period_end' -%}
        {{ day }} <= {{ rows }}.period_end
    {%- else -%}
        {{ day }} < cast(
            {{ rows }}.period_end - interval '{{ operand | int }}' year as date
        )
    {%- endif -%}
{%- endmacro %}

{#- One figure per area, period and derivation: a row counts where all groups of conditions hold. -#}
{% macro register_figures(rows) -%}
    {%- if adapter is defined and execute %}
        {%- set conditions = register_condition_rows() %}
        {%- for derivation in register_derivation_rows() %}
            {%- set groups = {} %}
            {%- for one in conditions
                if one[0] == derivation[0] and one[1] == derivation[1] and one[2] == derivation[2] %}
                {%- set _ = groups.setdefault(one[3], []).append(
                    register_condition(rows, one[6], one[4], one[5])
                ) %}
            {%- endfor %}
            {%- set holds = [] %}
            {%- for texts in groups.values() %}
                {%- set _ = holds.append('(' ~ texts | join(' or ') ~ ')') %}
            {%- endfor %}
            {%- set when = holds | join(' and ') if holds else 'true' %}
    select
        {{ rows }}.area_code,
        {{ rows }}.form_code,
        {{ rows }}.period_code,
        '{{ derivation[2] }}' as element_code,
        count(case when {{ when }} then 1 end) as contributors,
            {%- if derivation[3] == 'sum' %}
        cast(sum(case when {{ when }} then {{ scaled(rows ~ '.' ~ derivation[5], derivation[4]) }} end)
            as decimal(28, 6)) as value
            {%- elif derivation[3] == 'count_distinct' %}
        cast(count(distinct case when {{ when }} then {{ rows }}.{{ derivation[5] }} end)
            as decimal(28, 6)) as value
            {%- else %}
        cast(sum(case when {{ when }} then 1 else 0 end) as decimal(28, 6)) as value
            {%- endif %}
    from {{ rows }}
    where
        {{ rows }}.form_code = '{{ derivation[0] }}'
        and {{ rows }}.form_version = '{{ derivation[1] }}'
    group by {{ rows }}.area_code, {{ rows }}.form_code, {{ rows }}.period_code
    union all
        {%- endfor %}
    {%- endif %}
    select
        cast(null as string) as area_code,
        cast(null as string) as form_code,
        cast(null as string) as period_code,
        cast(null as string) as element_code,
        cast(null as bigint) as contributors,
        cast(null as decimal(28, 6)) as value
    from {{ rows }}
    where false
{%- endmacro %}
