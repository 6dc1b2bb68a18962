"""What channels brought: markers of far objects, arrivals, and the recorded times of handing in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_channels"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "fetch_markers",
        sa.Column("place", sa.String(length=512), nullable=False),
        sa.Column("far_id", sa.String(length=512), nullable=False),
        sa.Column("marked_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("place", "far_id", name=op.f("pk_fetch_markers")),
    )
    op.create_table(
        "arrivals",
        sa.Column("arrival_id", sa.String(length=16), nullable=False),
        sa.Column("channel_kind", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=512), nullable=False),
        sa.Column("far_id", sa.String(length=512), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("unit_code", sa.String(length=32), nullable=True),
        sa.Column("city_code", sa.String(length=32), nullable=True),
        sa.Column("is_evidence", sa.Boolean(), nullable=False),
        sa.Column("state_code", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("proposed_unit_code", sa.String(length=32), nullable=True),
        sa.Column("proposal_note_zh", sa.Text(), nullable=True),
        sa.Column("form_code", sa.String(length=32), nullable=True),
        sa.Column("period_code", sa.String(length=32), nullable=True),
        sa.Column("submission_id", sa.String(length=160), nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["files.file_sha256"], name=op.f("fk_arrivals_file_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name=op.f("fk_arrivals_submission_id")
        ),
        sa.PrimaryKeyConstraint("arrival_id", name=op.f("pk_arrivals")),
    )
    op.create_index("ix_arrivals_object", "arrivals", ["place", "far_id", "part"], unique=True)
    op.create_index(op.f("ix_arrivals_state_code"), "arrivals", ["state_code"], unique=False)
    op.create_index(op.f("ix_arrivals_submission_id"), "arrivals", ["submission_id"], unique=False)
    op.create_table(
        "arrival_corrections",
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("correction_order", sa.Integer(), nullable=False),
        sa.Column("actual_received_at", sa.DateTime(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=False),
        sa.Column("evidence_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.submission_id"],
            name=op.f("fk_arrival_corrections_submission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_sha256"],
            ["files.file_sha256"],
            name=op.f("fk_arrival_corrections_evidence_sha256"),
        ),
        sa.PrimaryKeyConstraint(
            "submission_id", "correction_order", name=op.f("pk_arrival_corrections")
        ),
    )
    _refuse_changes()


def _refuse_changes() -> None:
    """A recorded time is decided anew, never rewritten."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function refuse_change_of_arrival_corrections() returns trigger "
            "language plpgsql as $$ begin "
            "raise exception 'arrival corrections are append-only'; end $$"
        )
        op.execute(
            "create trigger arrival_corrections_append_only before update or delete "
            "on arrival_corrections "
            "for each row execute function refuse_change_of_arrival_corrections()"
        )
        return
    for action in ("update", "delete"):
        op.execute(
            f"create trigger arrival_corrections_no_{action} before {action} "
            "on arrival_corrections "
            "begin select raise(abort, 'arrival corrections are append-only'); end"
        )
