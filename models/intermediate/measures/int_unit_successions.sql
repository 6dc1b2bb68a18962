with changes as (select * from {{ ref('stg_definitions__unit_changes') }}),

units as (select * from {{ ref('stg_definitions__units') }}),

labels as (select * from {{ ref('int_units_labelled') }}),

lives as (
    select
        units.unit_code,
        min(coalesce(units.valid_from, date '0001-01-01')) as lived_from,
        max(coalesce(units.valid_to, date '9999-12-31')) as lived_to
    from units
    group by units.unit_code
),

-- The days on which something became of a unit, each with the one before.
event_days as (
    select
        changes.from_unit_code,
        changes.changed_on,
        {{ text_list('changes.change_code', 'changes.change_code') }} as change_codes,
        -- What a transfer does not hand over stays; of a split without shares nobody knows.
        case when count(*) = count(changes.share) then 1 - sum(changes.share) end as remainder
    from changes
    group by changes.from_unit_code, changes.changed_on
),

events as (
    select
        event_days.*,
        coalesce(
            lag(event_days.changed_on) over (
                partition by event_days.from_unit_code order by event_days.changed_on
            ),
            date '0001-01-01'
        ) as previous_on,
        lead(event_days.changed_on) over (
            partition by event_days.from_unit_code order by event_days.changed_on
        ) is null as is_last
    from event_days
),

-- Who takes how much of a unit on a day. One to one, the body stays what it was.
pieces as (
    select
        events.from_unit_code,
        events.changed_on,
        events.previous_on,
        changes.to_unit_code,
        changes.share,
        changes.change_code,
        {{ one_to_one('changes', 'lives') }} as is_one_to_one
    from events
    inner join changes
        on
            events.from_unit_code = changes.from_unit_code
            and events.changed_on = changes.changed_on
    left join lives
        on changes.to_unit_code = lives.unit_code
    union all
    select
        events.from_unit_code,
        events.changed_on,
        events.previous_on,
        events.from_unit_code as to_unit_code,
        events.remainder as share,
        events.change_codes as change_code,
        false as is_one_to_one
    from events
    where events.remainder > 0
),

-- The figures of a unit between two of its changes share one way to today. One that ended with its
-- last change has no others.
step_0 as (
    select
        events.from_unit_code as origin_code,
        events.previous_on as valid_from,
        events.changed_on,
        case
            when not events.is_last or lives.lived_to > events.changed_on then events.changed_on
        end as valid_to,
        events.from_unit_code as unit_code,
        events.previous_on as reached_on,
        cast(1 as decimal(13, 12)) as share,
        true as is_one_to_one,
        cast(null as string) as change_codes
    from events
    left join lives
        on events.from_unit_code = lives.unit_code
),

{{ followed(var('unit_change_steps') | int(1)) }},

-- Several ways may end in one unit.
arrived as (
    select
        step.origin_code,
        step.valid_from,
        step.changed_on,
        step.valid_to,
        step.unit_code,
        case when count(*) = count(step.share) then sum(step.share) end as share,
        bool_and(step.is_one_to_one) as is_one_to_one,
        {{ text_list('step.change_codes', 'step.change_codes') }} as change_codes
    from step_{{ var('unit_change_steps') | int(1) }} as step
    group by
        step.origin_code, step.valid_from, step.changed_on, step.valid_to, step.unit_code
),

origin_cities as (
    select
        arrived.origin_code,
        arrived.valid_from,
        max(units.city_code) as origin_city_code
    from arrived
    inner join units
        on
            arrived.origin_code = units.unit_code
            and (units.valid_from is null or arrived.changed_on > units.valid_from)
            and (units.valid_to is null or arrived.changed_on <= units.valid_to)
    group by arrived.origin_code, arrived.valid_from
),

placed as (
    select
        arrived.*,
        origin_cities.origin_city_code,
        labels.city_code,
        count(*) over (partition by arrived.origin_code, arrived.valid_from) as successors,
        count(arrived.share) over (
            partition by arrived.origin_code, arrived.valid_from, labels.city_code
        ) as divided_in_city,
        sum(arrived.share) over (
            partition by arrived.origin_code, arrived.valid_from, labels.city_code
        ) as share_in_city,
        count(*) over (
            partition by arrived.origin_code, arrived.valid_from, labels.city_code
        ) as successors_in_city,
        row_number() over (
            partition by arrived.origin_code, arrived.valid_from, labels.city_code
            order by arrived.unit_code
        ) as place_in_city
    from arrived
    inner join labels
        on arrived.unit_code = labels.unit_code
    inner join origin_cities
        on
            arrived.origin_code = origin_cities.origin_code
            and arrived.valid_from = origin_cities.valid_from
),

-- What all goes to one unit, or to units of one city, is theirs without any share. The first of a
-- city's successors carries the city's part, so that no rounding of shares reaches a city.
successions as (
    select
        origin_code,
        origin_city_code,
        valid_from,
        valid_to,
        changed_on,
        unit_code,
        city_code,
        is_one_to_one,
        change_codes,
        cast(case when successors = 1 then 1 else share end as decimal(13, 12)) as share,
        cast(
            case
                when place_in_city > 1 then 0
                when successors_in_city = successors then 1
                when divided_in_city = successors_in_city then share_in_city
            end as decimal(13, 12)
        ) as city_share
    from placed
)

select * from successions
