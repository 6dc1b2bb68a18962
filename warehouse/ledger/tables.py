"""The ledger's tables as SQLAlchemy Core objects; migrations create exactly these.

What is not here: values and cells (the private warehouse) and bytes (`raw/`).
Business times are naive Asia/Shanghai; `recorded_at` is the technical clock's.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

HEAD = "0010_official"
"""The schema revision this software needs."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

workspace_facts = Table(
    "workspace_facts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("lease_id", String(64), primary_key=True),
    Column("lease_name", String(32), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("ended_how", String(16)),  # finished | failed | taken_over
)

files = Table(
    "files",
    metadata,
    Column("file_sha256", String(64), primary_key=True),
    Column("size_bytes", Integer, nullable=False),
    Column("stored_at", DateTime, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("submission_id", String(160), primary_key=True),
    Column("unit_code", String(32), nullable=False),
    Column("city_code", String(32), nullable=False),
    Column("form_code", String(32)),
    Column("form_version", String(32)),
    Column("period_code", String(32)),
    Column("version", Integer),
    Column("replaces_version", Integer),
    Column("file_sha256", String(64), ForeignKey("files.file_sha256"), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("channel_kind", String(32), nullable=False),
    Column("received_at", DateTime, nullable=False),
    Column("first_seen_at", DateTime, nullable=False),
    Column("known_from", DateTime, nullable=False),
    Column("state_code", String(32), nullable=False, index=True),
    Column("is_nil_return", Boolean, nullable=False),
    Column("is_synthetic", Boolean, nullable=False),
    Column("cells_read", Integer, nullable=False),
    Column("people_json", Text),
    Column("archive_sha256", String(64)),
    Column("form_sheet", Text),
    Column("entered_by", String(128)),  # who entered it on behalf of the unit (代录)
    Column("confirmed_by", String(128)),  # the unit's account that confirmed what was entered
    Column("confirmed_at", DateTime),
    Index("ix_submissions_key", "unit_code", "form_code", "period_code", "version", unique=True),
)

events = Table(
    "events",
    metadata,
    Column("submission_id", ForeignKey("submissions.submission_id"), primary_key=True),
    Column("event_order", Integer, primary_key=True),
    Column("verb", String(16), nullable=False),
    Column("from_state", String(32)),
    Column("to_state", String(32), nullable=False),
    Column("author", String(128), nullable=False),
    Column("effective_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_code", String(64)),
    Column("reason_text", Text),
    Column("evidence_sha256", String(64), ForeignKey("files.file_sha256")),
    Column("undoes_order", Integer),  # of an `undo`: the event it takes back
)

finding_moves = Table(
    "finding_moves",
    metadata,
    Column("submission_id", String(160), primary_key=True),
    Column("event_order", Integer, primary_key=True),
    Column("finding_id", String(64), primary_key=True),
    Column("from_status", String(16), nullable=False),
    Column("to_status", String(16), nullable=False),
    Column("from_reason_code", String(64)),
    Column("from_reason_text", Text),
    Column("from_decided_by", String(128)),
    Column("from_decided_at", DateTime),
    ForeignKeyConstraint(
        ["submission_id", "event_order"], ["events.submission_id", "events.event_order"]
    ),
    Index("ix_finding_moves_finding_id", "finding_id"),
)

findings = Table(
    "findings",
    metadata,
    Column("finding_id", String(64), primary_key=True),
    Column("rule_id", String(32), nullable=False),
    Column("rule_version", String(16)),
    Column("severity_code", String(16), nullable=False),
    Column("submission_id", ForeignKey("submissions.submission_id"), nullable=False, index=True),
    Column("unit_code", String(32), nullable=False),
    Column("form_code", String(32)),
    Column("period_code", String(32)),
    Column("sheet", Text),
    Column("cell", String(16)),
    Column("element_code", String(64)),
    Column("value_text", Text),
    Column("expected_text", Text),
    Column("message_zh", Text, nullable=False),
    Column("advice_zh", Text),
    Column("status_code", String(16), nullable=False, index=True),
    Column("reason_code", String(64)),
    Column("reason_text", Text),
    Column("decided_by", String(128)),
    Column("decided_at", DateTime),
    Index("ix_findings_queue", "status_code", "submission_id", "severity_code", "rule_id"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("correction_id", String(176), primary_key=True),
    Column("submission_id", ForeignKey("submissions.submission_id"), nullable=False, index=True),
    Column("row_code", String(32), nullable=False),
    Column("value_column", String(32), nullable=False),
    Column("element_code", String(64), nullable=False),
    Column("new_number_text", String(64), nullable=False),
    Column("state_code", String(16), nullable=False),
    # proposed | approved | rejected | cancelled
    Column("proposed_by", String(128), nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("confirmed_by", String(128)),  # who of the reporting unit; None while nobody has
    Column("confirmed_at", DateTime),
    Column("confirmation_code", String(16)),  # account | sealed_sheet
    Column("evidence_sha256", String(64), ForeignKey("files.file_sha256"), nullable=False),
    Column("evidence_name", Text, nullable=False),
    Column("decided_by", String(128)),
    Column("approved_at", DateTime),
    Column("reason_text", Text, nullable=False),
)

closings = Table(
    "closings",
    metadata,
    Column("city_code", String(32), primary_key=True),
    Column("form_code", String(32), primary_key=True),
    Column("period_code", String(32), primary_key=True),
    Column("closing_order", Integer, primary_key=True),
    Column("verb", String(16), nullable=False),  # close | reopen
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text),
    Column("release_name", Text),  # of a reopening: the named release it enters
)

chain = Table(
    "chain",
    metadata,
    Column("chain_order", Integer, primary_key=True, autoincrement=False),
    Column("table_name", String(32), nullable=False),
    Column("key_text", String(512), nullable=False),
    Column("row_sha256", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Index("ix_chain_key", "table_name", "key_text", unique=True),
)
"""One entry per row of every append-only table, each sealed with the hash of the one before."""

fetch_markers = Table(
    "fetch_markers",
    metadata,
    Column("place", String(512), primary_key=True),
    Column("far_id", String(512), primary_key=True),
    Column("marked_at", DateTime, nullable=False),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("arrival_id", String(16), primary_key=True),
    Column("channel_kind", String(32), nullable=False),
    Column("place", String(512), nullable=False),
    Column("far_id", String(512), nullable=False),
    Column("part", String(32), nullable=False),
    Column("file_sha256", String(64), ForeignKey("files.file_sha256"), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sender", Text),
    Column("unit_code", String(32)),
    Column("city_code", String(32)),
    Column("is_evidence", Boolean, nullable=False),
    Column("entered_by", String(128)),  # who entered it on behalf of the unit (代录)
    Column("state_code", String(16), nullable=False, index=True),
    # kept | unsorted | recorded | evidence | dismissed
    Column("received_at", DateTime, nullable=False),
    Column("first_seen_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("proposed_unit_code", String(32)),
    Column("proposal_note_zh", Text),
    Column("form_code", String(32)),
    Column("period_code", String(32)),
    Column("submission_id", String(160), ForeignKey("submissions.submission_id"), index=True),
    Column("decided_by", String(128)),
    Column("decided_at", DateTime),
    Column("reason_text", Text),
    Index("ix_arrivals_object", "place", "far_id", "part", unique=True),
)

arrival_corrections = Table(
    "arrival_corrections",
    metadata,
    Column("submission_id", ForeignKey("submissions.submission_id"), primary_key=True),
    Column("correction_order", Integer, primary_key=True),
    Column("actual_received_at", DateTime, nullable=False),
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text, nullable=False),
    Column("evidence_sha256", String(64), ForeignKey("files.file_sha256"), nullable=False),
    Column("evidence_name", Text, nullable=False),
)

extensions = Table(
    "extensions",
    metadata,
    Column("unit_code", String(32), primary_key=True),
    Column("form_code", String(32), primary_key=True),
    Column("period_code", String(32), primary_key=True),
    Column("extension_order", Integer, primary_key=True),
    Column("extended_to", DateTime, nullable=False),
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text, nullable=False),
)

standing_explanations = Table(
    "standing_explanations",
    metadata,
    Column("unit_code", String(32), primary_key=True),
    Column("form_code", String(32), primary_key=True),
    Column("rule_id", String(32), primary_key=True),
    Column("element_code", String(64), primary_key=True),
    Column("standing_order", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submissions.submission_id"), nullable=False),
    Column("from_period_code", String(32), nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("author", String(128), nullable=False),
    Column("approved_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text, nullable=False),
)

official_proposals = Table(
    "official_proposals",
    metadata,
    Column("proposal_id", String(96), primary_key=True),
    Column("city_code", String(32), nullable=False, index=True),
    Column("report_code", String(16), nullable=False),
    Column("period_code", String(32), nullable=False),
    Column("proposal_order", Integer, nullable=False),
    Column("base_release_id", String(32), nullable=False),
    Column("document_number", String(128)),  # 文号
    Column("embargo_until", DateTime),  # business time; none: public at once
    Column("scan_sha256", String(64), ForeignKey("files.file_sha256")),
    Column("scan_name", Text),
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text),
)

official_decisions = Table(
    "official_decisions",
    metadata,
    Column("proposal_id", ForeignKey("official_proposals.proposal_id"), primary_key=True),
    Column("decision_order", Integer, nullable=False),  # over all cities, in the order decided
    Column("verb", String(16), nullable=False),  # approve | reject
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text),
    Column("release_id", String(32)),  # of an approval: the official release
)

official_revisions = Table(
    "official_revisions",
    metadata,
    Column("from_release_id", String(32), primary_key=True),
    Column("revision_order", Integer, primary_key=True),
    Column("city_code", String(32), nullable=False, index=True),
    Column("base_release_id", String(32), nullable=False),  # the release that shows the new values
    Column("document_number", String(128), nullable=False),
    Column("reason_text", Text, nullable=False),
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
)

official_revision_figures = Table(
    "official_revision_figures",
    metadata,
    Column("from_release_id", String(32), primary_key=True),
    Column("revision_order", Integer, primary_key=True),
    Column("figure_order", Integer, primary_key=True),
    Column("table_name", String(64), nullable=False),
    Column("key_text", Text, nullable=False),
    Column("column_name", String(64), nullable=False),
    Column("old_value", Text),
    Column("new_value", Text),
    Column("recorded_at", DateTime, nullable=False),
    ForeignKeyConstraint(
        ["from_release_id", "revision_order"],
        ["official_revisions.from_release_id", "official_revisions.revision_order"],
    ),
)
