with parts_as_is as (select * from {{ ref('int_indicator_parts_as_is') }}),

indicators as (select * from {{ ref('stg_definitions__indicators') }}),

settings as (select * from {{ ref('stg_definitions__publication_settings') }}),

terms as (select * from {{ ref('stg_definitions__indicator_terms') }}),

frequencies as (select * from {{ ref('int_indicator_frequencies') }}),

populations as (select * from {{ ref('int_populations_by_vintage') }}),

breaks as (select * from {{ ref('int_definition_breaks') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

sums_of_members as (
    select
        parts_as_is.city_code,
        parts_as_is.indicator_code,
        parts_as_is.view_type,
        parts_as_is.view_code,
        parts_as_is.view_start,
        parts_as_is.view_end,
        max(parts_as_is.factor) as factor,
        bool_and(parts_as_is.is_ratio) as is_ratio,
        cast(sum(parts_as_is.counted_numerator) as decimal(28, 6)) as numerator,
        cast(sum(parts_as_is.counted_denominator) as decimal(28, 6)) as denominator,
        case
            when bool_and(parts_as_is.denominator is not null)
                then cast(sum(parts_as_is.denominator) as decimal(28, 6))
        end as people_of_members,
        bool_or(parts_as_is.is_per_population) as is_per_population,
        bool_or(parts_as_is.is_city_crossed) as is_city_crossed,
        bool_or(parts_as_is.is_of_former_border) as is_of_former_border,
        bool_or(parts_as_is.is_undivided_by_city) as is_undivided_by_city,
        bool_or(parts_as_is.is_undivided) as is_undivided,
        bool_or(parts_as_is.has_single_source) as has_single_source,
        bool_or(parts_as_is.is_mixed and parts_as_is.is_city_crossed)
        or (bool_or(parts_as_is.has_single_source) and sum(parts_as_is.counted_bodies) > 1)
            as is_not_additive,
        bool_and(parts_as_is.is_summable) and not bool_or(parts_as_is.is_member_in_part)
            as is_summable,
        count(*) as expected_units,
        sum(case when parts_as_is.is_counted_reported then 1 else 0 end) as reported_units,
        {{ text_list(
            "case when not parts_as_is.is_counted_reported then parts_as_is.unit_name_zh end",
            'parts_as_is.unit_code'
        ) }} as missing_units_zh,
        bool_or(parts_as_is.is_provisional) as is_provisional,
        bool_or(parts_as_is.has_history) as has_history,
        bool_or(parts_as_is.is_awaiting_authority) as is_awaiting_authority,
        min(parts_as_is.first_source) as first_source,
        max(parts_as_is.last_source) as last_source,
        {{ text_list('parts_as_is.change_codes', 'parts_as_is.unit_code') }} as change_codes
    from parts_as_is
    where parts_as_is.is_counted
    group by
        parts_as_is.city_code, parts_as_is.indicator_code, parts_as_is.view_type,
        parts_as_is.view_code, parts_as_is.view_start, parts_as_is.view_end
),

population_terms as (
    select
        terms.indicator_code,
        terms.coefficient,
        terms.valid_from,
        terms.valid_to
    from terms
    where terms.is_population and terms.term_role = 'denominator'
),

-- A city whose border moved since has the people of its present members, where each is sourced.
with_denominators as (
    select
        sums_of_members.city_code,
        sums_of_members.indicator_code,
        sums_of_members.view_type,
        sums_of_members.view_code,
        sums_of_members.view_start,
        sums_of_members.view_end,
        cast(null as string) as plan_code,
        sums_of_members.factor,
        sums_of_members.is_ratio,
        sums_of_members.expected_units,
        sums_of_members.reported_units,
        sums_of_members.missing_units_zh,
        sums_of_members.is_provisional,
        sums_of_members.has_history,
        sums_of_members.is_awaiting_authority,
        sums_of_members.is_city_crossed,
        sums_of_members.is_per_population,
        sums_of_members.change_codes,
        case
            when not sums_of_members.is_city_crossed then populations.denominator_vintage
        end as denominator_vintage,
        case
            when sums_of_members.first_source = sums_of_members.last_source
                then sums_of_members.first_source
            else sums_of_members.first_source || '+' || sums_of_members.last_source
        end as source_of_record,
        sums_of_members.is_summable
        and not sums_of_members.is_undivided
        and sums_of_members.first_source = 'sum_of_units'
        and sums_of_members.last_source = 'sum_of_units' as is_additive,
        case
            when sums_of_members.is_of_former_border then '按原区划填报或公布，不能按现区划重算'
            when sums_of_members.is_not_additive then '该指标不能由各单位合并'
            when sums_of_members.is_undivided_by_city then '原单位不可分摊到现所属各市'
        end as restatement_reason_zh,
        case
            when
                sums_of_members.is_of_former_border
                or sums_of_members.is_not_additive
                or sums_of_members.is_undivided_by_city then null
            else sums_of_members.numerator
        end as numerator,
        case
            when not sums_of_members.is_per_population then sums_of_members.denominator
            when sums_of_members.is_city_crossed then sums_of_members.people_of_members
            else {{ scaled('populations.resident_population', 'population_terms.coefficient') }}
        end as denominator
    from sums_of_members
    inner join indicators
        on sums_of_members.indicator_code = indicators.indicator_code
    -- A unit may have come from a city with other forms: what this one never asks is not its own.
    inner join frequencies
        on
            sums_of_members.city_code = frequencies.city_code
            and sums_of_members.indicator_code = frequencies.indicator_code
    left join settings
        on
            sums_of_members.city_code = settings.city_code
            and sums_of_members.indicator_code = settings.indicator_code
    left join population_terms
        on
            sums_of_members.indicator_code = population_terms.indicator_code
            and {{ in_force('population_terms', 'sums_of_members.view_end') }}
    left join populations
        on
            population_terms.indicator_code is not null
            and sums_of_members.city_code = populations.area_code
            and sums_of_members.view_end = populations.view_end
            and coalesce(settings.vintage_rule, indicators.vintage_rule, 'latest_published_by')
            = populations.vintage_rule
),

indicators_as_is as (
    select
        with_denominators.*,
        case
            when is_ratio then {{ ratio('numerator * factor', 'denominator') }}
            else cast(numerator * factor as double)
        end as value,
        100 * {{ ratio('reported_units', 'expected_units') }} as coverage_pct
    from with_denominators
),

{{ neighbours('indicators_as_is', 'city_code') }},

final as (
    select
        run_context.release_id,
        with_neighbours.city_code,
        units.city_name_zh,
        with_neighbours.indicator_code,
        indicators.indicator_zh,
        indicators.unit_zh,
        with_neighbours.view_code as period_code,
        with_neighbours.view_type as period_type,
        with_neighbours.view_start as period_start,
        with_neighbours.view_end as period_end,
        with_neighbours.value,
        with_neighbours.numerator,
        with_neighbours.denominator,
        with_neighbours.factor,
        with_neighbours.is_ratio,
        with_neighbours.denominator_vintage,
        with_neighbours.definition_version,
        with_neighbours.previous_value,
        with_neighbours.same_period_last_year,
        {{ yoy_status('with_neighbours') }} as yoy_status,
        case
            when {{ yoy_status('with_neighbours') }} = 'ok'
                then
                    100 * (with_neighbours.value - with_neighbours.same_period_last_year)
                    / nullif(with_neighbours.same_period_last_year, 0)
        end as yoy_pct,
        cast(with_neighbours.expected_units as integer) as expected_units,
        cast(with_neighbours.reported_units as integer) as reported_units,
        with_neighbours.coverage_pct,
        with_neighbours.missing_units_zh,
        with_neighbours.source_of_record,
        with_neighbours.has_history,
        with_neighbours.is_additive,
        with_neighbours.is_provisional,
        with_neighbours.change_codes,
        case
            when with_neighbours.restatement_reason_zh is not null
                then with_neighbours.restatement_reason_zh
            when with_neighbours.is_awaiting_authority and with_neighbours.numerator is null
                then '等待主管部门发布'
            when with_neighbours.numerator is null then '无填报值'
            when
                with_neighbours.is_per_population and with_neighbours.denominator is null
                and with_neighbours.is_city_crossed
                then '区划跨市变更，缺少现有各单位在期末前已公布的常住人口'
            when with_neighbours.is_ratio and with_neighbours.denominator is null
                then '缺少期末前已公布的分母'
            when with_neighbours.is_ratio and with_neighbours.denominator = 0 then '分母为零'
        end as value_reason_zh,
        run_context.is_synthetic
    from with_neighbours
    inner join indicators
        on with_neighbours.indicator_code = indicators.indicator_code
    inner join units
        on with_neighbours.city_code = units.unit_code
    cross join run_context
)

select * from final
order by city_code, indicator_code, period_type, period_end
