{#-
  The next change of whatever a figure has come to, so many times: a chain of changes ends in the
  unit of today. Reads `step_0` and `pieces`; the last step is `step_<steps>`.
-#}
{% macro followed(steps) -%}
{% for step in range(1, steps + 1) -%}
step_{{ step }} as (
    select
        step.origin_code,
        step.valid_from,
        step.changed_on,
        step.valid_to,
        coalesce(pieces.to_unit_code, step.unit_code) as unit_code,
        coalesce(pieces.changed_on, step.reached_on) as reached_on,
        case
            when pieces.from_unit_code is null then step.share
            else cast(step.share * pieces.share as decimal(13, 12))
        end as share,
        step.is_one_to_one and coalesce(pieces.is_one_to_one, true) as is_one_to_one,
        coalesce(
            step.change_codes || '、' || pieces.change_code, step.change_codes, pieces.change_code
        ) as change_codes
    from step_{{ step - 1 }} as step
    left join pieces
        on
            step.unit_code = pieces.from_unit_code
            and step.reached_on < pieces.changed_on
            and step.reached_on >= pieces.previous_on
){{ ',\n\n' if not loop.last }}
{%- endfor %}
{%- endmacro %}

{#-
  Every code a body came to have, `steps` recodes at most: what began in `step_0` followed along
  `recodes`, each after the one before.
-#}
{% macro recoded(steps) -%}
{% for step in range(1, steps + 1) -%}
step_{{ step }} as (
    select
        step.former_code,
        recodes.to_unit_code as later_code,
        recodes.changed_on as held_from
    from step_{{ step - 1 }} as step
    inner join recodes
        on
            step.later_code = recodes.from_unit_code
            and step.held_from < recodes.changed_on
),

{% endfor -%}
chains as (
    {%- for step in range(0, steps + 1) %}
    {{ 'union all' if step }}
    select
        step_{{ step }}.former_code,
        step_{{ step }}.later_code
    from step_{{ step }}
    {%- endfor %}
)
{%- endmacro %}

{#- One to one, a body stays what it was; `lives` is the life of the unit it becomes. -#}
{% macro one_to_one(changes, lives) -%}
    {{ changes }}.change_kind in ('rename', 'recode')
    or (
        {{ changes }}.change_kind = 'transfer' and {{ changes }}.share = 1
        and (
            {{ changes }}.from_unit_code = {{ changes }}.to_unit_code
            or {{ lives }}.lived_from >= {{ changes }}.changed_on
        )
    )
{%- endmacro %}

{#- The share of a figure that passes on, exactly to six decimals. -#}
{% macro shared(number, share) -%}
    cast(cast({{ number }} as decimal(24, 6)) * {{ share }} as decimal(28, 6))
{%- endmacro %}

{#-
  What the parts of a unit add up to: beside a member of the partition, what lay inside another
  member is not added again.
-#}
{% macro summed_parts(row, column) -%}
    case
        when bool_or({{ row }}.is_partition_member)
            then sum(case when {{ row }}.is_partition_member then {{ row }}.{{ column }} end)
        else sum({{ row }}.{{ column }})
    end
{%- endmacro %}
