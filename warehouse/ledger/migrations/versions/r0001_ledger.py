"""The ledger as first built; events can be added, never changed or removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("file_sha256", name=op.f("pk_files")),
    )
    op.create_table(
        "leases",
        sa.Column("lease_id", sa.String(length=64), nullable=False),
        sa.Column("lease_name", sa.String(length=32), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_how", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("lease_id", name=op.f("pk_leases")),
    )
    op.create_table(
        "workspace_facts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_workspace_facts")),
    )
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("unit_code", sa.String(length=32), nullable=False),
        sa.Column("city_code", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=32), nullable=True),
        sa.Column("form_version", sa.String(length=32), nullable=True),
        sa.Column("period_code", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("replaces_version", sa.Integer(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("channel_kind", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
        sa.Column("known_from", sa.DateTime(), nullable=False),
        sa.Column("state_code", sa.String(length=32), nullable=False),
        sa.Column("is_nil_return", sa.Boolean(), nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), nullable=False),
        sa.Column("cells_read", sa.Integer(), nullable=False),
        sa.Column("people_json", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["files.file_sha256"], name=op.f("fk_submissions_file_sha256")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submissions")),
    )
    op.create_index(
        "ix_submissions_key",
        "submissions",
        ["unit_code", "form_code", "period_code", "version"],
        unique=True,
    )
    op.create_index(op.f("ix_submissions_state_code"), "submissions", ["state_code"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("correction_id", sa.String(length=176), nullable=False),
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("row_code", sa.String(length=32), nullable=False),
        sa.Column("value_column", sa.String(length=32), nullable=False),
        sa.Column("element_code", sa.String(length=64), nullable=False),
        sa.Column("new_number_text", sa.String(length=64), nullable=False),
        sa.Column("state_code", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=128), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=128), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=False),
        sa.Column("evidence_name", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.Column("approved_at", sa.DateTime(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_sha256"], ["files.file_sha256"], name=op.f("fk_corrections_evidence_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.submission_id"],
            name=op.f("fk_corrections_submission_id"),
        ),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_corrections")),
    )
    op.create_index(
        op.f("ix_corrections_submission_id"), "corrections", ["submission_id"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("event_order", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("from_state", sa.String(length=32), nullable=True),
        sa.Column("to_state", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("effective_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["evidence_sha256"], ["files.file_sha256"], name=op.f("fk_events_evidence_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name=op.f("fk_events_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", "event_order", name=op.f("pk_events")),
    )
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.String(length=64), nullable=False),
        sa.Column("rule_id", sa.String(length=32), nullable=False),
        sa.Column("rule_version", sa.String(length=16), nullable=True),
        sa.Column("severity_code", sa.String(length=16), nullable=False),
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("unit_code", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=32), nullable=True),
        sa.Column("period_code", sa.String(length=32), nullable=True),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("cell", sa.String(length=16), nullable=True),
        sa.Column("element_code", sa.String(length=64), nullable=True),
        sa.Column("value_text", sa.Text(), nullable=True),
        sa.Column("expected_text", sa.Text(), nullable=True),
        sa.Column("message_zh", sa.Text(), nullable=False),
        sa.Column("advice_zh", sa.Text(), nullable=True),
        sa.Column("status_code", sa.String(length=16), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name=op.f("fk_findings_submission_id")
        ),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_submission_id"), "findings", ["submission_id"], unique=False)
    _refuse_changes_of_events()


def _refuse_changes_of_events() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function refuse_change_of_events() returns trigger language plpgsql as "
            "$$ begin raise exception 'events are append-only'; end $$"
        )
        op.execute(
            "create trigger events_append_only before update or delete on events "
            "for each row execute function refuse_change_of_events()"
        )
        return
    for action in ("update", "delete"):
        op.execute(
            f"create trigger events_no_{action} before {action} on events "
            "begin select raise(abort, 'events are append-only'); end"
        )
