"""Standing explanations (长期说明): a rule, unit, form and element, from a period until a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_standing"
down_revision = "0004_extensions"


def upgrade() -> None:
    op.create_table(
        "standing_explanations",
        sa.Column("unit_code", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=32), nullable=False),
        sa.Column("rule_id", sa.String(length=32), nullable=False),
        sa.Column("element_code", sa.String(length=64), nullable=False),
        sa.Column("standing_order", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("from_period_code", sa.String(length=32), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("approved_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.submission_id"],
            name=op.f("fk_standing_explanations_submission_id"),
        ),
        sa.PrimaryKeyConstraint(
            "unit_code",
            "form_code",
            "rule_id",
            "element_code",
            "standing_order",
            name=op.f("pk_standing_explanations"),
        ),
    )
    _refuse_changes()


def _refuse_changes() -> None:
    """An approval is replaced by a newer one, never rewritten."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function refuse_change_of_standing() returns trigger language plpgsql as "
            "$$ begin raise exception 'standing_explanations are append-only'; end $$"
        )
        op.execute(
            "create trigger standing_append_only before update or delete on standing_explanations "
            "for each row execute function refuse_change_of_standing()"
        )
        return
    for action in ("update", "delete"):
        op.execute(
            f"create trigger standing_no_{action} before {action} on standing_explanations "
            "begin select raise(abort, 'standing_explanations are append-only'); end"
        )
