-- A zone that lies inside a host is not a member of the partition beside that host, and no unit
-- brings the same element of the same period twice. What was filed afterwards as history may stand
-- beside the form of its year, since only one of them is counted; two histories may not.
-- A row returned: a body whose figures a city total would hold two times.
with units as (select * from {{ ref('dim_units') }}),

observations as (select * from {{ ref('unit_observations') }})

select
    zone.city_code,
    zone.unit_code,
    'inside ' || host.unit_code as problem
from units as zone
inner join units as host
    on zone.host_unit_code = host.unit_code
where
    zone.zone_relation = 'inside'
    and zone.is_partition_member
    and host.is_partition_member
union all
select
    observations.city_code,
    observations.unit_code,
    observations.element_code || ' ' || observations.period_code as problem
from observations
group by
    observations.city_code, observations.unit_code, observations.element_code,
    observations.period_code, observations.obs_status = 'history'
having count(*) > 1
