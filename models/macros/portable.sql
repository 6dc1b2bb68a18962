{#- What DuckDB and Spark share but is long to write, and the few places where they differ. -#}

{% macro truth(column) -%}
    coalesce(lower({{ column }}) = 'true', false)
{%- endmacro %}

{#- Months since year 0 of a date: the distance of two periods is a subtraction. -#}
{% macro month_index(day) -%}
    (year({{ day }}) * 12 + month({{ day }}))
{%- endmacro %}

{#- The first moment after a business day. -#}
{% macro end_of_day(day) -%}
    (cast({{ day }} as timestamp) + interval '1' day)
{%- endmacro %}

{#- Coarseness of a period type or a form's frequency; windows have none. -#}
{% macro coarseness(period_type) -%}
    case {{ period_type }} when 'month' then 1 when 'quarter' then 2 when 'half' then 3 when 'year' then 4 end
{%- endmacro %}

{#- A filed numeral as an exact number; null when it has more digits than are kept. -#}
{% macro exact_number(text) -%}
    case
        when length(split_part({{ text }}, '.', 2)) <= 6
            then try_cast({{ text }} as decimal(24, 6))
    end
{%- endmacro %}

{#- number × factor, exactly. -#}
{% macro scaled(number, factor) -%}
    try_cast(
        try_cast({{ number }} as decimal(24, 6)) * cast({{ factor }} as decimal(12, 6))
        as decimal(28, 6)
    )
{%- endmacro %}

{#-
  Both sides as double, null on a zero or missing denominator: one form for every ratio. Give the
  numerator with its factor: 29 × 100 / 100 is 29, whereas 29 / 100 × 100 is 28.999999999999996.
-#}
{% macro ratio(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}

{#-
  A number as a plan prints it: half up away from zero, or cut off; no thousands marks. The eight
  digits kept before cutting stop 8.39 from printing 8.38, since as a double 8.39 × 100 is 838.99….
-#}
{% macro printed_number(value, decimals, rounding_mode="'half_up'") -%}
    case coalesce({{ decimals }}, 0)
    {%- for digits in range(0, 7) %}
        when {{ digits }} then cast(cast(
            sign({{ value }}) * floor(
                abs(cast({{ value }} as decimal(28, 8))) * {{ 10 ** digits }}
                + case when {{ rounding_mode }} = 'truncate' then 0 else 0.5 end
            ) * {{ '1' if digits == 0 else '0.' ~ '0' * (digits - 1) ~ '1' }}
            as decimal(28, {{ digits }})) as string)
    {%- endfor %}
    end
{%- endmacro %}

{#- The texts of a group in the order of another column (a linter has no adapter). -#}
{% macro text_list(text, order_by, mark='、') -%}
    {%- if adapter is defined -%}
        {{ adapter.dispatch('text_list', 'qiangshi')(text, order_by, mark) }}
    {%- else -%}
        {{ default__text_list(text, order_by, mark) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__text_list(text, order_by, mark) -%}
    string_agg({{ text }}, '{{ mark }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__text_list(text, order_by, mark) -%}
    array_join(transform(array_sort(collect_list(
        case when {{ text }} is not null then named_struct('position', {{ order_by }}, 'text', {{ text }}) end
    )), item -> item.text), '{{ mark }}')
{%- endmacro %}

{#- What every mart begins with, and how a mart knows the release it belongs to. -#}
{% macro release_id() -%}
    (select run_context.release_id from {{ ref('stg_runs__context') }} as run_context)
{%- endmacro %}

{#- Whether a row with a spell of validity `[valid_from, valid_to)` holds on a day. -#}
{% macro in_force(row, day) -%}
    ({{ row }}.valid_from is null or {{ row }}.valid_from <= {{ day }})
    and ({{ row }}.valid_to is null or {{ row }}.valid_to > {{ day }})
{%- endmacro %}

{#-
  Whether a row is the one of its code that a plain join should take: in force on the day of the
  release, else the last that began. One of each code's rows is.
-#}
{% macro is_current(row, code) -%}
    row_number() over (
            partition by {{ row }}.{{ code }}
            order by
                case when {{ in_force(row, 'run_context.as_of') }} then 0 else 1 end,
                {{ row }}.valid_from desc nulls last
        ) = 1
{%- endmacro %}

{#- The joins that find who a city's figure comes from; the row that says most decides. -#}
{% macro joined_sources(row) -%}
    {%- for name, by_element, by_city in (
        ('of_both', true, true), ('of_element', true, false),
        ('of_city', false, true), ('of_all', false, false)
    ) %}
    left join sources_of_record as {{ name }}
        on
            {{ name }}.element_code {{ '= ' ~ row ~ '.element_code' if by_element else 'is null' }}
            and {{ name }}.city_code {{ '= ' ~ row ~ '.city_code' if by_city else 'is null' }}
            and {{ in_force(name, row ~ '.view_end') }}
    {%- endfor %}
{%- endmacro %}

{% macro source_kind() -%}
    coalesce(
        of_both.source_kind, of_element.source_kind, of_city.source_kind, of_all.source_kind,
        'sum_of_units'
    )
{%- endmacro %}

{#- The sum of the terms of one role, each times its coefficient; of those that count, where told. -#}
{% macro summed_terms(role, condition='true') -%}
    cast(sum(
        case
            when terms.term_role = '{{ role }}' and {{ condition }}
                then {{ scaled('elements_counted.value', 'terms.coefficient') }}
        end
    ) as decimal(28, 6))
{%- endmacro %}
