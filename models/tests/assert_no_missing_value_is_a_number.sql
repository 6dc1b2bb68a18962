-- A value that is missing, held or not due is null, never zero; a value that is reported is there.
-- A row returned: a gap that reads as a figure, or a status that promises a figure and has none.
with observations as (select * from {{ ref('unit_observations') }})

select
    observations.city_code,
    observations.unit_code,
    observations.element_code,
    observations.period_code,
    observations.obs_status,
    observations.value
from observations
where
    case
        when observations.obs_status in (
            'missing', 'held', 'not_due', 'awaiting_authority', 'not_applicable'
        ) then observations.value is not null
        when observations.obs_status in ('reported', 'corrected', 'carried', 'history')
            then observations.value is null
        else false
    end
