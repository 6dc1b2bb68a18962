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

{#-
  Growth of a level on its base in per cent: both are exact to six decimals and become whole numbers
  before anything is divided, so that 0.12 on 0.1 is 20 and not 19.999….
  There is none on a base of nothing or less: from −10 to −12 would read as +20.
-#}
{% macro growth_pct(level, base) -%}
    cast(cast(100000000 * ({{ level }} - {{ base }}) as decimal(38, 0)) as double)
    / cast(cast(1000000 * {{ base_of_growth(base) }} as decimal(38, 0)) as double)
{%- endmacro %}

{#- What growth may be told on: a base above zero. -#}
{% macro base_of_growth(base) -%}
    case when {{ base }} > 0 then {{ base }} end
{%- endmacro %}

{#- Growth on a year ago is stated only between two complete figures on a base above zero. -#}
{% macro yoy_status(row) -%}
    case
        when {{ row }}.view_type = 'plan_to_date' then 'not_comparable'
        when {{ row }}.value is null then 'value_missing'
        when {{ row }}.same_period_last_year is null then 'base_missing'
        when {{ row }}.is_redefined_since then 'definition_changed'
        when {{ row }}.coverage_pct < 100 or {{ row }}.coverage_year_ago < 100 then 'incomplete'
        when {{ row }}.same_period_last_year <= 0 then 'base_zero'
        else 'ok'
    end
{%- endmacro %}

{#-
  The indicator rows of a body (`city_code` or `unit_code`) beside those of the period before and of
  a year ago, the definition version of each, and whether what is counted changed in between. A
  version is the indicator's own, then that of each element counted otherwise than at first.
-#}
{% macro neighbours(relation, body) -%}
versions_of_parts as (
    select
        {{ relation }}.{{ body }},
        {{ relation }}.indicator_code,
        {{ relation }}.view_type,
        {{ relation }}.view_code,
        {{ relation }}.plan_code,
        breaks.element_code,
        max_by(breaks.definition_version, breaks.changed_on) as definition_version
    from {{ relation }}
    inner join breaks
        on
            {{ relation }}.indicator_code = breaks.indicator_code
            and {{ relation }}.view_end >= breaks.changed_on
            and breaks.definition_version is not null
    group by
        {{ relation }}.{{ body }}, {{ relation }}.indicator_code, {{ relation }}.view_type,
        {{ relation }}.view_code, {{ relation }}.plan_code, breaks.element_code
),

versions as (
    select
        versions_of_parts.{{ body }},
        versions_of_parts.indicator_code,
        versions_of_parts.view_type,
        versions_of_parts.view_code,
        versions_of_parts.plan_code,
        coalesce(
            max(
                case
                    when versions_of_parts.element_code is null
                        then versions_of_parts.definition_version
                end
            ),
            '1'
        )
        || coalesce(
            '+' || {{ text_list(
                "versions_of_parts.element_code || ':' || versions_of_parts.definition_version",
                'versions_of_parts.element_code', '+'
            ) }},
            ''
        ) as definition_version
    from versions_of_parts
    group by
        versions_of_parts.{{ body }}, versions_of_parts.indicator_code,
        versions_of_parts.view_type, versions_of_parts.view_code, versions_of_parts.plan_code
),

-- A level is of its last day; what adds up is of the whole period, so a change inside the period
-- a year ago already spoils the comparison.
breaks_since as (
    select distinct
        {{ relation }}.{{ body }},
        {{ relation }}.indicator_code,
        {{ relation }}.view_type,
        {{ relation }}.view_code
    from {{ relation }}
    inner join periods
        on
            {{ relation }}.view_type = periods.period_type
            and {{ relation }}.view_code = periods.period_code
    inner join {{ relation }} as year_ago
        on
            {{ relation }}.{{ body }} = year_ago.{{ body }}
            and {{ relation }}.indicator_code = year_ago.indicator_code
            and {{ relation }}.view_type = year_ago.view_type
            and periods.same_period_last_year_code = year_ago.view_code
    inner join breaks
        on
            {{ relation }}.indicator_code = breaks.indicator_code
            and not breaks.is_comparable
            and {{ relation }}.view_end >= breaks.changed_on
            and breaks.changed_on > year_ago.view_start
    inner join frequencies
        on
            {{ relation }}.city_code = frequencies.city_code
            and {{ relation }}.indicator_code = frequencies.indicator_code
            and (frequencies.has_flow or breaks.changed_on > year_ago.view_end)
),

with_neighbours as (
    select
        {{ relation }}.*,
        previous.value as previous_value,
        year_ago.value as same_period_last_year,
        year_ago.coverage_pct as coverage_year_ago,
        coalesce(versions.definition_version, '1') as definition_version,
        breaks_since.indicator_code is not null as is_redefined_since
    from {{ relation }}
    left join periods
        on
            {{ relation }}.view_type = periods.period_type
            and {{ relation }}.view_code = periods.period_code
    left join {{ relation }} as previous
        on
            {{ relation }}.{{ body }} = previous.{{ body }}
            and {{ relation }}.indicator_code = previous.indicator_code
            and {{ relation }}.view_type = previous.view_type
            and periods.previous_code = previous.view_code
    left join {{ relation }} as year_ago
        on
            {{ relation }}.{{ body }} = year_ago.{{ body }}
            and {{ relation }}.indicator_code = year_ago.indicator_code
            and {{ relation }}.view_type = year_ago.view_type
            and periods.same_period_last_year_code = year_ago.view_code
    left join versions
        on
            {{ relation }}.{{ body }} = versions.{{ body }}
            and {{ relation }}.indicator_code = versions.indicator_code
            and {{ relation }}.view_type = versions.view_type
            and {{ relation }}.view_code = versions.view_code
            and coalesce({{ relation }}.plan_code, '') = coalesce(versions.plan_code, '')
    left join breaks_since
        on
            {{ relation }}.{{ body }} = breaks_since.{{ body }}
            and {{ relation }}.indicator_code = breaks_since.indicator_code
            and {{ relation }}.view_type = breaks_since.view_type
            and {{ relation }}.view_code = breaks_since.view_code
)
{%- endmacro %}
