"""Deadlines put off by a decision: a unit, form and period, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_extensions"
down_revision = "0003_several_forms"


def upgrade() -> None:
    op.create_table(
        "extensions",
        sa.Column("unit_code", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=32), nullable=False),
        sa.Column("period_code", sa.String(length=32), nullable=False),
        sa.Column("extension_order", sa.Integer(), nullable=False),
        sa.Column("extended_to", sa.DateTime(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "unit_code",
            "form_code",
            "period_code",
            "extension_order",
            name=op.f("pk_extensions"),
        ),
    )
    _refuse_changes()


def _refuse_changes() -> None:
    """A deadline is decided anew, never rewritten."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function refuse_change_of_extensions() returns trigger language plpgsql as "
            "$$ begin raise exception 'extensions are append-only'; end $$"
        )
        op.execute(
            "create trigger extensions_append_only before update or delete on extensions "
            "for each row execute function refuse_change_of_extensions()"
        )
        return
    for action in ("update", "delete"):
        op.execute(
            f"create trigger extensions_no_{action} before {action} on extensions "
            "begin select raise(abort, 'extensions are append-only'); end"
        )
