-- The private warehouse's tables of what was filed and of what the ledger knows, as dbt reads them.
-- Everything filed stays text; nothing is cast before staging. No keys or indexes: rows are deleted
-- and inserted again per submission, and the models test keys.
create schema if not exists raw;

create table if not exists raw.cells (
    file_sha256 varchar,
    sheet varchar,
    row_no integer,
    column_no integer,
    cell varchar,
    text varchar,
    issue_code varchar
);

create table if not exists raw.reported_values (
    submission_id varchar,
    unit_code varchar,
    form_code varchar,
    form_version varchar,
    period_code varchar,
    row_code varchar,
    value_column varchar,
    element_code varchar,
    sheet varchar,
    cell varchar,
    text varchar,
    number_text varchar,
    issue_code varchar
);

create table if not exists raw.authority_values (
    submission_id varchar,
    authority_release_id varchar,
    published_on date,
    area_code varchar,
    area_name_zh varchar,
    element_code varchar,
    period_code varchar,
    period_type varchar,
    value_text varchar,
    is_derived boolean,
    note varchar,
    sheet varchar,
    cell varchar
);

-- Registers: one row per right or contract as filed, the columns of the form in its own order
-- (`register_columns`); `issues` is `column=code|column=code`, null for a clean row. Names and
-- telephone numbers may stand here and nowhere else: no mart reads these columns.
create table if not exists raw.register_rows (
    submission_id varchar,
    sheet varchar,
    row_no integer,
    c01 varchar,
    c02 varchar,
    c03 varchar,
    c04 varchar,
    c05 varchar,
    c06 varchar,
    c07 varchar,
    c08 varchar,
    c09 varchar,
    c10 varchar,
    c11 varchar,
    c12 varchar,
    c13 varchar,
    c14 varchar,
    c15 varchar,
    c16 varchar,
    c17 varchar,
    c18 varchar,
    c19 varchar,
    c20 varchar,
    issues varchar
);

create table if not exists raw.register_files (
    submission_id varchar,
    form_code varchar,
    form_version varchar,
    row_count integer,
    cell_count integer,
    totals_rows integer,
    headers_json varchar
);

-- Every cell that a register rule finds; the ledger holds one finding per rule and column.
create table if not exists raw.register_findings (
    submission_id varchar,
    rule_id varchar,
    column_code varchar,
    sheet varchar,
    row_no integer,
    cell varchar
);

-- Copies of the ledger, taken anew before each build. No names of persons among them.
create table if not exists raw.submissions (
    submission_id varchar,
    unit_code varchar,
    city_code varchar,
    form_code varchar,
    form_version varchar,
    period_code varchar,
    version integer,
    replaces_version integer,
    file_sha256 varchar,
    file_name varchar,
    channel_kind varchar,
    received_at timestamp,
    first_seen_at timestamp,
    known_from timestamp,
    state_code varchar,
    is_nil_return boolean,
    is_synthetic boolean
);

create table if not exists raw.submission_events (
    submission_id varchar,
    event_order integer,
    verb varchar,
    from_state varchar,
    to_state varchar,
    author varchar,
    effective_at timestamp,
    reason_code varchar,
    reason_text varchar,
    undoes_order integer
);

create table if not exists raw.findings (
    finding_id varchar,
    rule_id varchar,
    rule_version varchar,
    severity_code varchar,
    submission_id varchar,
    unit_code varchar,
    form_code varchar,
    period_code varchar,
    sheet varchar,
    cell varchar,
    element_code varchar,
    value_text varchar,
    expected_text varchar,
    message_zh varchar,
    advice_zh varchar,
    status_code varchar,
    reason_code varchar
);

create table if not exists raw.corrections (
    correction_id varchar,
    submission_id varchar,
    row_code varchar,
    value_column varchar,
    element_code varchar,
    new_number_text varchar,
    state_code varchar,
    proposed_at timestamp,
    approved_at timestamp,
    reason_text varchar
);

create table if not exists raw.arrival_corrections (
    submission_id varchar,
    correction_order integer,
    actual_received_at timestamp,
    decided_at timestamp
);

create table if not exists raw.extensions (
    unit_code varchar,
    form_code varchar,
    period_code varchar,
    extension_order integer,
    extended_to timestamp,
    decided_at timestamp
);

-- Calendars and the run.
create table if not exists raw.periods (
    period_code varchar,
    period_type varchar,
    period_start date,
    period_end date,
    year integer,
    previous_code varchar,
    same_period_last_year_code varchar
);

create table if not exists raw.due_dates (
    form_code varchar,
    form_version varchar,
    city_code varchar,
    period_code varchar,
    due_at timestamp
);

create table if not exists raw.run_context (
    as_of date,
    release_id varchar,
    published_at timestamp,
    software_version varchar,
    definitions_hash varchar,
    is_synthetic boolean,
    kind varchar,
    chain_head varchar
);

create table if not exists raw.revisions (
    from_release varchar,
    to_release varchar,
    table_name varchar,
    key_text varchar,
    column_name varchar,
    old_value varchar,
    new_value varchar,
    reason_code varchar,
    reason_zh varchar
);

create table if not exists raw.official_figures (
    official_release_id varchar,
    city_code varchar,
    report_code varchar,
    official_period_code varchar,
    document_number varchar,
    approved_at timestamp,
    table_name varchar,
    key_text varchar,
    plan_code varchar,
    target_code varchar,
    indicator_code varchar,
    period_code varchar,
    period_type varchar,
    period_start date,
    period_end date,
    official_value varchar,
    revision_document_number varchar,
    revision_reason_zh varchar,
    revised_at timestamp
);

create table if not exists raw.schema_mark (ddl_sha256 varchar);
