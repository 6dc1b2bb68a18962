{#-
  Whether a value meets its target, unrounded. For a falling target (`down`) better is lower, so both
  sides change sign. A range is met from its nearer bound; `relative` looks at an outside reference.
-#}
{% macro meets(actual, comparator, direction, threshold, tolerance_pct, reference) -%}
    case
        when {{ actual }} is null then null
        when {{ comparator }} = 'relative'
            then case when {{ direction }} = 'down' then {{ actual }} < {{ reference }} else {{ actual }} > {{ reference }} end
        when {{ comparator }} = '>'
            then case when {{ direction }} = 'down' then {{ actual }} < {{ threshold }} else {{ actual }} > {{ threshold }} end
        when {{ comparator }} = '=' then {{ actual }} = {{ threshold }}
        when {{ comparator }} = 'about'
            and abs({{ actual }} - {{ threshold }}) <= abs({{ threshold }}) * coalesce({{ tolerance_pct }}, 0) / 100.0 then true
        when {{ direction }} = 'down' then {{ actual }} <= {{ threshold }}
        else {{ actual }} >= {{ threshold }}
    end
{%- endmacro %}

{#- Growth on a year ago is stated only between two complete figures on a base that is not zero. -#}
{% macro yoy_status(row) -%}
    case
        when {{ row }}.view_type = 'plan_to_date' then 'not_comparable'
        when {{ row }}.value is null then 'value_missing'
        when {{ row }}.same_period_last_year is null then 'base_missing'
        when {{ row }}.coverage_pct < 100 or {{ row }}.coverage_year_ago < 100 then 'incomplete'
        when {{ row }}.same_period_last_year = 0 then 'base_zero'
        else 'ok'
    end
{%- endmacro %}
