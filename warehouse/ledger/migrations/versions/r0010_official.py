"""Official releases: what is proposed, what is decided, and which of their figures are revised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_official"
down_revision = "0009_queue"

_TABLES = (
    "official_proposals",
    "official_decisions",
    "official_revisions",
    "official_revision_figures",
)


def upgrade() -> None:
    _proposals()
    _decisions()
    _revisions()
    for table in _TABLES:
        _refuse_changes(table)


def _proposals() -> None:
    op.create_table(
        "official_proposals",
        sa.Column("proposal_id", sa.String(length=96), nullable=False),
        sa.Column("city_code", sa.String(length=32), nullable=False),
        sa.Column("report_code", sa.String(length=16), nullable=False),
        sa.Column("period_code", sa.String(length=32), nullable=False),
        sa.Column("proposal_order", sa.Integer(), nullable=False),
        sa.Column("base_release_id", sa.String(length=32), nullable=False),
        sa.Column("document_number", sa.String(length=128), nullable=True),
        sa.Column("embargo_until", sa.DateTime(), nullable=True),
        sa.Column("scan_sha256", sa.String(length=64), nullable=True),
        sa.Column("scan_name", sa.Text(), nullable=True),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scan_sha256"], ["files.file_sha256"], name=op.f("fk_official_proposals_scan_sha256")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_official_proposals")),
    )
    op.create_index(
        op.f("ix_official_proposals_city_code"), "official_proposals", ["city_code"], unique=False
    )


def _decisions() -> None:
    op.create_table(
        "official_decisions",
        sa.Column("proposal_id", sa.String(length=96), nullable=False),
        sa.Column("decision_order", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("release_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["official_proposals.proposal_id"],
            name=op.f("fk_official_decisions_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_official_decisions")),
    )


def _revisions() -> None:
    op.create_table(
        "official_revisions",
        sa.Column("from_release_id", sa.String(length=32), nullable=False),
        sa.Column("revision_order", sa.Integer(), nullable=False),
        sa.Column("city_code", sa.String(length=32), nullable=False),
        sa.Column("base_release_id", sa.String(length=32), nullable=False),
        sa.Column("document_number", sa.String(length=128), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "from_release_id", "revision_order", name=op.f("pk_official_revisions")
        ),
    )
    op.create_index(
        op.f("ix_official_revisions_city_code"), "official_revisions", ["city_code"], unique=False
    )
    op.create_table(
        "official_revision_figures",
        sa.Column("from_release_id", sa.String(length=32), nullable=False),
        sa.Column("revision_order", sa.Integer(), nullable=False),
        sa.Column("figure_order", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("key_text", sa.Text(), nullable=False),
        sa.Column("column_name", sa.String(length=64), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=True),
        sa.Column("new_value", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_release_id", "revision_order"],
            ["official_revisions.from_release_id", "official_revisions.revision_order"],
            name=op.f("fk_official_revision_figures_from_release_id"),
        ),
        sa.PrimaryKeyConstraint(
            "from_release_id",
            "revision_order",
            "figure_order",
            name=op.f("pk_official_revision_figures"),
        ),
    )


def _refuse_changes(table: str) -> None:
    """What was recorded is followed by a newer record, never rewritten."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function refuse_change_of_{table}() returns trigger language plpgsql as "
            f"$$ begin raise exception '{table} is append-only'; end $$"
        )
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table} "
            f"for each row execute function refuse_change_of_{table}()"
        )
        return
    for action in ("update", "delete"):
        op.execute(
            f"create trigger {table}_no_{action} before {action} on {table} "
            f"begin select raise(abort, '{table} is append-only'); end"
        )
