with findings as (select * from {{ source('raw', 'findings') }}),

typed as (
    select
        finding_id,
        rule_id,
        rule_version,
        severity_code,
        submission_id,
        unit_code,
        form_code,
        period_code,
        sheet,
        cell,
        element_code,
        value_text,
        expected_text,
        message_zh,
        advice_zh,
        status_code,
        reason_code
    from findings
)

select * from typed
