with findings as (select * from {{ ref('stg_submissions__findings') }}),

rules as (select * from {{ ref('stg_definitions__rules') }}),

versions as (select * from {{ ref('stg_submissions__versions') }}),

filings as (select * from {{ ref('int_submissions_in_force') }}),

periods as (select * from {{ ref('stg_runs__periods') }}),

units as (select * from {{ ref('int_units_labelled') }}),

reasons as (select * from {{ ref('stg_definitions__explanation_reasons') }}),

run_context as (select * from {{ ref('stg_runs__context') }}),

-- A file refused before its form and period were known has no later version to be replaced by.
latest as (
    select
        findings.*,
        rules.stage in ('expectation', 'register')
        and try_cast(replace(findings.value_text, ',', '') as decimal(28, 6)) is not null
            as is_figure
    from findings
    left join rules
        on findings.rule_id = rules.rule_id and findings.rule_version = rules.rule_version
    left join versions
        on findings.submission_id = versions.submission_id
    left join filings
        on
            versions.unit_code = filings.unit_code
            and versions.form_code = filings.form_code
            and versions.period_code = filings.period_code
    where
        filings.newest_submission_id is null
        or findings.submission_id = filings.newest_submission_id
),

final as (
    select
        run_context.release_id,
        latest.finding_id,
        latest.rule_id,
        latest.rule_version,
        latest.severity_code,
        latest.submission_id,
        latest.unit_code,
        units.unit_name_zh,
        units.city_code,
        coalesce(units.is_partition_member, false) as is_partition_member,
        latest.form_code,
        latest.period_code,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        latest.sheet,
        latest.cell,
        latest.element_code,
        -- A text in place of a figure, a header or a file name may hold a person's name or number:
        -- the filer's receipt has it, the published table tells the rule.
        case when latest.is_figure then latest.value_text end as value_text,
        case when latest.is_figure or latest.value_text is null then latest.expected_text end
            as expected_text,
        case when latest.is_figure then latest.message_zh else rules.title_zh end as message_zh,
        latest.advice_zh,
        latest.status_code,
        -- The words of an explanation may name a person or a firm: only its coded reason goes out.
        reasons.reason_code as explanation_code,
        reasons.reason_zh as explanation_zh
    from latest
    left join reasons
        on latest.status_code = 'explained' and latest.reason_code = reasons.reason_code
    left join rules
        on latest.rule_id = rules.rule_id and latest.rule_version = rules.rule_version
    left join units
        on latest.unit_code = units.unit_code
    left join periods
        on
            latest.period_code = periods.period_code
            and periods.period_type in ('month', 'quarter', 'half', 'year')
    cross join run_context
)

select * from final
order by submission_id, finding_id
